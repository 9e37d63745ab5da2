"""How tools write the same identifier: case, spaces, national and international phone numbers, zones of timestamps."""

from datetime import UTC, datetime, timedelta, timezone

from gateway.simulation.chance import Dice

_ZONES = {hours: timezone(timedelta(hours=hours)) for hours in range(-12, 15)}


def email(dice: Dice, address: str) -> str:
    """The address as some tool has it: one in eight spells it differently."""
    if not dice.happens(0.12):
        return address
    local, _, domain = address.partition("@")
    return dice.pick((f"{local.title()}@{domain}", f"{local}@{domain.title()}", address.upper(), f" {address} "))


def phone(dice: Dice, number: str) -> str:
    """The E.164 number as some tool has it; only US numbers are ever written without their country code."""
    if dice.happens(0.5):
        return number
    if number.startswith("+1"):
        area, exchange, line = number[2:5], number[5:8], number[8:]
        return dice.pick((f"({area}) {exchange}-{line}", f"{area}-{exchange}-{line}", f"+1 {area} {exchange} {line}"))
    dial, rest = number[:3], number[3:]
    return dice.pick((f"{dial} {rest[:2]} {rest[2:]}", f"{dial}-{rest[:3]}-{rest[3:]}", f"{dial} (0){rest}"))


def moment(at: int, offset_hours: int | None) -> str:
    """Epoch milliseconds as RFC 3339: in UTC, or with the offset of the office that wrote it down."""
    if offset_hours is None:
        return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return datetime.fromtimestamp(at // 1000, _ZONES[offset_hours]).isoformat()

"""What goes wrong between a tool and us: late and repeated emission, and events that are no touchpoints at all."""

from collections.abc import Callable
from typing import Any

import msgspec

from gateway.simulation import spelling
from gateway.simulation.chance import Dice, Weighted
from gateway.simulation.rhythm import DAY, HOUR, MINUTE, SECOND
from gateway.simulation.tools import Tool

DUPLICATE_SHARE = 0.02
BAD_SHARE = 0.005
_HELD_BACK_SHARE = 0.012
_LOST_AND_FOUND_SHARE = 0.0012

Bad = Callable[[Dice, dict[str, Any], int], bytes | None]


def delay_ms(dice: Dice, tool: Tool) -> int:
    """Milliseconds from the occurrence to its emission: usually the tool's own, sometimes days, rarely weeks."""
    if dice.happens(_LOST_AND_FOUND_SHARE):
        return int(dice.uniform(8, 20) * DAY)
    if dice.happens(_HELD_BACK_SHARE):
        return int(min(dice.around(9 * HOUR, 1.2), 6.5 * DAY))
    return int(min(dice.around(tool.delay_ms, tool.spread), 6.5 * DAY))


def repeats(dice: Dice) -> tuple[int, ...]:
    """Milliseconds after which a tool sends the same touchpoint once more: retries, replays, overlapping exports."""
    if not dice.happens(DUPLICATE_SHARE):
        return ()
    again = int(dice.around(dice.pick((2 * SECOND, MINUTE, 3 * HOUR)), 1.0))
    return (again, again + 5 * SECOND) if dice.happens(0.05) else (again,)


def _cut(dice: Dice, touchpoint: dict[str, Any], at: int) -> bytes:
    encoded = msgspec.json.encode(touchpoint)
    return encoded[: len(encoded) // 2 + dice.below(len(encoded) // 3)]


def _not_json(dice: Dice, touchpoint: dict[str, Any], at: int) -> bytes:
    return f"ERROR 502 upstream answered with text/html after {dice.below(30)} s".encode()


def _missing(dice: Dice, touchpoint: dict[str, Any], at: int) -> bytes:
    left_out = dice.pick(("id", "source", "type", "occurred_at", "customer", "direction"))
    return msgspec.json.encode({name: given for name, given in touchpoint.items() if name != left_out})


def _wrong_type(dice: Dice, touchpoint: dict[str, Any], at: int) -> bytes:
    wrong: dict[str, Any] = dice.pick(
        (
            {"occurred_at": "yesterday"},
            {"occurred_at": at // 1000 % 10_000_000},
            {"customer": str(touchpoint.get("customer"))},
            {"direction": "sideways"},
            {"value": {"amount": "twelve", "currency": "EUR"}},
            {"value": {"amount": "1200.00", "currency": "euro"}},
            {"properties": ["automated"]},
            {"type": "Email Opened"},
        )
    )
    return msgspec.json.encode({**touchpoint, **wrong})


def _future(dice: Dice, touchpoint: dict[str, Any], at: int) -> bytes:
    ahead = spelling.moment(at + int(dice.uniform(3, 400) * DAY), None)
    return msgspec.json.encode({**touchpoint, "occurred_at": ahead})


def _unknown_field(dice: Dice, touchpoint: dict[str, Any], at: int) -> bytes:
    name = dice.pick(("ocurred_at", "user_agent", "lead_score", "tenant"))
    return msgspec.json.encode({**touchpoint, name: dice.below(100)})


def _nobody(dice: Dice, touchpoint: dict[str, Any], at: int) -> bytes:
    return msgspec.json.encode({**touchpoint, "customer": {"email": dice.pick(("n/a", "none@", "-"))}})


def _oversized(dice: Dice, touchpoint: dict[str, Any], at: int) -> bytes:
    return msgspec.json.encode({**touchpoint, "properties": {"html": "<td></td>" * 4_500}})


def _null(dice: Dice, touchpoint: dict[str, Any], at: int) -> None:
    return None


_BAD: Weighted[Bad] = Weighted(
    {
        _cut: 18.0, _not_json: 8.0, _missing: 22.0, _wrong_type: 20.0, _future: 10.0,
        _unknown_field: 10.0, _nobody: 6.0, _oversized: 2.0, _null: 4.0,
    }
)  # fmt: skip


def bad_event(dice: Dice, touchpoint: dict[str, Any], at: int, name: str) -> bytes | None:
    """An event that must be rejected, made of a good one under another id; None is a record without a value."""
    return dice.choose(_BAD)(dice, {**touchpoint, "id": name}, at)

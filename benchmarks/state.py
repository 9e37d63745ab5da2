"""`python -m benchmarks.state`: how large state is after 10 and after 1,000 touchpoints, and what is in it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

import msgspec

from benchmarks import machine
from benchmarks.report import Figure, Report
from benchmarks.touchpoints import Volume, records
from gateway.simulation.engine import Simulation
from journey.correction import arrive, begin
from journey.policy.reading import read
from journey.rules import Rules
from journey.state import Journey, pack_head
from journey.touch import Touch
from schemas.settings import DEFAULT_POLICY
from schemas.touchpoint import default_channel
from streams.stored import pack, unpack
from streams.wire import WireTouchpoint, decode, touch_of

Told = Iterator[tuple[str, Touch]]
_UNTIL_MS = 1_760_000_000_000


def measure() -> Report:
    """Fold both kinds of data, one touchpoint at a time, packed and unpacked in between as a worker does."""
    rules = Rules(read(DEFAULT_POLICY.read_text()))
    figures: list[Figure] = []
    for length, volume in ((10, Volume(60_000, 4_000)), (1_000, Volume(50_000, 40))):
        for name, told in (
            ("benchmark's ids", _made(volume, rules)),
            ("UUIDs", _with_uuids(_made(volume, rules))),
            ("simulation", _simulated(rules, length)),
        ):
            figures += _figures(f"{length:,} touchpoints, {name}", list(_at_length(told, length, rules)))
    return Report(
        "state", machine.describe(), datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"), "python -m benchmarks.state",
        figures, {}, ["Bytes of a packed journey, as the value of a record of journey.state; the default policy."],
    )  # fmt: skip


def _figures(name: str, journeys: list[Journey]) -> list[Figure]:
    if not journeys:
        return []
    sizes = sorted(len(pack(journey)) for journey in journeys)
    of_all = Figure(f"{name}: all", "bytes", [float(size) for size in sizes])
    p99 = Figure(f"{name}: all, p99", "bytes", [float(sizes[len(sizes) * 99 // 100])])
    return [of_all, p99, *(
        Figure(f"{name}: {part}", "bytes", [float(size) for size in found])
        for part, found in {
            "head": [len(pack_head(each.head)) for each in journeys],
            "base": [len(each.base) for each in journeys],
            "recents": [len(each.recents.packed) for each in journeys],
            "known": [len(each.known) for each in journeys],
        }.items()
    )]  # fmt: skip


def _at_length(told: Told, length: int, rules: Rules) -> Iterator[Journey]:
    """Journeys as they are at the moment they have so many touchpoints."""
    kept: dict[str, bytes] = {}
    for customer_id, touch in told:
        packed = kept.get(customer_id)
        journey = unpack(packed) if packed else begin(rules)
        seen = journey.head.seen
        arrive(journey, customer_id, [touch], 0, rules)
        kept[customer_id] = pack(journey)
        if seen < length <= journey.head.seen:
            yield journey


def _made(volume: Volume, rules: Rules) -> Told:
    for record in records(volume):
        yield record.customer_id, touch_of(decode(record.value), rules.names_read)


def _with_uuids(told: Told) -> Told:
    for customer_id, touch in told:
        yield customer_id, msgspec.structs.replace(touch, id=str(uuid5(NAMESPACE_URL, touch.id)))


def _simulated(rules: Rules, length: int) -> Told:
    """The simulation's own touchpoints by the strongest identifier they name; 1,000 take longer than its days."""
    if length > 100:
        return
    simulation = Simulation(1, 400, 90, _UNTIL_MS)
    for record in simulation.history():
        if record.bad or record.value is None:
            continue
        said = msgspec.json.decode(record.value)
        customer = said.get("customer") or {}
        whom = customer.get("email") or customer.get("crm_id") or customer.get("anonymous_id")
        if whom:
            said = {"customer_id": whom, "channel": default_channel(said["type"]), **said}
            yield whom, touch_of(msgspec.convert(said, WireTouchpoint, strict=False), rules.names_read)


def main() -> None:
    """Print a table, and write it to benchmarks/results."""
    report = measure()
    report.write()
    print(report.table())


if __name__ == "__main__":
    main()

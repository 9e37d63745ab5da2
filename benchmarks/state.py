"""`python -m benchmarks.state`: how large state is after 10 and after 1,000 touchpoints, and what is in it."""

import time
from collections.abc import Callable, Iterator, Sequence
from random import Random
from string import ascii_lowercase
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import msgspec

from benchmarks.report import Figure, Report
from benchmarks.touchpoints import Volume, records
from gateway.simulation.engine import Simulation
from journey.correction import arrive, begin
from journey.packed import pack_head, pack_journey, unpack_journey
from journey.policy.reading import read
from journey.rules import Rules
from journey.state import Journey
from journey.touch import Touch
from schemas.settings import DEFAULT_POLICY
from schemas.touchpoint import default_channel
from streams.stored import pack, unpack
from streams.touches import touch_of
from streams.wire import WireTouchpoint, decode

Told = Iterator[tuple[str, Touch]]
UNTIL_MS = 1_760_000_000_000


def measure() -> Report:
    """Fold both kinds of data, one touchpoint at a time, packed and unpacked in between as a worker does."""
    rules = Rules(read(DEFAULT_POLICY.read_text()))
    figures: list[Figure] = []
    for length, volume in ((10, Volume(60_000, 4_000)), (1_000, Volume(50_000, 40))):
        # The simulation's journeys end long before 1,000.
        people = 400 if length < 100 else 0
        for name, told in (
            ("benchmark's ids", made(volume, rules)),
            ("UUIDs", with_uuids(made(volume, rules))),
            ("simulation", simulated(Simulation(1, people, 90, UNTIL_MS), rules)),
            ("other words", reworded(simulated(Simulation(1, people, 90, UNTIL_MS), rules))),
        ):
            figures += _figures(f"{length:,} touchpoints, {name}", list(at_length(told, length, rules)))
    notes = [
        "Bytes of a packed journey, as the value of a record of journey.state; the default policy. Its parts are given "
        "as they are before compression. The dictionary is trained on other seeds.",
        "Other words: the simulation with every campaign and content in words that the dictionary does not know.",
    ]
    return Report(
        "state",
        "python -m benchmarks.state",
        figures, [], notes,
    )  # fmt: skip


def _figures(name: str, journeys: list[Journey]) -> list[Figure]:
    if not journeys:
        return []
    sizes = sorted(len(pack(journey)) for journey in journeys)
    of_all = Figure(f"{name}: all", "bytes", [float(size) for size in sizes])
    p99 = Figure(f"{name}: all, p99", "bytes", [float(sizes[len(sizes) * 99 // 100])])
    values = [pack(journey) for journey in journeys]
    return [of_all, p99, pace(f"{name}: pack", pack, journeys), pace(f"{name}: unpack", unpack, values), *(
        Figure(f"{name}: {part}", "bytes", [float(size) for size in found])
        for part, found in {
            "head": [len(pack_head(each.head)) for each in journeys],
            "base": [len(each.base) for each in journeys],
            "recents": [len(each.recents.packed) for each in journeys],
            "known": [len(each.known) for each in journeys],
        }.items()
    )]  # fmt: skip


def pace(name: str, what: Callable[[Any], object], given: Sequence[Any]) -> Figure:
    """Microseconds for one, five times over."""
    figure = Figure(name, "µs")
    for _ in range(5):
        started = time.perf_counter()
        for one in given:
            what(one)
        figure.values.append((time.perf_counter() - started) / len(given) * 1e6)
    return figure


def grown(told: Told, rules: Rules) -> Iterator[Journey]:
    """Every journey after every touchpoint of it that is no duplicate, packed and unpacked in between."""
    kept: dict[str, bytes] = {}
    for customer_id, touch in told:
        packed = kept.get(customer_id)
        journey = unpack_journey(packed) if packed else begin(rules)
        seen = journey.head.seen
        arrive(journey, customer_id, [touch], 0, rules)
        kept[customer_id] = pack_journey(journey)
        if journey.head.seen > seen:
            yield journey


def at_length(told: Told, length: int, rules: Rules) -> Iterator[Journey]:
    """Journeys as they are at the moment they have so many touchpoints."""
    return (journey for journey in grown(told, rules) if journey.head.seen == length)


def made(volume: Volume, rules: Rules) -> Told:
    """The benchmarks' touchpoints."""
    for record in records(volume):
        yield record.customer_id, touch_of(decode(record.value), rules.names_read)


def with_uuids(told: Told) -> Told:
    """The same under ids that nothing foretells."""
    for customer_id, touch in told:
        yield customer_id, touch.but(id=str(uuid5(NAMESPACE_URL, touch.id)))


def simulated(simulation: Simulation, rules: Rules) -> Told:
    """A simulation's touchpoints by the strongest identifier they name."""
    for record in simulation.history():
        if record.bad or record.value is None:
            continue
        said = msgspec.json.decode(record.value)
        customer = said.get("customer") or {}
        whom = customer.get("email") or customer.get("crm_id") or customer.get("anonymous_id")
        if whom:
            said = {"customer_id": whom, "channel": default_channel(said["type"]), **said}
            yield whom, touch_of(msgspec.convert(said, WireTouchpoint, strict=False), rules.names_read)


def reworded(told: Told) -> Told:
    """The same with campaigns and content in words of no language, as long as theirs."""
    for customer_id, touch in told:
        yield customer_id, touch.but(campaign=_other_words(touch.campaign), content=_other_words(touch.content))


def _other_words(text: str | None) -> str | None:
    if text is None:
        return None
    random = Random(text)
    return "".join(random.choice(ascii_lowercase) if each.isalnum() else each for each in text)


def main() -> None:
    """Print a table, and write it to benchmarks/results."""
    report = measure()
    report.write()
    print(report.table())


if __name__ == "__main__":
    main()

"""`python -m benchmarks.sweep`: what time alone costs where a partition has very many customers."""

import argparse
import gc
import resource
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from benchmarks.report import Figure, Report
from benchmarks.touchpoints import BEGINS_MS, DAY_MS
from journey.correction import arrive, begin
from journey.identity import customer_id_of
from journey.policy.reading import read
from journey.rules import Rules
from journey.touch import Touch
from schemas.settings import DEFAULT_POLICY
from streams.effects import Effects
from streams.journeys import JourneyStage
from streams.stored import pack

_HOURS = 30 * 24


class _Record(NamedTuple):
    key: bytes
    value: bytes


def measure(customers: int, due: int) -> Report:
    """One partition with all customers, of whom `due` are due on one day and the others half a year later."""
    rules = Rules(read(DEFAULT_POLICY.read_text()))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    stage = JourneyStage(rules, 0, 1)
    stage.restore(_records(customers, due, rules))
    gc.collect()
    gc.freeze()
    restored = _milliseconds(lambda: stage.restored(BEGINS_MS))
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    nothing = _milliseconds(lambda: stage.sweep(BEGINS_MS + DAY_MS, BEGINS_MS + DAY_MS))
    # As in life: some were touched since, and are due later than where the schedule has them.
    hence = BEGINS_MS + 50 * DAY_MS
    moved = Effects()
    moved.state.update((record.key.decode(), record.value) for record in _records(due, due, rules, hence))
    stage.settle(moved)
    looking, found = _sweep(stage, hence)
    assert not found
    slices, swept = _sweep(stage, BEGINS_MS + 120 * DAY_MS)
    return Report(
        "sweep",
        "python -m benchmarks.sweep",
        [
            Figure("building the schedule", "ms", [restored]),
            Figure("a sweep with nothing due", "µs", [nothing * 1000]),
            Figure(f"a sweep with {swept:,} due, folding and settling them", "ms", [sum(slices)]),
            Figure("a slice of it, median and longest", "ms", slices),
            Figure(f"a sweep that reaches {due:,} who are due later after all", "ms", [sum(looking)]),
            Figure("a slice of that, median and longest", "ms", looking),
            Figure("memory, journeys and schedule", "bytes/customer", [memory / customers]),
        ],
        [], [f"{customers:,} customers in one partition, one touchpoint each; nothing is committed to Kafka."],
    )  # fmt: skip


def _sweep(stage: JourneyStage, now: int) -> tuple[list[float], int]:
    """Everything due by now: the milliseconds of each slice, and how many customers it changed."""
    slices, swept = list[float](), 0
    while True:
        started = time.process_time()
        effects = stage.sweep(now, now)
        if effects is not None:
            stage.settle(effects)
        slices.append((time.process_time() - started) * 1000)
        if effects is None:
            return slices, swept
        swept += len(effects.state)


def _records(customers: int, due: int, rules: Rules, first: int = BEGINS_MS) -> Iterator[_Record]:
    """The same journeys under as many ids: those due alike, the others at every hour of a month from half a year on."""
    values = []
    for at in (first, *(BEGINS_MS + 180 * DAY_MS + hour * DAY_MS // 24 for hour in range(_HOURS))):
        journey = begin(rules)
        one = Touch(at, "website", "page-1", "trial.started", "marketing", "inbound", "web")
        arrive(journey, "c", [one], 0, rules)
        values.append(pack(journey))
    for number in range(customers):
        customer_id = customer_id_of("email", f"person-{number}@example.com")
        yield _Record(customer_id.encode(), bytes(bytearray(values[1 + number % _HOURS if number >= due else 0])))


def _milliseconds(what: Callable[[], object]) -> float:
    started = time.process_time()
    what()
    return (time.process_time() - started) * 1000


def main() -> None:
    """Print a table, and write it to benchmarks/results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sweep", description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--due", type=int, default=10_000, metavar="N")
    report = measure(**vars(parser.parse_args()))
    report.write()
    print(report.table())


if __name__ == "__main__":
    main()

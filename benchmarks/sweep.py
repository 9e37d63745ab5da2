"""`python -m benchmarks.sweep`: what time alone costs where a partition has very many customers."""

import argparse
import gc
import resource
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from benchmarks import machine
from benchmarks.report import Figure, Report
from benchmarks.touchpoints import BEGINS_MS, DAY_MS
from journey.correction import arrive, begin
from journey.identity import customer_id_of
from journey.policy.reading import read
from journey.rules import Rules
from journey.touch import Touch
from schemas.settings import DEFAULT_POLICY
from streams.journeys import JourneyStage
from streams.stored import pack

_MIB = 1024 * 1024


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
    now, slices, swept = BEGINS_MS + 60 * DAY_MS, list[float](), 0
    while True:
        started = time.perf_counter()
        effects = stage.sweep(now, now)
        if effects is not None:
            stage.settle(effects)
        slices.append((time.perf_counter() - started) * 1000)
        if effects is None:
            break
        swept += len(effects.state)
    return Report(
        "sweep", machine.describe(), datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"), "python -m benchmarks.sweep",
        [
            Figure("building the schedule", "ms", [restored]),
            Figure("a sweep with nothing due", "µs", [nothing * 1000]),
            Figure(f"a sweep with {swept:,} due, folding and settling them", "ms", [sum(slices)]),
            Figure("a slice of it, median and longest", "ms", slices),
            Figure("memory, journeys and schedule", "bytes/customer", [memory / customers]),
        ],
        {}, [f"{customers:,} customers in one partition, one touchpoint each; nothing is committed to Kafka."],
    )  # fmt: skip


def _records(customers: int, due: int, rules: Rules) -> Iterator[_Record]:
    """The same two journeys under as many ids: what is measured does not unpack those that are not due."""
    values = []
    for at in (BEGINS_MS, BEGINS_MS + 180 * DAY_MS):
        journey = begin(rules)
        one = Touch(at, "website", "page-1", "trial.started", "marketing", "inbound", "web")
        arrive(journey, "c", [one], 0, rules)
        values.append(pack(journey))
    for number in range(customers):
        customer_id = customer_id_of("email", f"person-{number}@example.com")
        yield _Record(customer_id.encode(), bytes(bytearray(values[number >= due])))


def _milliseconds(what: Callable[[], object]) -> float:
    started = time.perf_counter()
    what()
    return (time.perf_counter() - started) * 1000


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

"""`python -m benchmarks.growth`: what a touchpoint, a customer, a restore and a sweep cost as customers become more.

One partition's journey stage in a process of its own for each size, without Kafka: what grows would grow here.
"""

import argparse
import gc
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import islice
from random import Random
from statistics import median

from benchmarks import curves, machine
from benchmarks.kinds import PHASES
from benchmarks.loading import Placed
from benchmarks.process import ROOT
from benchmarks.report import Figure, Report
from benchmarks.state import at_length, made
from benchmarks.telling import say
from benchmarks.touchpoints import BEGINS_MS, DAY_MS, Volume, moment
from journey.policy.reading import read
from journey.rules import Rules
from schemas import topic
from schemas.settings import DEFAULT_POLICY
from streams.journeys import JourneyStage
from streams.stored import pack

CUSTOMERS, LENGTHS = (10_000, 100_000, 1_000_000, 5_000_000), (1, 10, 100)
# Data in which enough customers have so many touchpoints.
_GROWN_IN = {1: Volume(4_000, 2_000), 10: Volume(30_000, 2_000), 100: Volume(40_000, 250)}
_JOURNEYS = 200
_CHUNK, _CHUNKS, _WARM_CHUNKS = 800, 12, 2
_SWEPT = 5_000
_NEWEST_MS, _NOW_MS = BEGINS_MS + 70 * DAY_MS, BEGINS_MS + 91 * DAY_MS
_LATER_MS = _NOW_MS + 30 * DAY_MS
_MEASURES = (
    ("a touchpoint", "µs of processor time", "touchpoint_us"),
    ("a customer in memory", "bytes", "customer_bytes"),
    ("restoring a customer", "µs of processor time", "restore_us"),
    ("sweeping a customer who is due", "µs of processor time", "sweep_us"),
)


def cell(customers: int, length: int) -> dict[str, float]:
    """All measures of one size, taken in this process."""
    rules = Rules(read(DEFAULT_POLICY.read_text()))
    grown = at_length(made(_GROWN_IN[length], rules), length, rules)
    values = [pack(each) for each in islice((each for each in grown if each.head.last > _NEWEST_MS), _JOURNEYS)]
    chunks = list(_chunks(customers))
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    before = _resident()
    stage = JourneyStage(rules, 0, 1)
    started = time.process_time()
    stage.restore(_state(customers, values))
    stage.restored(_NOW_MS)
    restored = time.process_time() - started
    memory = _resident() - before
    spent = []
    for chunk in chunks:
        started = time.process_time()
        stage.settle(stage.fold(chunk, _NOW_MS))
        spent.append((time.process_time() - started) / len(chunk))
    return {
        "touchpoint_us": median(spent[_WARM_CHUNKS:]) * 1e6,
        "customer_bytes": memory / customers,
        "restore_us": restored / customers * 1e6,
        "sweep_us": _sweep(stage) * 1e6,
    }


def _chunks(customers: int) -> Iterator[list[Placed]]:
    """One more touchpoint of each of many customers, now. None has two: a second one soon after is had for less."""
    random = Random(1)
    drawn = random.sample(range(customers), _CHUNK * _CHUNKS)
    kinds = [kind for phase in PHASES for kind in phase]
    for number in range(_CHUNKS):
        chunk = []
        for offset, customer in enumerate(drawn[number * _CHUNK : (number + 1) * _CHUNK]):
            at, kind = moment(_NOW_MS + number * 3_600_000 + offset), random.choice(kinds)
            value = (
                f'{{"schema_version":1,"customer_id":"{_id(customer)}","received_at":"{at}","origin":"o",'
                f'"id":"{number}-{offset}","source":"{kind.source}","occurred_at":"{at}",{kind.fields}}}'
            )
            key = _id(customer).encode()
            chunk.append(Placed(topic.TOUCHPOINTS, 0, key, value.encode(), number * _CHUNK + offset))
        yield chunk


def _state(customers: int, values: list[bytes]) -> Iterator[Placed]:
    for customer in range(customers):
        # A copy of its own: shared bytes would cost no memory.
        yield Placed(topic.STATE, 0, _id(customer).encode(), bytes(bytearray(values[customer % len(values)])))


def _id(customer: int) -> str:
    name = f"{(customer + 1) * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128:032x}"
    return f"{name[:8]}-{name[8:12]}-{name[12:16]}-{name[16:20]}-{name[20:]}"


def _sweep(stage: JourneyStage) -> float:
    """Seconds for each of the first few thousand who are due a month later."""
    swept, started = 0, time.process_time()
    while swept < _SWEPT and (effects := stage.sweep(_LATER_MS, _LATER_MS)) is not None:
        stage.settle(effects)
        swept += len(effects.state)
    return (time.process_time() - started) / max(1, swept)


def _resident() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measure(sizes: tuple[int, ...], repetitions: int) -> Report:
    """Every size and length in turns; writes the picture beside the report."""
    figures: dict[tuple[str, int, int], Figure] = {}
    for _ in range(repetitions):
        for length in LENGTHS:
            for customers in sizes:
                command = [sys.executable, "-m", "benchmarks.growth", "--cell", str(customers), str(length)]
                said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
                found = json.loads(said)
                say(f"{customers:,} customers, {length} touchpoints each: {found}")
                for name, unit, key in _MEASURES:
                    label = f"{name}: {customers:,} customers of {length}"
                    figures.setdefault((key, length, customers), Figure(label, unit)).values.append(found[key])
    curves.draw(
        [
            (
                name,
                unit,
                {length: [(size, figures[key, length, size].spread[1]) for size in sizes] for length in LENGTHS},
            )
            for name, unit, key in _MEASURES
        ]
    )
    return Report(
        "growth",
        f"python -m benchmarks.growth --repetitions {repetitions}",
        [figures[key] for key in sorted(figures, key=lambda key: [each[2] for each in _MEASURES].index(key[0]))], [],
        [
            "The journey stage of one partition with so many customers of so many touchpoints each: journeys of the "
            f"benchmarks' data under other ids. Nothing of Kafka is in it. The rules are {machine.rules()}.",
            f"A touchpoint: the first for weeks of each of {_CHUNK * _CHUNKS:,} customers, in chunks of {_CHUNK:,}.",
            f"A sweep, a month later: the first {_SWEPT:,} of those who are due, folded and settled.",
        ],
    )  # fmt: skip


def main() -> None:
    """Print a table, and write it to benchmarks/results and docs/growth.md, with its picture."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--customers", type=int, nargs="+", default=CUSTOMERS, metavar="N")
    parser.add_argument("--repetitions", type=int, default=3, metavar="N")
    parser.add_argument("--cell", type=int, nargs=2, metavar=("N", "LENGTH"), help="only this size, as JSON")
    given = parser.parse_args()
    if given.cell:
        print(json.dumps(cell(*given.cell)))
        return
    report = measure(tuple(given.customers), given.repetitions)
    report.write()
    curves.write_page(report)
    print(report.table())


if __name__ == "__main__":
    main()

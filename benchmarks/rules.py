"""`python -m benchmarks.rules`: the journey stage with the rules compiled to C and run from their sources, in turns."""

import argparse
import gc
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.report import Figure, Report, ratio
from benchmarks.touchpoints import BEGINS_MS, DAY_MS, DAYS, Volume, records
from journey.policy.reading import read
from journey.rules import Rules
from schemas.compiled import is_used
from schemas.settings import DEFAULT_POLICY
from streams.journeys import JourneyStage

_ROOT = Path(__file__).parent.parent
_CHUNK = 8000


class _Record(NamedTuple):
    value: bytes
    offset: int
    key: bytes | None = None
    topic: str = "journey.touchpoints"
    partition: int = 0
    timestamp: int = 0
    headers: tuple[()] = ()


def once(touchpoints: int) -> float:
    """Microseconds of processor time a touchpoint, in this process."""
    stage = JourneyStage(Rules(read(DEFAULT_POLICY.read_text())), 0, 1)
    told = [_Record(each.value, number) for number, each in enumerate(records(Volume(touchpoints, touchpoints // 10)))]
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    started = time.process_time()
    for first in range(0, touchpoints, _CHUNK):
        stage.settle(stage.fold(told[first : first + _CHUNK], BEGINS_MS + DAYS * DAY_MS))
    return (time.process_time() - started) / touchpoints * 1e6


def measure(touchpoints: int, rounds: int) -> Report:
    """Each round in processes of their own, one after the other."""
    if not is_used():
        sys.exit("the rules are not compiled here: `make setup` does it where a C compiler is")
    figures = [Figure("compiled", "µs/touchpoint"), Figure("sources", "µs/touchpoint")]
    for _ in range(rounds):
        for figure, options in zip(figures, ([], ["-X", "rules=sources"]), strict=True):
            figure.values.append(_in_a_process(options, touchpoints))
    compiled, sources = figures
    return Report(
        "rules",
        "python -m benchmarks.rules",
        figures,
        [ratio("processor time, sources / compiled", sources, compiled)],
        [f"{touchpoints:,} touchpoints in chunks of {_CHUNK:,} through the journey stage alone; nothing of Kafka."],
    )  # fmt: skip


def _in_a_process(options: list[str], touchpoints: int) -> float:
    command = [sys.executable, *options, "-m", "benchmarks.rules", "--once", "--touchpoints", str(touchpoints)]
    return float(subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=True).stdout)


def main() -> None:
    """Print a table, and write it to benchmarks/results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rules", description=__doc__)
    parser.add_argument("--touchpoints", type=int, default=200_000, metavar="N")
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--once", action="store_true", help="only in this process, and only the figure")
    given = parser.parse_args()
    if given.once:
        print(once(given.touchpoints))
        return
    report = measure(given.touchpoints, given.rounds)
    report.write()
    print(report.table())


if __name__ == "__main__":
    main()

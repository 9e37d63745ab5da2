"""`python -m benchmarks`: measure, write the results, and show them."""

import argparse
import signal
import sys

from benchmarks import journeys, latency, page, stages
from benchmarks.process import StalledError
from benchmarks.report import Report

_JOURNEYS = "The journey stage"


def main() -> None:
    """The full run writes docs/benchmarks.md and the README's table too; the quick one is for a first look."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure side by side with the peers.")
    parser.add_argument("--quick", action="store_true", help="less data: some four minutes")
    arguments = parser.parse_args()
    # Told to stop, it stops what it started, as on Ctrl-C.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("benchmark ended: told to stop"))
    try:
        sections = _quick() if arguments.quick else _full()
    except (StalledError, TimeoutError, RuntimeError) as error:
        sys.exit(f"benchmark ended: {error}")
    written = [report.write() for _, report in sections]
    if not arguments.quick:
        written += page.write(sections)
    print(sections[0][1].machine)
    for heading, report in sections:
        print(f"\n{heading}\n\n{report.table()}")
    print(f"\nwritten: {', '.join(str(path) for path in written)}", file=sys.stderr)


def _quick() -> list[tuple[str, Report]]:
    return [(_JOURNEYS, journeys.measure(journeys.QUICK, journeys.contending(journeys.QUICK)))]


def _full() -> list[tuple[str, Report]]:
    command = journeys.FULL.command
    return [
        (_JOURNEYS, journeys.measure(journeys.FULL, journeys.contending(journeys.FULL))),
        ("Each stage, and the whole way", stages.measure(command)),
        ("Latency at a steady pace", latency.measure(command)),
    ]


if __name__ == "__main__":
    main()

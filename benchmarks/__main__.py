"""`python -m benchmarks`: measure, write the results, and show them."""

import argparse
import signal
import sys

from benchmarks import journeys, page
from benchmarks.process import StalledError


def main() -> None:
    """The full run writes docs/benchmarks.md and the README's table too; the quick one is for a first look."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure side by side with the peers.")
    parser.add_argument("--quick", action="store_true", help="less data: some four minutes")
    arguments = parser.parse_args()
    # Told to stop, it stops what it started, as on Ctrl-C.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("benchmark ended: told to stop"))
    plan = journeys.QUICK if arguments.quick else journeys.FULL
    try:
        report = journeys.measure(plan, journeys.contending(plan))
    except (StalledError, TimeoutError, RuntimeError) as error:
        sys.exit(f"benchmark ended: {error}")
    written = [report.write()]
    if plan is journeys.FULL:
        written += page.write([("The journey stage", report)])
    print(f"{report.machine}\n\n{report.table()}\n")
    print(f"written: {', '.join(str(path) for path in written)}", file=sys.stderr)


if __name__ == "__main__":
    main()

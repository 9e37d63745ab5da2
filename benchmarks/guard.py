"""`python -m benchmarks.guard --ratio X`: fails where the journey stage is not X times as fast as stock Faust."""

import argparse
import sys

from benchmarks.journeys import OURS, STOCK, Plan, contending, measure
from benchmarks.touchpoints import Volume

_TRIES = 3


def main() -> None:
    """One round, of some dozens of transactions, two more where that does not do: a busy moment is no regression."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.guard", description=__doc__)
    parser.add_argument("--ratio", type=float, required=True, metavar="X")
    wanted: float = parser.parse_args().ratio
    plan = Plan("guard", f"python -m benchmarks.guard --ratio {wanted:g}", Volume(240_000, 24_000), 1, 5_000)
    found = 0.0
    for _ in range(_TRIES):
        report = measure(plan, [each for each in contending(plan) if each.name in (OURS, STOCK)])
        found = max(found, *report.ratios[0].values)
        if found >= wanted:
            print(f"the journey stage is {found:.1f} times as fast as stock Faust: {wanted:g} or more is asked for")
            return
    sys.exit(f"the journey stage is only {found:.1f} times as fast as stock Faust: {wanted:g} is asked for")


if __name__ == "__main__":
    main()

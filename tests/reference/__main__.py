"""`python -m tests.reference --journeys 10000 --seed S`: product against reference, on as many random journeys."""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from time import perf_counter

from tests.reference.agreement import disagreements


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.reference", description=__doc__)
    parser.add_argument("--journeys", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1, help="the first journey's; the others follow")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--show", type=int, default=10, help="how many journeys that differ are told in full")
    given = parser.parse_args()
    seeds = range(given.seed, given.seed + given.journeys)
    touchpoints, differing, began = 0, 0, perf_counter()
    with ProcessPoolExecutor(given.processes) as pool:
        for seed, (count, lines) in zip(seeds, pool.map(disagreements, seeds, chunksize=20), strict=True):
            touchpoints += count
            differing += bool(lines)
            if lines and differing <= given.show:
                print(f"seed {seed}, {count} touchpoints:", *lines, sep="\n  ")
    seconds = perf_counter() - began
    print(f"journeys {given.journeys}  touchpoints {touchpoints}  disagreements {differing}  seconds {seconds:.0f}")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())

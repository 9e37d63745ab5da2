"""`python -m tests.faults --schedules N --seed S`: faults in turn, and a table of what came of them."""

import argparse
import logging
import re
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from functools import partial
from multiprocessing import Pool
from pathlib import Path
from statistics import median

from tests.faults.cells import CELLS
from tests.faults.house import end_when_told, house, neighbours
from tests.faults.schedules import Outcome, run
from tests.faults.traffic import Traffic
from tests.faults.trouble import Cell


def main() -> int:
    """Exit 1 where anything was lost, doubled or diverged; its logs are kept then."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--schedules", type=int, default=0, help="how many; 0 is each cell once")
    parser.add_argument("--seed", type=int, default=1, help="the first schedule's; the others follow")
    parser.add_argument("--cells", default="", help="only cells whose names match this regular expression")
    parser.add_argument("--turns", type=int, default=1, help="take every so many-th of the cells only")
    parser.add_argument("--turn", type=int, default=0, help="which of them: the next number takes the next ones")
    parser.add_argument("--quick", action="store_true", help="only cells that are soon over")
    parser.add_argument("--customers", type=int, default=60, help="customers of one schedule")
    parser.add_argument("--each-house", type=int, default=10, help="schedules in one set of processes")
    parser.add_argument("--at-once", type=int, default=1, help="sets of processes side by side")
    parser.add_argument("--patience", type=float, default=90, help="seconds for everything to be right again")
    given = parser.parse_args()
    end_when_told()
    # The sender's own client, which says of every broker that is gone that it is gone.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    count = given.schedules or len(_cells(given))
    seeds = list(range(given.seed, given.seed + count))
    houses = [seeds[at : at + given.each_house] for at in range(0, count, given.each_house)]
    started = time.monotonic()
    shares = [(houses[lane :: given.at_once], lane, given) for lane in range(given.at_once)]
    with Pool(given.at_once, end_when_told) as pool:
        outcomes = [outcome for found in pool.starmap(_houses, shares, 1) for outcome in found]
    outcomes.sort(key=lambda outcome: outcome.seed)
    print(table(outcomes))
    wrong = [outcome for outcome in outcomes if not outcome.verdict.ok]
    events = sum(outcome.events for outcome in outcomes)
    print(f"{len(outcomes)} schedules, {events:,} events, {time.monotonic() - started:.0f} s, {len(wrong)} went wrong")
    return 1 if wrong else 0


def _houses(shares: list[list[int]], lane: int, given: argparse.Namespace) -> list[Outcome]:
    """One house after the other, each for its seeds."""
    outcomes = []
    for seeds in shares:
        left = seeds
        while left:
            found = _house(left, lane, given)
            outcomes += found
            left = left[len(found) :]
    return outcomes


def _house(seeds: list[int], lane: int, given: argparse.Namespace) -> list[Outcome]:
    folder = Path(tempfile.mkdtemp(prefix="throughline-faults-"))
    outcomes: list[Outcome] = []
    rounds: list[Traffic] = []
    cells = _cells(given)
    of_seed = {seed: cells[(seed - given.seed) % len(cells)] for seed in seeds}
    ports = partial(neighbours, lane=lane, lanes=given.at_once)
    with house(folder, ports, disks=any(cell.disks for cell in of_seed.values())) as built:
        for seed, cell in of_seed.items():
            outcome = run(built, cell, seed, given.customers, rounds, given.patience)
            outcomes.append(outcome)
            _tell(outcome, folder)
            if not outcome.verdict.ok or cell.last:
                # What is wrong stays wrong: the next schedule begins with other parts.
                break
    if all(outcome.verdict.ok for outcome in outcomes):
        shutil.rmtree(folder, ignore_errors=True)
    return outcomes


def _cells(given: argparse.Namespace) -> list[Cell]:
    wanted = [cell for cell in CELLS if re.search(given.cells, cell.name) and (cell.quick or not given.quick)]
    return wanted[given.turn % given.turns :: given.turns]


def _tell(outcome: Outcome, folder: Path) -> None:
    verdict = outcome.verdict
    print(
        f"{outcome.cell}, seed {outcome.seed}: {outcome.events} events, {'right' if verdict.ok else 'WRONG'} after "
        f"{outcome.healed:.1f} s{'' if outcome.reached else ', but the place was never passed'}",
        file=sys.stderr,
        flush=True,
    )
    if outcome.kept:
        print(f"    healed slowly, who held it up: {outcome.kept}", file=sys.stderr)
    if not verdict.ok:
        print(*(f"    {line}" for line in [*outcome.log, *verdict.told, f"logs: {folder}"]), sep="\n", file=sys.stderr)


def table(outcomes: list[Outcome]) -> str:
    """A row for each cell."""
    by_cell: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_cell[outcome.cell].append(outcome)
    lines = [
        "| cell | schedules | came about | events | lost | doubled | diverged | seconds to heal, median | longest |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, found in by_cell.items():
        verdicts, healed = [each.verdict for each in found], [each.healed for each in found]
        lines.append(
            f"| {name} | {len(found)} | {sum(each.reached for each in found)} | {sum(each.events for each in found):,} "
            f"| {sum(each.lost for each in verdicts)} "
            f"| {sum(each.doubled for each in verdicts)} | {sum(each.diverged for each in verdicts)} "
            f"| {median(healed):.1f} | {max(healed):.1f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())

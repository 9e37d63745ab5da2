"""`python -m tests.faults --schedules N --seed S`: faults in turn, and a table of what came of them."""

import argparse
import re
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from statistics import median

from tests.faults.cells import CELLS, Cell
from tests.faults.house import end_when_told, house, neighbours
from tests.faults.schedules import Outcome, run


def main() -> int:
    """Exit 1 where anything was lost, doubled or diverged; its logs are kept then."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--schedules", type=int, default=0, help="how many; 0 is each cell once")
    parser.add_argument("--seed", type=int, default=1, help="the first schedule's; the others follow")
    parser.add_argument("--cells", default="", help="only cells whose names match this regular expression")
    parser.add_argument("--quick", action="store_true", help="only cells that are soon over")
    parser.add_argument("--customers", type=int, default=60, help="customers of one schedule")
    parser.add_argument("--each-house", type=int, default=10, help="schedules in one set of processes")
    parser.add_argument("--patience", type=float, default=90, help="seconds for everything to be right again")
    given = parser.parse_args()
    end_when_told()
    cells = [cell for cell in CELLS if re.search(given.cells, cell.name) and (cell.quick or not given.quick)]
    count = given.schedules or len(cells)
    outcomes: list[Outcome] = []
    started = time.monotonic()
    while len(outcomes) < count:
        seeds = range(given.seed + len(outcomes), given.seed + min(count, len(outcomes) + given.each_house))
        outcomes += _house(seeds, cells, given)
    print(table(outcomes))
    wrong = [outcome for outcome in outcomes if not outcome.verdict.ok]
    events = sum(outcome.events for outcome in outcomes)
    print(f"{len(outcomes)} schedules, {events:,} events, {time.monotonic() - started:.0f} s, {len(wrong)} went wrong")
    return 1 if wrong else 0


def _house(seeds: range, cells: list[Cell], given: argparse.Namespace) -> list[Outcome]:
    folder = Path(tempfile.mkdtemp(prefix="throughline-faults-"))
    outcomes: list[Outcome] = []
    rounds: list[object] = []
    with house(folder, neighbours) as built:
        for seed in seeds:
            cell = cells[(seed - given.seed) % len(cells)]
            outcome = run(built, cell, seed, given.customers, rounds, given.patience)  # type: ignore[arg-type]
            outcomes.append(outcome)
            _tell(outcome, folder)
            if not outcome.verdict.ok:
                # What is wrong stays wrong: the next schedule begins with other parts.
                break
    if all(outcome.verdict.ok for outcome in outcomes):
        shutil.rmtree(folder, ignore_errors=True)
    return outcomes


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

"""How many branches tests took, of a report by coverage: it counts lines and branches together, which hides branches.

    python -m tests.branches REPORT.json LEAST

Prints the share in percent; exit code 1 where it is below LEAST.
"""

import json
import sys
from pathlib import Path


def main(report: str, least: str) -> int:
    totals = json.loads(Path(report).read_text())["totals"]
    taken, all_of_them = totals["covered_branches"], totals["num_branches"]
    percent = 100 * taken / all_of_them
    print(f"branches: {percent:.1f} % ({taken} of {all_of_them})")
    if percent < float(least):
        print(f"branches: {least} % at least are wanted", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

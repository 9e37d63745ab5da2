"""`python -m benchmarks.history`: how fast a simulated history of many customers is loaded into ClickHouse."""

import argparse
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.broker import free_run
from benchmarks.report import Figure, Report
from console.loading.load import Loaded, Plan, load
from deploy.address import with_addresses
from deploy.instance import up
from deploy.part import parts_of
from journey.policy.reading import read
from journey.rules import Rules
from schemas.settings import DEFAULT_POLICY, Settings

UNTIL = datetime(2026, 10, 1, tzinfo=UTC)


def plan_of(customers: int, days: float, waves: int) -> Plan:
    """The same history for the same arguments, whenever it is measured."""
    return Plan(customers, days, 1, int(UNTIL.timestamp() * 1000), waves)


def once(plan: Plan) -> Loaded:
    """Load into an embedded ClickHouse of its own."""
    with tempfile.TemporaryDirectory(prefix="throughline-history-", ignore_cleanup_errors=True) as folder:
        settings = Settings(data=Path(folder), port_base=free_run(10))
        alone = [part for part in parts_of(settings) if part.name == "clickhouse"]
        with up(settings, parts=alone, with_topics=False) as instance:
            rules = Rules(read(DEFAULT_POLICY.read_text()))
            return load(with_addresses(instance.settings), plan, rules)


def measure(plan: Plan, repetitions: int) -> Report:
    """Each time into an empty database."""
    rows, touchpoints = Figure("rows, of all tables", "rows/s"), Figure("touchpoints among them", "touchpoints/s")
    for number in range(repetitions):
        loaded = once(plan)
        rows.values.append(loaded.rows / loaded.seconds)
        touchpoints.values.append(loaded.touchpoints / loaded.seconds)
        print(f"run {number + 1}: {rows.values[-1]:,.0f} rows/s in {loaded.seconds:.0f} s", file=sys.stderr, flush=True)
    return Report(
        "history",
        f"python -m benchmarks.history --customers {plan.customers} --days {plan.days:g} --waves {plan.waves}",
        [rows, touchpoints], [],
        [
            f"{loaded.touchpoints:,} touchpoints of {plan.customers:,} customers, {loaded.rows:,} rows in all tables, "
            "those that materialised views fill among them.",
            f"Some {plan.folded:,} customers are folded by the rules meanwhile, which is part of the time; the others "
            "are namesakes of theirs.",
        ],
    )  # fmt: skip


def main() -> None:
    """Print a table, and write it to benchmarks/results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.history", description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--days", type=float, default=45, metavar="D")
    parser.add_argument("--waves", type=int, default=8, metavar="N")
    parser.add_argument("--repetitions", type=int, default=1, metavar="N")
    given = parser.parse_args()
    report = measure(plan_of(given.customers, given.days, given.waves), given.repetitions)
    report.write()
    print(report.table())


if __name__ == "__main__":
    main()

"""`python -m benchmarks.views`: how long every view's standard question takes, by how many touchpoints there are."""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from pydantic import SecretStr

from benchmarks import views_page
from benchmarks.broker import free_run
from benchmarks.process import cpu_seconds
from benchmarks.report import Figure, Report
from benchmarks.telling import say
from console.analyst import Analyst, analyst_of
from console.loading.load import Plan, load
from console.web.customer import customer_page
from console.web.lifecycle import tracks_of
from console.web.overview import overview
from console.web.search import found_like
from deploy.instance import up
from deploy.part import parts_of
from journey.policy.reading import read
from journey.rules import Rules
from schemas.settings import DEFAULT_POLICY, Run, Settings
from sinks.clickhouse.connection import connect
from sinks.clickhouse.migration import migrate

UNTIL = datetime(2026, 7, 1, tzinfo=UTC)
_GOALS = (
    "Held against: one second for a view's question, 300 ms for one of the console's, 20 ms for one customer's "
    "timeline (`v_touchpoints`), on 2 cores with ten million touchpoints. The dashed line is at one second."
)
# The latest quarter, of history that goes back further: what a report is mostly asked for.
_PERIOD = {"since": UNTIL - timedelta(days=91), "until": UNTIL, "at": UNTIL - timedelta(days=10)}
_IN = "since = {since:DateTime64(3)}, until = {until:DateTime64(3)}"
_TRACK = "track = 'funnel'"
QUESTIONS = {
    "v_touchpoints": "SELECT * FROM v_touchpoints WHERE derived_id = {who:String} ORDER BY occurred_at",
    "v_positions": "SELECT track, stage, owner_team, count() FROM v_positions GROUP BY ALL",
    "v_transitions": "SELECT * FROM v_transitions WHERE customer_id = {who:String} ORDER BY at",
    "v_stalled": "SELECT stage, team, count() FROM v_stalled WHERE status = 'open' GROUP BY ALL",
    "v_overlaps": "SELECT kind, severity, count() FROM v_overlaps WHERE status = 'open' GROUP BY ALL",
    "v_clocks": "SELECT name, state, count() FROM v_clocks GROUP BY ALL",
    "v_handoffs": "SELECT kind, count(), median(latency_ms) FROM v_handoffs GROUP BY kind",
    "v_lead_quality": "SELECT * FROM v_lead_quality",
    "v_funnel": f"SELECT * FROM v_funnel({_TRACK}, {_IN}, within_days = 30, by = 'all')",
    "v_funnel by channel": f"SELECT * FROM v_funnel({_TRACK}, {_IN}, within_days = 30, by = 'channel')",
    "v_funnel by owner": f"SELECT * FROM v_funnel({_TRACK}, {_IN}, within_days = 30, by = 'owner')",
    "v_time_to_convert": f"SELECT * FROM v_time_to_convert({_TRACK}, {_IN})",
    "v_time_in_stage": f"SELECT * FROM v_time_in_stage({_TRACK}, at = {{at:DateTime64(3)}})",
    "v_paths": f"SELECT * FROM v_paths({_TRACK}, {_IN})",
    "v_sla": f"SELECT * FROM v_sla({_IN})",
    "v_speed_to_lead": f"SELECT * FROM v_speed_to_lead({_IN}, routed = 'mql_routed', response = 'first_attempt')",
    "v_overlap_rate": f"SELECT * FROM v_overlap_rate({_IN})",
    "v_lead_rates": f"SELECT * FROM v_lead_rates({_IN}, answer = 'mql_answered')",
    **{
        f"v_attribution {model}": f"SELECT channel, sum(credit) FROM v_attribution({_IN}, model = '{model}') GROUP BY 1"
        for model in ("first", "last", "linear", "position", "w_shaped", "time_decay", "markov")
    },
    "v_campaign_roi": f"SELECT * FROM v_campaign_roi({_IN}, model = 'position', margin = 0.8)",
    "v_cac": f"SELECT * FROM v_cac({_IN}, margin = 0.8, months = 12)",
    "v_content": f"SELECT * FROM v_content({_TRACK}, {_IN}, within_days = 14)",
    "v_field": f"SELECT * FROM v_field({_IN}, within_days = 30)",
    "v_brand": f"SELECT * FROM v_brand({_IN})",
    "v_velocity": f"SELECT * FROM v_velocity({_IN}, by = 'owner')",
    "v_pipeline": "SELECT * FROM v_pipeline",
    "v_sourced": f"SELECT * FROM v_sourced({_IN})",
    "v_quota": "SELECT * FROM v_quota(at = {at:DateTime64(3)})",
    "v_coverage": "SELECT * FROM v_coverage(at = {at:DateTime64(3)})",
    "v_cohorts": f"SELECT * FROM v_cohorts({_IN})",
    "v_freshness": "SELECT * FROM v_freshness",
    "v_stalled_as_of": (
        "SELECT stage, count() FROM v_stalled_as_of(at = {at:DateTime64(3)}, known = now64(3)) GROUP BY 1"
    ),
    "v_positions_as_of": (
        "SELECT track, stage, count() FROM v_positions_as_of(at = {at:DateTime64(3)}, known = now64(3)) GROUP BY ALL"
    ),
    "v_deals_as_of": "SELECT status, count() FROM v_deals_as_of(known = now64(3)) GROUP BY 1",
}


def measure(folders: Sequence[Path], customers: Sequence[int], days: float, waves: int, repetitions: int) -> Report:
    """Each number of customers loaded, merged and asked, in a data directory each; asked alone where one is full."""
    figures, counts = [], []
    for count, folder in zip(customers, folders, strict=True):
        with _loaded(folder, count, days, waves) as run:
            analyst = analyst_of(run)
            touchpoints = int(analyst.ask("SELECT count() AS rows FROM touches FINAL")[0]["rows"])
            counts.append(f"{touchpoints:,}")
            for name, ask in _questions(analyst).items():
                wall = Figure(f"{name}, {touchpoints:,} touchpoints", "ms")
                spent = Figure(wall.name, "ms of processor time")
                for milliseconds, processor in _asked(ask, run.pids["clickhouse"], repetitions):
                    wall.values.append(milliseconds)
                    spent.values.append(processor)
                say(f"{wall.name}: {wall.spread[1]:,.0f} ms, {spent.spread[1]:,.0f} ms of processor time")
                figures += [wall, spent]
            analyst.close()
    return Report(
        "views",
        f"python -m benchmarks.views --customers {','.join(map(str, customers))} --days {days:g} --waves {waves} "
        f"--repetitions {repetitions}",
        figures, [],
        [
            f"Every question {repetitions} times on {' and '.join(counts)} touchpoints, as the analyst over HTTP, one "
            "at a time, after one that is not counted. Periods are the latest quarter.",
            "Processor time is of the whole ClickHouse process, all threads, to the nearest 10 ms: what others do on "
            "the machine lengthens it less than it lengthens the wait.",
            "All parts are merged before: as after a load at night. Parts that wait for a merge cost more.",
        ],
    )  # fmt: skip


@contextmanager
def _loaded(folder: Path, customers: int, days: float, waves: int) -> Iterator[Run]:
    """An instance's ClickHouse with so many customers, merged; with those that it has, where it has any."""
    is_full = (folder / "clickhouse").exists()
    with _opened(folder) as run:
        settings = _settings(folder, run)
        client = connect(settings, seconds=600)
        if not is_full:
            _fill(settings, Plan(customers, days, 1, round(UNTIL.timestamp() * 1000), waves))
        if not is_full or migrate(client):
            for (table,) in client.query("SELECT name FROM system.tables WHERE database = currentDatabase() AND "
                                         "endsWith(engine, 'MergeTree')").result_rows:  # fmt: skip
                client.command(f"OPTIMIZE TABLE {table} FINAL")
        client.close()
        yield run


def _fill(settings: Settings, plan: Plan) -> None:
    rules = Rules(read(settings.policy.read_text()))
    loaded = load(settings, plan, rules)
    say(f"{loaded.touchpoints:,} touchpoints, {loaded.rows / loaded.seconds:,.0f} rows/s")


@contextmanager
def _opened(data: Path) -> Iterator[Run]:
    settings = Settings(data=data, port_base=free_run(10))
    parts = [part for part in parts_of(settings) if part.name == "clickhouse"]
    with up(settings, parts=parts, with_topics=False) as instance:
        yield instance.run


def _settings(data: Path, run: Run) -> Settings:
    """The settings by which the writer reaches a running instance's ClickHouse."""
    clickhouse = run.clickhouse
    return Settings(
        data=data,
        clickhouse_url=clickhouse.url,
        clickhouse_database=clickhouse.database,
        clickhouse_user=clickhouse.user,
        clickhouse_password=SecretStr(clickhouse.password),
    )


def _questions(analyst: Analyst) -> dict[str, Callable[[], object]]:
    """Every view's question, and the console's pages with all that they ask."""
    who = analyst.ask("SELECT customer_id FROM transitions LIMIT 1 OFFSET 1000")[0]["customer_id"]
    named = analyst.ask("SELECT value FROM identifiers WHERE kind = 'email' LIMIT 1 OFFSET 1000")[0]["value"]
    tracks = tracks_of(read(DEFAULT_POLICY.read_text()))
    asked = {**_PERIOD, "who": who}
    return {
        **{name: partial(analyst.table, sql, asked) for name, sql in QUESTIONS.items()},
        "the console's totals": partial(analyst.table, "SELECT * FROM v_totals"),
        "the console's first page": partial(overview, analyst, tracks),
        "the console's customer page": partial(customer_page, analyst, who, tracks, False),
        "the console's search": partial(found_like, analyst, named[:6]),
    }


def _asked(ask: Callable[[], object], pid: int, repetitions: int) -> Iterator[tuple[float, float]]:
    """Milliseconds of each time that a question is asked: on the clock, and of ClickHouse's processor time."""
    for number in range(repetitions + 1):
        started, spent = time.monotonic(), cpu_seconds(pid)
        ask()
        if number:
            yield (time.monotonic() - started) * 1000, (cpu_seconds(pid) - spent) * 1000


def main() -> None:
    """Measure, write benchmarks/results/views.json and docs/report-times.md, and show it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.views", description=__doc__)
    parser.add_argument("--customers", default="100000,1000000", metavar="N,N", help="one load each")
    parser.add_argument("--days", type=float, default=45, metavar="D")
    parser.add_argument("--waves", type=int, default=8, metavar="K")
    parser.add_argument("--repetitions", type=int, default=5, metavar="N")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="leave what is loaded there, and ask it the next time")
    arguments = parser.parse_args()
    customers = [int(one) for one in arguments.customers.split(",")]
    with tempfile.TemporaryDirectory(prefix="throughline-views-", ignore_cleanup_errors=True) as folder:
        folders = [(arguments.keep or Path(folder)) / str(count) for count in customers]
        report = measure(folders, customers, arguments.days, arguments.waves, arguments.repetitions)
    print(f"{report.machine}\n\n{report.table()}")
    say(f"written: {report.write()}")
    views_page.write(report, _GOALS)


if __name__ == "__main__":
    main()

"""`throughline simulate`: touchpoints of both teams, as NDJSON on stdout or, folded, straight into ClickHouse."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime

import click

from console import output
from console.moments import MOMENT
from console.workspace import UnreachableError, Workspace, pass_workspace
from schemas.settings import Settings


@click.command()
@click.option(
    "--customers", type=click.IntRange(1), default=2000, show_default=True, metavar="N", help="How many people."
)
@click.option("--days", type=click.FloatRange(0, min_open=True), default=90, show_default=True, metavar="D")
@click.option("--seed", type=int, default=1, show_default=True, metavar="S", help="The same seed, the same story.")
@click.option(
    "--until", type=MOMENT, metavar="T", help="Where the days end: a time, or `now`. Default: today 00:00 UTC."
)
@click.option(
    "--bad", is_flag=True, help="Also the events that must be rejected; a line `null` is a record without value."
)
@click.option("--load", is_flag=True, help="Fill an empty ClickHouse with them and with all that follows from them.")
@click.option(
    "--waves",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    metavar="K",
    help="With --load: as many simulations, one after the other in time, each of its own people.",
)
@output.json_option
@pass_workspace
def simulate(
    workspace: Workspace,
    customers: int,
    days: float,
    seed: int,
    until: datetime | None,
    bad: bool,
    load: bool,
    waves: int,
    as_json: bool,
) -> None:
    """Write simulated touchpoints of both teams as NDJSON to stdout, in order of arrival.

    The same customers, days, seed and until give the same bytes. Duplicates and late arrivals are part of it.

    With --load, nothing is written: the touchpoints, and every fact and alert that the policy makes of them, go
    straight into ClickHouse, that of a stopped instance or the one that THROUGHLINE_CLICKHOUSE_URL names. Kafka has
    none of it: such a database is for looking, not for going on. Some thousand customers are folded, the others are
    namesakes of theirs, so a million takes a minute or two.

    \b
    Example:
      throughline simulate --customers 200 --days 30 --seed 7 | throughline emit
      throughline --data big simulate --load --customers 1000000 --days 45 --waves 8
    """
    end = until or datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    ends_ms = int(end.timestamp() * 1000)
    if load:
        _load(workspace, customers, days, seed, ends_ms, waves, as_json)
    else:
        _write(customers, days, seed, ends_ms, bad)


def _write(customers: int, days: float, seed: int, until: int, bad: bool) -> None:
    from gateway.simulation import Simulation

    write = sys.stdout.buffer.write
    try:
        for record in Simulation(seed, customers, days, until).history():
            if bad or not record.bad:
                write((record.value or b"null") + b"\n")
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # The reader has enough. Python would complain at exit while it flushes what nobody reads.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _load(workspace: Workspace, customers: int, days: float, seed: int, until: int, waves: int, as_json: bool) -> None:
    from clickhouse_connect.driver.exceptions import Error

    from console.loading.load import NotEmptyError, Plan, load
    from console.starting import settings_of
    from journey.policy.reading import PolicyError, read
    from journey.rules import Rules
    from sinks.clickhouse.connection import reason_of
    from sinks.clickhouse.migration import MigrationRefusedError

    settings = settings_of(workspace)
    if settings.clickhouse_cluster:
        raise click.ClickException("--load fills a single server: unset THROUGHLINE_CLICKHOUSE_CLUSTER")
    try:
        rules = Rules(read(settings.policy.read_text()))
        with _clickhouse(workspace, settings) as reached, output.progress() as bar:
            task = bar.add_task("loading", total=1, note=f"{customers:,} customers")
            plan = Plan(customers, days, seed, until, waves)
            loaded = load(reached, plan, rules, lambda done: bar.update(task, completed=done))
    except (NotEmptyError, MigrationRefusedError, PolicyError) as error:
        raise click.ClickException(str(error)) from None
    except (Error, OSError) as error:
        raise UnreachableError(f"ClickHouse does not take the rows: {reason_of(error)}") from None
    if as_json:
        output.print_json(asdict(loaded))
        return
    output.people().print(
        f"{loaded.touchpoints:,} touchpoints and what follows from them, {loaded.rows:,} rows, "
        f"in {loaded.seconds:,.1f} s: {loaded.rows / loaded.seconds:,.0f} rows/s"
    )


@contextmanager
def _clickhouse(workspace: Workspace, settings: Settings) -> Iterator[Settings]:
    """The settings by which ClickHouse is reached; the embedded one runs for as long as the block does."""
    if settings.clickhouse_url:
        yield settings
        return
    from console.starting import start, stop
    from deploy.address import with_addresses

    instance = start(workspace, False, output.aside(), only=("clickhouse",))
    try:
        yield with_addresses(instance.settings)
    finally:
        stop(instance)

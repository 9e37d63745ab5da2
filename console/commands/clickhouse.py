"""`throughline clickhouse`: the schema brought forward and looked at, and the accounts of a server of one's own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import click

from console import output
from console.workspace import UnreachableError, Workspace, pass_workspace
from schemas.settings import Settings

_SIZES = """
    SELECT table, sum(rows), sum(bytes_on_disk), count() FROM system.parts
    WHERE active AND database = currentDatabase() GROUP BY table ORDER BY 3 DESC
"""
_STYLES = {"run": "good", "to run": "medium"}


@click.group("clickhouse", short_help="The schema of ClickHouse, and its accounts")
def clickhouse() -> None:
    """The schema of ClickHouse: that of a running instance, or the one that THROUGHLINE_CLICKHOUSE_URL names.

    \b
    Example:
      throughline clickhouse status
    """


@clickhouse.command()
@click.option("--print", "to_print", is_flag=True, help="Print every statement instead, and touch nothing.")
@output.json_option
@pass_workspace
def migrate(workspace: Workspace, to_print: bool, as_json: bool) -> None:
    """Bring the database to this program's newest migration; the writer does the same when it starts.

    A writer may be at work meanwhile. Files that were edited after they had been run are refused.
    THROUGHLINE_CLICKHOUSE_CLUSTER names a cluster: the same files make replicated tables on all of its replicas.

    \b
    Example:
      THROUGHLINE_CLICKHOUSE_CLUSTER=main throughline clickhouse migrate --print > schema.sql
    """
    from console.starting import settings_of
    from sinks.clickhouse.migration import MigrationRefusedError, script
    from sinks.clickhouse.migration import migrate as bring_forward

    settings = settings_of(workspace)
    if to_print:
        for statement in script(settings.clickhouse_database, settings.clickhouse_cluster):
            click.echo(f"{statement.strip()};\n")
        return
    with _client(workspace, settings) as client:
        try:
            names = bring_forward(client, cluster=settings.clickhouse_cluster)
        except MigrationRefusedError as error:
            raise click.ClickException(str(error)) from None
    if as_json:
        output.print_json({"run": names})
    else:
        output.people().print(
            "\n".join(f"ran {name}" for name in names) or "nothing to run: the database is up to date"
        )


@clickhouse.command()
@output.json_option
@pass_workspace
@click.pass_context
def status(ctx: click.Context, workspace: Workspace, as_json: bool) -> None:
    """Each migration: run and when, to run, edited since, or unknown to this program; and how large the tables are.

    Exit code 1 where anything is not run.

    \b
    Example:
      throughline clickhouse status --json
    """
    from console.starting import settings_of
    from sinks.clickhouse.migration import standing

    with _client(workspace, settings_of(workspace)) as client:
        stands = standing(client)
        tables = client.query(_SIZES).result_rows if any(each.applied_at for each in stands) else []
    if as_json:
        told = [dict(zip(("table", "rows", "bytes", "parts"), row, strict=True)) for row in tables]
        output.print_json({"migrations": [asdict(each) for each in stands], "tables": told})
    else:
        _show(stands, tables)
    if any(each.state != "run" for each in stands):
        ctx.exit(1)


@clickhouse.command()
@pass_workspace
def grants(workspace: Workspace) -> None:
    """Print the SQL that makes the accounts on a server or cluster of your own: a writer, and read-only analysts.

    Analysts read within limits of time, memory and threads, which their tools may lower, also in readonly mode: that
    takes settings_constraints_replace_previous, which a server's own configuration has switched on.

    \b
    Example:
      throughline clickhouse grants | sed "s/<password of analyst>/.../" > accounts.sql
    """
    from console.starting import settings_of
    from deploy.clickhouse.grants import Accounts
    from deploy.clickhouse.grants import grants as statements

    settings = settings_of(workspace)
    accounts = Accounts(
        settings.clickhouse_database,
        settings.clickhouse_user,
        settings.clickhouse_readonly_user,
        settings.clickhouse_cluster,
    )
    for statement in statements(accounts):
        click.echo(f"{statement};\n")


@clickhouse.command()
@pass_workspace
def reference(workspace: Workspace) -> None:
    """Print every view with its arguments, columns and formulas as Markdown, from the views' own comments.

    \b
    Example:
      throughline clickhouse reference > docs/reference/views.md
    """
    from console.starting import settings_of
    from sinks.clickhouse.reference import page, views

    with _client(workspace, settings_of(workspace)) as client:
        click.echo(page(list(views(client))), nl=False)


@contextmanager
def _client(workspace: Workspace, settings: Settings) -> Iterator[Any]:
    """The writer's client. Raises NoInstanceError, UnreachableError."""
    from clickhouse_connect.driver.exceptions import Error
    from pydantic import SecretStr

    from sinks.clickhouse.connection import MIGRATION_SECONDS, connect, reason_of

    if not settings.clickhouse_url:
        run = workspace.run().clickhouse
        settings = settings.model_copy(
            update={
                "clickhouse_url": run.url,
                "clickhouse_database": run.database,
                "clickhouse_user": run.user,
                "clickhouse_password": SecretStr(run.password),
            }
        )
    try:
        client = connect(settings, seconds=MIGRATION_SECONDS)
        yield client
        client.close()
    except (Error, OSError) as error:
        raise UnreachableError(f"ClickHouse at {settings.clickhouse_url}: {reason_of(error)}") from None


def _show(stands: list[Any], tables: list[Any]) -> None:
    people = output.people()
    shown = output.table("migration", "state", "run at")
    for each in stands:
        state = f"[{_STYLES.get(each.state, 'bad')}]{each.state}[/]"
        shown.add_row(each.name, state, output.clock(each.applied_at))
    people.print(shown)
    if tables:
        people.print()
        sizes = output.table("table", "rows", "MiB", "parts", right=("rows", "MiB", "parts"))
        for name, rows, size, parts in tables:
            sizes.add_row(name, f"{rows:,}", f"{size / 2**20:,.1f}", str(parts))
        people.print(sizes)

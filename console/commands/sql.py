"""`throughline sql`: any question, in SQL, as the read-only analyst."""

import sys
from typing import Any

import click

from console import output
from console.analyst import QuestionError, analyst_for
from console.workspace import Workspace, pass_workspace


@click.command()
@click.argument("query")
@click.option("--limit", default=200, show_default=True, help="Most rows of the table; JSON has all.")
@output.json_option
@pass_workspace
def sql(workspace: Workspace, query: str, limit: int, as_json: bool) -> None:
    """Ask ClickHouse in SQL, as the read-only analyst; `-` reads the query from stdin.

    The views are v_touchpoints, v_positions, v_transitions, v_handoffs, v_owners, v_overlaps, v_clocks, v_stalled,
    v_alerts, v_feedback, v_lead_quality, v_deals, v_rejected, v_corrections, v_too_late, v_rebuilds, v_merges,
    v_identities, v_identity_links, v_identity_conflicts, v_identifiers, v_accounts; `DESCRIBE v_positions`
    shows the columns of one.

    \b
    Example:
      throughline sql "SELECT track, stage, count() FROM v_positions GROUP BY ALL ORDER BY 1, 3 DESC"
    """
    analyst = analyst_for(workspace)
    text = sys.stdin.read() if query == "-" else query
    try:
        columns, rows = analyst.table(text)
    except QuestionError as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        output.print_json([dict(zip(columns, row, strict=True)) for row in rows])
        return
    numbers = tuple(name for place, name in enumerate(columns) if rows and isinstance(rows[0][place], int | float))
    shown = output.table(*columns, right=numbers)
    for row in rows[:limit]:
        shown.add_row(*map(_cell, row))
    console = output.people()
    console.print(shown)
    more = f", {limit} shown (--limit)" if len(rows) > limit else ""
    console.print(f"{len(rows)} rows{more}.", style="quiet")


def _cell(value: Any) -> str:
    from rich.markup import escape

    if value is None:
        return "[quiet]NULL[/]"
    if isinstance(value, dict | list | tuple):
        return escape(output.encode(value).decode())
    return escape(output.instant(value) if hasattr(value, "astimezone") else str(value))

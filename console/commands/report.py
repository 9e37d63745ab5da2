"""`throughline report`: what sales and marketing agreed to measure, as a table, a picture, or for other programs."""

import csv
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from console import output
from console.analyst import Analyst, QuestionError, analyst_for
from console.moments import MOMENT
from console.reports.catalogue import REPORTS, UNTIL
from console.reports.report import Argument, Report, Row
from console.workspace import Workspace
from sinks.clickhouse.reference import parts_of

_DEFAULT_PERIOD = timedelta(days=90)
_NO_POLICY = "the policy is not in ClickHouse yet: the rebuilder writes it, some seconds after it has started"
_ANY_WIDTH = 10_000
_MOMENTS = {"since", "until"}
_SHARES = {
    "conversion", "period_ratio", "compliance", "acceptance", "rate", "attainment", "roi", "share_in_limit", "leakage",
    "recycle_rate", "win_rate", "share", "retention", "loyalty", "share_of_touchpoints", "engagement_rate",
    "share_of_voice",
}  # fmt: skip


@click.group("report", short_help="What both teams agreed to measure: tables and pictures")
def report() -> None:
    """Ask one of the views of reports, as a table for people or, with --chart, as a picture.

    \b
    Example:
      throughline report funnel --since 2026-07-01 --until 2026-10-01 --by channel
      throughline report attribution --model markov --by campaign --chart credit.svg
      throughline report sla --sql
    """


def _command(made: Report) -> click.Command:
    def run(**given: Any) -> None:
        _run(made, click.get_current_context().ensure_object(Workspace), given)

    options: list[click.Parameter] = [_option(argument) for argument in made.arguments]
    options += [
        click.Option(
            ["--chart"],
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="FILE",
            help="Draw it into an .svg or an .html file.",
        ),
        click.Option(["--sql", "as_sql"], is_flag=True, help="Print the query instead of asking it."),
        click.Option(["--csv", "as_csv"], is_flag=True, help="Print CSV, with a line of names."),
        click.Option(["--json", "as_json"], is_flag=True, help="Print JSON for scripts."),
    ]
    return click.Command(
        made.name,
        params=options,
        callback=run,
        short_help=made.title,
        help=f"{made.title}: asks {made.view}.\n\n\b\nExample:\n  throughline report {made.name} --chart one.svg",
    )


def _option(argument: Argument) -> click.Option:
    kind: Any = click.Choice(argument.choices) if argument.choices else None
    if argument.name in _MOMENTS:
        kind = MOMENT
    return click.Option(
        [f"--{argument.name}"],
        type=kind if kind is not None else type(argument.default),
        default=argument.default,
        show_default=argument.default is not None,
        help=argument.about,
        metavar="T" if argument.name in _MOMENTS else None,
    )


for _report in REPORTS.values():
    report.add_command(_command(_report))


def _run(made: Report, workspace: Workspace, given: dict[str, Any]) -> None:
    given["until"] = given.get("until") or datetime.now(UTC)
    given["since"] = given.get("since") or given["until"] - _DEFAULT_PERIOD
    sql = made.query(given)
    if given["as_sql"]:
        click.echo(sql)
        return
    analyst = analyst_for(workspace)
    try:
        columns, found = analyst.table(sql)
        formula = formula_of(analyst, made.view)
    except QuestionError as error:
        raise click.ClickException(str(error) if _has_policy(analyst) else _NO_POLICY) from None
    if not found and not _has_policy(analyst):
        raise click.ClickException(_NO_POLICY)
    rows = [dict(zip(columns, row, strict=True)) for row in found]
    if given["chart"]:
        _draw(made, rows, given)
    elif given["as_json"]:
        output.print_json(rows)
    elif given["as_csv"]:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerows([columns, *([_text(value) for value in row] for row in found)])
    else:
        _show(made, rows, formula)


def _has_policy(analyst: Analyst) -> bool:
    """Whether reports know what to compute with."""
    return bool(analyst.ask("SELECT 1 FROM v_policies LIMIT 1"))


def formula_of(analyst: Analyst, view: str) -> str:
    """What a view's comment says before its parameters: the grain and the formula."""
    (row,) = analyst.ask(
        "SELECT comment FROM system.tables WHERE database = currentDatabase() AND name = {view:String}", {"view": view}
    )
    return parts_of(str(row["comment"]))[0]


def subtitle_of(made: Report, given: dict[str, Any]) -> str:
    """A report's arguments in a line."""
    words = [
        f"{argument.name} {given[argument.name]}{argument.unit}"
        for argument in made.arguments
        if argument.name not in _MOMENTS and given[argument.name] != "all"
    ]
    if UNTIL in made.arguments:
        words.insert(0, f"{given['since']:%Y-%m-%d} to {given['until']:%Y-%m-%d}")
    else:
        words.insert(0, f"as of {given['until']:%Y-%m-%d}")
    return " · ".join(words)


def _draw(made: Report, rows: Sequence[Row], given: dict[str, Any]) -> None:
    from console.reports.style import NoChartsError, draw, styled

    if not rows:
        raise click.ClickException("nothing to draw: the report has no rows in this period")
    try:
        draw(styled(made.chart(rows), made.title, subtitle_of(made, given)), given["chart"])
    except (NoChartsError, ValueError, OSError) as error:
        raise click.ClickException(str(error)) from None
    output.people().print(f"{given['chart']} drawn")


def _show(made: Report, rows: Sequence[Row], formula: str) -> None:
    people = output.people()
    if rows:
        columns = [name for name in made.shown or rows[0] if any(row[name] is not None for row in rows)]
        numbers = tuple(name for name in columns if not any(isinstance(row[name], str) for row in rows))
        _print_fitting(people, columns, numbers, [[_cell(name, row[name]) for name in columns] for row in rows])
    else:
        people.print("nothing in this period")
    people.print(formula, style="quiet")


def _print_fitting(
    people: Console, columns: Sequence[str], numbers: Sequence[str], rows: Sequence[Sequence[str]]
) -> None:
    """A table; with names over several lines where it is too wide, and where that is not enough, a block per row."""
    for between in ("_", "\n"):
        names = {name: name.removesuffix("_ms").replace("_", between) for name in columns}
        shown = output.table(*names.values(), right=tuple(names[name] for name in numbers))
        shown.collapse_padding = between != "_"
        for row in rows:
            shown.add_row(*row)
        if people.measure(shown, options=people.options.update(max_width=_ANY_WIDTH)).maximum <= people.width:
            people.print(shown)
            return
    for number, row in enumerate(rows):
        block = output.block()
        for name, cell in zip(columns, row, strict=True):
            block.add_row(name.removesuffix("_ms"), cell)
        if number:
            people.print()
        people.print(block)


def _cell(name: str, value: Any) -> str:
    if value is None:
        return "[quiet]-[/]"
    if name.endswith("_ms"):
        return output.span(value)
    if name in _SHARES:
        return f"{value:.1%}"
    if isinstance(value, str):
        return output.team(value) if name == "team" else value
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.2f}" if isinstance(value, float | Decimal) else str(value)


def _text(value: Any) -> str:
    return "" if value is None else output.instant(value) if isinstance(value, datetime) else str(value)

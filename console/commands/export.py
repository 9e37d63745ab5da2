"""`throughline export`: views, or the rows of a query, as Parquet files."""

from pathlib import Path
from typing import Any

import click

from console import output
from console.analyst import QuestionError, analyst_for, plain
from console.workspace import Workspace, pass_workspace

_VIEWS = """
    SELECT name, notEmpty(parameterized_view_parameters) AS has_parameters FROM system.tables
    WHERE database = currentDatabase() AND engine = 'View' AND startsWith(name, 'v_') ORDER BY name
"""


@click.command("export")
@click.argument("views", nargs=-1, metavar="[VIEW]...")
@click.option(
    "--parquet",
    "to",
    required=True,
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="A folder for views, a file for a query.",
)
@click.option("--query", metavar="SQL", help="The rows of this query instead of views.")
@output.json_option
@pass_workspace
def export(workspace: Workspace, views: tuple[str, ...], to: Path, query: str | None, as_json: bool) -> None:
    """Write views as Parquet, each into a file of its own; all that take no arguments, where none is named.

    A view that takes arguments is exported by a query; `throughline report NAME --sql` shows one.

    \b
    Example:
      throughline export v_deals v_touchpoints --parquet export/
      throughline export --parquet funnel.parquet --query "$(throughline report funnel --sql)"
    """
    if query and views:
        raise click.UsageError("name views or give a query, not both")
    analyst = analyst_for(workspace)
    wanted = {to: query} if query else _files(analyst.ask(_VIEWS), views, to)
    told = []
    for path, sql in wanted.items():
        told.append({"file": str(path), "bytes": _write(analyst.client, sql, path)})
        if not as_json:
            output.people().print(f"{path}  {told[-1]['bytes']:,} bytes")
    if as_json:
        output.print_json(told)


def _files(known: list[dict[str, Any]], views: tuple[str, ...], folder: Path) -> dict[Path, str]:
    takes = {row["name"]: bool(row["has_parameters"]) for row in known}
    for name in views:
        if name not in takes:
            raise click.UsageError(f"there is no view {name}; there are {', '.join(takes)}")
        if takes[name]:
            raise click.UsageError(f"{name} takes arguments: export it by --query")
    names = views or [name for name, has_parameters in takes.items() if not has_parameters]
    folder.mkdir(parents=True, exist_ok=True)
    return {folder / f"{name}.parquet": f"SELECT * FROM {name}" for name in names}  # noqa: S608


def _write(client: Any, sql: str, to: Path) -> int:
    """Write one file, in one step: a file that is there is whole. Raises ClickException."""
    from clickhouse_connect.driver.exceptions import Error

    draft = to.with_name(to.name + ".part")
    try:
        with draft.open("wb") as file, client.raw_stream(sql, fmt="Parquet") as chunks:
            for chunk in iter(lambda: chunks.read(1 << 20), b""):
                file.write(chunk)
    except (Error, QuestionError) as error:
        draft.unlink(missing_ok=True)
        raise click.ClickException(plain(str(error))) from None
    draft.replace(to)
    return to.stat().st_size

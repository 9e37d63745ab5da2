"""`throughline rejected`: what was not accepted, and why."""

from typing import Any

import click

from console import output
from console.analyst import analyst_of
from console.questions.rejections import rejection, rejections
from console.workspace import Workspace, pass_workspace


@click.group()
def rejected() -> None:
    """What was not accepted: the original bytes, a reason, the place in them.

    \b
    Example:
      throughline rejected list --reason not_json
    """


@rejected.command("list")
@click.option(
    "--reason",
    help="Only this reason: empty, too_large, not_json, framing, not_a_touchpoint, future, past, identifier.",
)
@click.option("--limit", default=50, show_default=True, help="Most records, the latest first.")
@output.json_option
@pass_workspace
def list_(workspace: Workspace, reason: str | None, limit: int, as_json: bool) -> None:
    """The latest rejected records.

    \b
    Example:
      throughline rejected list --limit 10
    """
    found = rejections(analyst_of(workspace.run()), reason, limit)
    if as_json:
        output.print_json(found)
        return
    shown = output.table("origin", "reason", "at", "detail", flexible=("detail",))
    for row in found:
        shown.add_row(
            row["origin"], row["reason"], row["pointer"] or "/", output.fitting(" ".join(row["detail"].split()))
        )
    output.people().print(shown)
    output.people().print(
        f"{len(found)} shown; `{workspace.hint('rejected show ORIGIN')}` has the bytes.", style="quiet"
    )


@rejected.command()
@click.argument("origin", metavar="TOPIC/PARTITION/OFFSET")
@output.json_option
@pass_workspace
def show(workspace: Workspace, origin: str, as_json: bool) -> None:
    """One rejected record whole: the reason, and the original bytes.

    \b
    Example:
      throughline rejected show touchpoints.sales/2/1187
    """
    found = rejection(analyst_of(workspace.run()), origin)
    if found is None:
        raise click.ClickException(
            f"nothing from {origin} was rejected; `{workspace.hint('rejected list')}` has the origins"
        )
    if as_json:
        output.print_json(found)
        return
    _print(found)


def _print(found: dict[str, Any]) -> None:
    console = output.people()
    for name in ("origin", "reason", "detail", "pointer", "received_at", "bytes"):
        value = output.instant(found[name]) if name == "received_at" else str(found[name])
        console.print(f"[quiet]{name:<12}[/]", end="")
        console.print(value, markup=False, soft_wrap=True)
    console.print()
    console.print(found["value"], markup=False, soft_wrap=True)

"""`throughline stalled`: prospects that stand still."""

from datetime import UTC, datetime

import click

from console import output
from console.analyst import analyst_of
from console.moments import MOMENT
from console.questions.stalls import stalls
from console.workspace import Workspace, pass_workspace


@click.command()
@click.option("--as-of", type=MOMENT, metavar="T", help="As of this time: RFC 3339, or a date (its midnight, UTC).")
@click.option("--stage", help="Only this stage.")
@click.option("--track", help="Only this track.")
@click.option("--team", help="Only what this team owned when it stalled.")
@click.option("--kind", type=click.Choice(["no_activity", "no_progress"]), help="Only this kind.")
@click.option("--limit", default=40, show_default=True, help="Most rows of the table; JSON has all.")
@output.json_option
@pass_workspace
def stalled(
    workspace: Workspace,
    as_of: datetime | None,
    stage: str | None,
    track: str | None,
    team: str | None,
    kind: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """Prospects that stand still: no counted activity, or no progress, for longer than their stage allows.

    \b
    Example:
      throughline stalled --stage intent --as-of 2026-03-31
    """
    analyst = analyst_of(workspace.run())
    found = stalls(analyst, as_of, stage=stage, team=team, kind=kind, track=track)
    if as_json:
        output.print_json(found)
        return
    now = as_of or datetime.now(UTC)
    shown = output.table("who", "stage", "owner", "what", "for", "since", right=("for",), flexible=("who",))
    for row in found[:limit]:
        what = row["kind"].replace("_", " ") + (" !" if row["escalated"] else "")
        since = output.clock(row["since"])
        shown.add_row(
            output.fitting(row["who"]),
            row["stage"],
            output.team(row["team"]),
            what,
            output.ago(row["since"], now),
            since,
        )
    console = output.people()
    if found:
        console.print(shown)
    more = f", the {limit} longest are shown (--limit)" if len(found) > limit else ""
    when = f" as of {output.clock(as_of)}" if as_of else ""
    console.print(f"{len(found)} stalled{when}{more}. ! escalated: twice the limit.", style="quiet")

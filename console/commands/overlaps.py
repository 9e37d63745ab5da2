"""`throughline overlaps`: where both teams are on one thing at once."""

from datetime import UTC, datetime

import click

from console import output
from console.analyst import analyst_of
from console.questions import overlaps as question
from console.workspace import Workspace, pass_workspace

KINDS = ["subject", "conflict", "off_turf", "double_owner", "pressure", "account"]


@click.command()
@click.option("--kind", type=click.Choice(KINDS), help="Only this kind.")
@click.option("--severity", type=click.Choice(["low", "medium", "high"]), help="Only this severity.")
@click.option("--subject", help="Only this subject: pricing, promotion, targeting, contract.")
@click.option("--team", help="Only where this team has precedence.")
@click.option("--status", type=click.Choice(["open", "resolved", "all"]), default="open", show_default=True)
@click.option("--limit", default=40, show_default=True, help="Most rows of the table; JSON has all.")
@output.json_option
@pass_workspace
def overlaps(
    workspace: Workspace,
    kind: str | None,
    severity: str | None,
    subject: str | None,
    team: str | None,
    status: str,
    limit: int,
    as_json: bool,
) -> None:
    """Where both teams are on one thing at once: who has precedence, and by which rule.

    \b
    Example:
      throughline overlaps --kind conflict --severity high
    """
    found = question.overlaps(
        analyst_of(workspace.run()),
        status=None if status == "all" else status,
        kind=kind,
        severity=severity,
        subject=subject,
        team=team,
    )
    if as_json:
        output.print_json(found)
        return
    now = datetime.now(UTC)
    shown = output.table("who", "kind", "subject", "severity", "precedence", "last", right=("last",), flexible=("who",))
    for row in found[:limit]:
        severe = f"[{row['severity']}]{row['severity']}[/]"
        last = output.ago(row["last_at"], now)
        shown.add_row(
            output.fitting(row["who"]), row["kind"], row["subject"] or "-", severe, output.team(row["precedence"]), last
        )
    console = output.people()
    if found:
        console.print(shown)
    more = f", the {limit} worst are shown (--limit)" if len(found) > limit else ""
    console.print(f"{len(found)} {'' if status == 'all' else status + ' '}overlaps{more}.", style="quiet")

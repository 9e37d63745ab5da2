"""`throughline overlaps`: where both teams are on one thing at once, and a person's decision on one of them."""

import time
from datetime import UTC, datetime
from typing import Any

import click
import msgspec

from console import output
from console.analyst import Analyst, analyst_of
from console.decider import as_option, team_and_actor, wait_option
from console.delivery import deliver_to_gateway
from console.questions import overlaps as question
from console.workspace import Workspace, pass_workspace

SOURCE = "throughline"
_SHORT, _POLL_SECONDS = 8, 0.25
KINDS = ["subject", "conflict", "off_turf", "double_owner", "pressure", "account"]


@click.group(invoke_without_command=True)
@click.option("--kind", type=click.Choice(KINDS), help="Only this kind.")
@click.option("--severity", type=click.Choice(["low", "medium", "high"]), help="Only this severity.")
@click.option("--subject", help="Only this subject: pricing, promotion, targeting, contract.")
@click.option("--team", help="Only where this team has precedence.")
@click.option("--status", type=click.Choice(["open", "resolved", "all"]), default="open", show_default=True)
@click.option("--limit", default=40, show_default=True, help="Most rows of the table; JSON has all.")
@output.json_option
@click.pass_context
@pass_workspace
def overlaps(
    workspace: Workspace,
    ctx: click.Context,
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
      throughline overlaps resolve 3f2a91c0 --as sales/jo
    """
    if ctx.invoked_subcommand is not None:
        return
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
    shown = output.table(
        "id", "who", "kind", "subject", "severity", "precedence", "last", right=("last",), flexible=("who",)
    )
    for row in found[:limit]:
        severe = f"[{row['severity']}]{row['severity']}[/]"
        last = output.ago(row["last_at"], now)
        shown.add_row(
            row["id"][:_SHORT],
            output.fitting(row["who"]),
            row["kind"],
            row["subject"] or "-",
            severe,
            output.team(row["precedence"]),
            last,
        )
    console = output.people()
    if found:
        console.print(shown)
    more = f", the {limit} worst are shown (--limit)" if len(found) > limit else ""
    console.print(f"{len(found)} {'' if status == 'all' else status + ' '}overlaps{more}.", style="quiet")


@overlaps.command()
@click.argument("overlap_id", metavar="ID")
@as_option
@click.option("--reason", help="Why; it is kept with the decision.")
@wait_option
@output.json_option
@pass_workspace
def resolve(
    workspace: Workspace, overlap_id: str, decider: str, reason: str | None, wait: float, as_json: bool
) -> None:
    """Decide an overlap: writes an `overlap.resolved` touchpoint and waits until the overlap is resolved.

    ID is the overlap's id, or as much of its beginning as is unique. Sent again it counts once. Exit code 1 where
    there is no such overlap, or it is still open after the wait.

    \b
    Example:
      throughline overlaps resolve 3f2a91c0 --as sales/jo --reason "we agreed on the list price"
    """
    run = workspace.run()
    team, actor = team_and_actor(decider, run)
    analyst = analyst_of(run)
    found = _the_one(analyst, workspace, overlap_id)
    if found["status"] == "open":
        line = msgspec.json.encode(_decision(analyst, found, team, actor, reason))
        refused = deliver_to_gateway(run.gateway, [(1, line)]).rejected
        if refused:
            raise click.ClickException(
                f"the decision was not accepted: {refused[0].get('detail') or refused[0]['reason']}"
            )
        found = _resolved(analyst, workspace, found, wait)
    if as_json:
        output.print_json({name: value for name, value in found.items() if not name.startswith("last_")})
        return
    about = f" on {found['subject']}" if found["subject"] else ""
    output.people().print(
        f"[good]resolved[/] by {found['resolution']}, {output.clock(found['resolved_at'])}: {found['kind']}{about}"
    )


def _the_one(analyst: Analyst, workspace: Workspace, beginning: str) -> dict[str, Any]:
    found = question.overlaps_named(analyst, beginning.lower()) if beginning else []
    if not found:
        raise click.ClickException(
            f"there is no overlap {beginning!r}; `{workspace.hint('overlaps')}` shows the ids of the open ones"
        )
    if len(found) > 1:
        raise click.ClickException(f"{len(found)} overlaps begin with {beginning!r}; give more of the id")
    return found[0]


def _decision(
    analyst: Analyst, found: dict[str, Any], team: str, actor: str | None, reason: str | None
) -> dict[str, Any]:
    # An account is no customer: one of its people, by the names that its touchpoint had, speaks for it.
    account = found["kind"] == "account"
    names = question.names_in(analyst, found["last_source"], found["last_id"]) if account else {}
    said = {"id": found["id"], "reason": reason}
    return {
        "id": f"resolve-{found['id']}",
        "source": SOURCE,
        "type": "overlap.resolved",
        "team": team,
        "actor": actor,
        "direction": "internal",
        "subject": found["subject"],
        "occurred_at": datetime.now(UTC),
        "customer": names or {"customer_id": found["customer_id"]},
        "properties": {name: value for name, value in said.items() if value is not None},
    }


def _resolved(analyst: Analyst, workspace: Workspace, found: dict[str, Any], wait: float) -> dict[str, Any]:
    deadline = time.monotonic() + wait
    while True:
        now = next(iter(question.overlaps_named(analyst, found["id"])), found)
        if now["status"] == "resolved":
            return now
        if time.monotonic() > deadline:
            raise click.ClickException(
                f"the decision is accepted, and the overlap still open after {wait:g} s; "
                f"`{workspace.hint('status')}` shows whether a part lags"
            )
        time.sleep(_POLL_SECONDS)

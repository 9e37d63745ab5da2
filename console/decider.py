"""Who decides something by a command: `--as TEAM/ACTOR`."""

import re
import time

import click

from console.agreement import rules_in_force
from schemas.settings import Run

as_option = click.option(
    "--as", "decider", required=True, metavar="TEAM/ACTOR", help="Who decides: sales/jo, or a team alone."
)
wait_option = click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait until it is in effect.",
)


def team_and_actor(text: str, run: Run) -> tuple[str, str | None]:
    """The team and the actor of `sales/jo`; a team alone has no actor.

    Raises click.BadParameter, also where the policy in force now has no such team.
    """
    team, _, actor = text.partition("/")
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,31}", team):
        raise click.BadParameter(f"{text!r} names no team; write TEAM/ACTOR, such as sales/jo", param_hint="--as")
    rules = rules_in_force(run).at(time.time_ns() // 1_000_000)
    if team not in rules.teams:
        known = ", ".join(sorted(rules.teams))
        raise click.BadParameter(f"{rules.label} has no team {team!r}; its teams are {known}", param_hint="--as")
    return team, actor or None

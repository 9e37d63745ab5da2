"""Who decides something by a command: `--as TEAM/ACTOR`."""

import re

import click

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


def team_and_actor(text: str) -> tuple[str, str | None]:
    """The team and the actor of `sales/jo`; a team alone has no actor. Raises click.BadParameter."""
    team, _, actor = text.partition("/")
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,31}", team):
        raise click.BadParameter(f"{text!r} names no team; write TEAM/ACTOR, such as sales/jo", param_hint="--as")
    return team, actor or None

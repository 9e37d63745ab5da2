"""Who decides something by a command: `--as TEAM/ACTOR`."""

import re

import click


def team_and_actor(text: str) -> tuple[str, str | None]:
    """The team and the actor of `sales/jo`; a team alone has no actor. Raises click.BadParameter."""
    team, _, actor = text.partition("/")
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,31}", team):
        raise click.BadParameter(f"{text!r} names no team; write TEAM/ACTOR, such as sales/jo", param_hint="--as")
    return team, actor or None

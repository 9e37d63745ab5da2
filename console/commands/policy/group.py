"""`throughline policy`: the written agreement of the teams, as a file."""

import click

from console.commands.policy.adopt import adopt
from console.commands.policy.check import check
from console.commands.policy.diff import diff
from console.commands.policy.schema import schema
from console.commands.policy.show import show
from console.commands.policy.try_ import try_


@click.group()
def policy() -> None:
    """The written agreement of the teams: try it, check it, read it.

    \b
    Example:
      throughline policy try touchpoints.ndjson --policy draft.yaml
    """


for _verb in (try_, check, show, diff, adopt, schema):
    policy.add_command(_verb)

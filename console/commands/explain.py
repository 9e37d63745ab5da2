"""`throughline explain`: why a customer is where it is."""

from datetime import UTC, datetime

import click

from console import output
from console.agreement import rules_in_force
from console.analyst import analyst_of
from console.commands.customer import the_one
from console.explanation_page import render
from console.moments import MOMENT
from console.questions.explanation import explained
from console.workspace import Workspace, pass_workspace


@click.command()
@click.argument("name", metavar="CUSTOMER")
@click.option("--as-of", "until", type=MOMENT, default=None, help="Explain up to this time; without it, up to now.")
@click.option("--all", "everything", is_flag=True, help="Show touchpoints that led to nothing too; JSON has them.")
@output.json_option
@pass_workspace
def explain(workspace: Workspace, name: str, until: datetime | None, everything: bool, as_json: bool) -> None:
    """Which touchpoint, and which rule of the policy with which values, led to where a customer is now.

    Folds the customer's whole history anew, step by step: moves, hand-offs, clocks, overlaps, stalls; then what was
    corrected. CUSTOMER is any identifier. Exit code 1 where nobody has it.

    \b
    Example:
      throughline explain jo@acme.example
    """
    run = workspace.run()
    analyst = analyst_of(run)
    rules = rules_in_force(run)
    told = explained(analyst, the_one(analyst, workspace, name), rules, until or datetime.now(UTC))
    if as_json:
        output.print_json(told)
    else:
        render(told, name, output.people(), everything)

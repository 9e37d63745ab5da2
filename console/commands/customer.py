"""`throughline customer`: one customer's line."""

import click

from console import output
from console.analyst import Analyst, analyst_of
from console.customer_page import render
from console.questions.customer import story
from console.questions.people import customers_named
from console.workspace import Workspace, pass_workspace
from schemas.settings import Settings


@click.command()
@click.argument("name", metavar="CUSTOMER")
@click.option("--limit", default=30, show_default=True, help="Most lines of the timeline shown; JSON has all.")
@output.json_option
@pass_workspace
def customer(workspace: Workspace, name: str, limit: int, as_json: bool) -> None:
    """Where a customer is on every track, who owns it, what is open, and the timeline.

    CUSTOMER is any identifier: customer_id, e-mail, phone, CRM id, or a browser's anonymous id. Exit code 1 where
    nobody has it.

    \b
    Example:
      throughline customer jo@acme.example
    """
    analyst = analyst_of(workspace.run())
    told = story(analyst, the_one(analyst, workspace, name))
    if as_json:
        output.print_json(told)
    else:
        render(told, output.people(), limit)


def the_one(analyst: Analyst, workspace: Workspace, name: str) -> str:
    """The customer_id that a name means. Raises ClickException where nobody has it."""
    found = customers_named(analyst, name, Settings().phone_region)
    if not found:
        raise click.ClickException(
            f"nobody is known by {name!r}. Any spelling of an e-mail or phone is found once its touchpoints are "
            f"queryable; `{workspace.hint('status')}` shows whether a part lags, "
            f"`{workspace.hint('rejected list')}` what was not accepted"
        )
    if len(found) > 1:
        others = ", ".join(found[1:4])
        output.aside().print(
            f"{name} was seen on {len(found)} customers; this is whom it belongs to, else the latest; also: {others}",
            style="quiet",
        )
    return found[0]

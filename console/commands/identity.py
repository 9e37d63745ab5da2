"""`throughline identity`: who is who, and a person's word on it."""

import time
import uuid
from datetime import UTC, datetime
from typing import Any, NamedTuple

import click
import msgspec

from console import output
from console.analyst import Analyst, analyst_of
from console.commands.customer import the_one
from console.decider import as_option, team_and_actor, wait_option
from console.delivery import deliver_to_gateway
from console.identity_page import render
from console.questions.identity import identity_of, is_told, owner_of
from console.questions.people import identifiers_named
from console.workspace import Workspace, pass_workspace
from journey.identity import Identifier
from schemas.settings import GatewayRun, Settings

SOURCE = "throughline"
_POLL_SECONDS = 0.3


class Word(NamedTuple):
    """What a person says about two identifiers."""

    type: str
    team: str
    actor: str | None
    one: Identifier
    other: Identifier

    @property
    def joins(self) -> bool:
        """Whether they are to be one customer."""
        return self.type == "identity.linked"


@click.group()
def identity() -> None:
    """Who is who: what links a customer's identifiers, and a person's word on it.

    \b
    Example:
      throughline identity show jo@acme.example
    """


@identity.command()
@click.argument("name", metavar="CUSTOMER_OR_IDENTIFIER")
@output.json_option
@pass_workspace
def show(workspace: Workspace, name: str, as_json: bool) -> None:
    """The identifiers of a customer, the touchpoints that link them, conflicts, merges.

    Any identifier or former customer_id will do. Exit code 1 where nobody has it.

    \b
    Example:
      throughline identity show b-7f3a
    """
    analyst = analyst_of(workspace.run())
    told = identity_of(analyst, the_one(analyst, workspace, name))
    if as_json:
        output.print_json(told)
    else:
        render(told, output.people())


@identity.command()
@click.argument("one", metavar="A")
@click.argument("other", metavar="B")
@as_option
@wait_option
@output.json_option
@pass_workspace
def link(workspace: Workspace, one: str, other: str, decider: str, wait: float, as_json: bool) -> None:
    """Say that two identifiers are one person: writes an `identity.linked` touchpoint and waits until they are.

    A later word on the same two counts more. Exit code 1 where an identifier is unknown, or it is not in effect yet.

    \b
    Example:
      throughline identity link jo@acme.example jo@home.example --as sales/ben
    """
    _decide(workspace, "identity.linked", {"A": one, "B": other}, decider, wait, as_json)


@identity.command()
@click.argument("customer", metavar="CUSTOMER")
@click.argument("identifier", metavar="IDENTIFIER")
@as_option
@wait_option
@output.json_option
@pass_workspace
def unlink(workspace: Workspace, customer: str, identifier: str, decider: str, wait: float, as_json: bool) -> None:
    """Set an identifier apart from a customer: writes `identity.unlinked` and waits until the two are apart.

    CUSTOMER is another identifier of the customer, or its customer_id: the two never join again, whatever links them,
    until a person links them. Exit code 1 where one is unknown, or it is not in effect yet.

    \b
    Example:
      throughline identity unlink jo@acme.example b-7f3a --as marketing/ann
    """
    _decide(workspace, "identity.unlinked", {"CUSTOMER": customer, "IDENTIFIER": identifier}, decider, wait, as_json)


def _decide(
    workspace: Workspace, kind: str, arguments: dict[str, str], decider: str, wait: float, as_json: bool
) -> None:
    run = workspace.run()
    team, actor = team_and_actor(decider, run)
    analyst = analyst_of(run)
    names = tuple(arguments.values())
    one, other = (_known(analyst, workspace, argument, name) for argument, name in arguments.items())
    if one.derived_id == other.derived_id:
        raise click.ClickException(
            f"{' and '.join(arguments)}: {names[0]!r} and {names[1]!r} are the same identifier; "
            f"`{workspace.hint(f'identity show {names[0]}')}` shows the others of the customer: name it by one of them"
        )
    if one.kind == other.kind == "customer_id":
        raise click.ClickException(
            f"{' and '.join(arguments)}: {names[0]!r} and {names[1]!r} are both customer_ids; name one of the two "
            "by an e-mail, a phone, a CRM id or a browser's id: `identity show` lists them"
        )
    word = Word(kind, team, actor, one, other)
    before = _owners(analyst, word)
    touchpoint_id = _say(run.gateway, word)
    after = _in_effect(analyst, workspace, word, touchpoint_id, wait)
    if as_json:
        said = {"source": SOURCE, "id": touchpoint_id, "type": kind, "team": team, "actor": actor}
        output.print_json({"touchpoint": said, "before": before, "after": after})
        return
    what = "are one customer" if word.joins else "are two customers"
    same = " as before" if len(set(before.values())) == len(set(after.values())) else " now"
    output.people().print(f"[good]{names[0]} and {names[1]} {what}{same}[/]")
    for name, owner in zip(names, after.values(), strict=True):
        output.people().print(f"  [quiet]{name}[/] belongs to {owner}", soft_wrap=True)


def _known(analyst: Analyst, workspace: Workspace, argument: str, name: str) -> Identifier:
    found: list[Identifier] = identifiers_named(analyst, name, Settings().phone_region)
    if not found:
        raise click.ClickException(
            f"{argument}: no identifier {name!r} is known; a touchpoint has to name it first. If one did, "
            f"`{workspace.hint('status')}` shows whether a part lags"
        )
    if found[0].kind == "customer_id":
        sql = "SELECT kind, value FROM v_identities WHERE derived_id = {id:String}"
        for row in analyst.ask(sql, {"id": found[0].value}):
            return Identifier(row["kind"], row["value"])
    return found[0]


def _owners(analyst: Analyst, word: Word) -> dict[str, str]:
    return {":".join(each): owner_of(analyst, each.derived_id) for each in (word.one, word.other)}


def _say(gateway: GatewayRun, word: Word) -> str:
    """Write the touchpoint; returns its id."""
    # A customer has one of each kind: the customer_id, which may stand for any identifier, leaves room for two e-mails.
    one, other = (word.other, word.one) if word.other.kind == "customer_id" else (word.one, word.other)
    touchpoint: dict[str, Any] = {
        "id": f"{word.type}-{uuid.uuid4().hex[:12]}",
        "source": SOURCE,
        "type": word.type,
        "team": word.team,
        "actor": word.actor,
        "direction": "internal",
        "occurred_at": datetime.now(UTC),
        "customer": {"customer_id": one.derived_id, other.kind: other.value},
    }
    refused = deliver_to_gateway(gateway, [(1, msgspec.json.encode(touchpoint))]).rejected
    if refused:
        raise click.ClickException(f"it was not accepted: {refused[0].get('detail') or refused[0]['reason']}")
    return str(touchpoint["id"])


def _in_effect(analyst: Analyst, workspace: Workspace, word: Word, touchpoint_id: str, wait: float) -> dict[str, str]:
    deadline = time.monotonic() + wait
    while True:
        now = _owners(analyst, word)
        if (len(set(now.values())) == 1) == word.joins and is_told(analyst, SOURCE, touchpoint_id):
            return now
        if time.monotonic() > deadline:
            raise click.ClickException(
                f"it is accepted, and not in effect after {wait:g} s; "
                f"`{workspace.hint('status')}` shows whether a part lags"
            )
        time.sleep(_POLL_SECONDS)

"""`throughline rebuild`: journeys folded anew from their whole history, or what that would change."""

import time
from dataclasses import asdict
from typing import Any

import click

from console import output
from console.agreement import rules_in_force
from console.analyst import Analyst, analyst_of
from console.asking import ask_for, everybody_of
from console.catching_up import NotCaughtUpError, follow
from console.commands.customer import the_one
from console.comparison import Comparison, Everybody, compare
from console.lag import KafkaView
from console.workspace import Workspace, pass_workspace
from schemas.settings import Run

_POLL_SECONDS = 0.5


@click.command()
@click.argument("name", metavar="[CUSTOMER]", required=False)
@click.option("--all", "all_", is_flag=True, help="Every customer and account, a portion at a time.")
@click.option("--dry-run", is_flag=True, help="Say what would differ from what is stored, and touch nothing.")
@click.option("--wait", is_flag=True, help="Return when it is done and queryable.")
@click.option("--timeout", default=600.0, show_default=True, metavar="SECONDS", help="How long --wait waits.")
@output.json_option
@pass_workspace
def rebuild(
    workspace: Workspace, name: str | None, all_: bool, dry_run: bool, wait: bool, timeout: float, as_json: bool
) -> None:
    """Fold a customer's journey anew from the whole history in ClickHouse; with --all every one.

    CUSTOMER is any identifier. It is done in the background, by the rebuilder and in the customer's own partition; no
    alert is sent for the past. What came too late is rebuilt without being asked for: this is for after a repair.
    With --dry-run, exit code 1 where something would differ.

    \b
    Example:
      throughline rebuild jo@acme.example --dry-run
    """
    if all_ == bool(name):
        raise click.UsageError("name one CUSTOMER, or say --all")
    run = workspace.run()
    analyst = analyst_of(run)
    everybody = everybody_of(analyst) if name is None else Everybody([the_one(analyst, workspace, name)])
    if dry_run:
        _compare(run, analyst, everybody, as_json)
    else:
        _rebuild(run, analyst, everybody, timeout if wait else None, as_json)


def _compare(run: Run, analyst: Analyst, everybody: Everybody, as_json: bool) -> None:
    rules, found = rules_in_force(run), Comparison()
    with output.progress() as bar:
        task = bar.add_task("folding anew", total=len(everybody), note="")
        for found in compare(analyst, everybody, rules):
            bar.update(task, completed=found.customers, note=f"{found.touchpoints:,} touchpoints")
    if as_json:
        output.print_json(asdict(found))
    else:
        _show(found)
    if found.differing:
        raise click.exceptions.Exit(1)


def _show(found: Comparison) -> None:
    people = output.people()
    people.print(f"{found.touchpoints:,} touchpoints of {found.customers:,} journeys folded anew, nothing was touched")
    if not found.differing:
        people.print("everything that is stored stays as it is", style="good")
        return
    shown = output.table("facts", "published", "changed", "taken back", right=("published", "changed", "taken back"))
    for table, change in found.changes.items():
        shown.add_row(table, f"{change.published:,}", f"{change.changed:,}", f"{change.taken_back:,}")
    people.print(shown)
    people.print(f"{found.differing:,} journeys would change.", style="medium")
    for line in found.told:
        people.print(f"  {line}", markup=False)


def _rebuild(run: Run, analyst: Analyst, everybody: Everybody, timeout: float | None, as_json: bool) -> None:
    started, view = time.monotonic(), KafkaView(run.kafka)
    before = _rebuilds(analyst, everybody)
    with output.progress() as bar:
        task = bar.add_task("asking for rebuilds", total=len(everybody), note="")

        def asked(count: int, waiting: int) -> None:
            bar.update(task, completed=count, note=f"{waiting:,} wait")

        ask_for(run, view, everybody, asked)
        if timeout is not None:
            left = bar.add_task("waiting until they are done", total=None, note="")
            try:
                follow(
                    view, analyst, run.group, lambda count: bar.update(left, note=f"{count:,} records left"), timeout
                )
                _until_seen(analyst, everybody, before, started + timeout)
            except NotCaughtUpError as error:
                raise click.ClickException(str(error)) from None
    view.close()
    done = None if timeout is None else _rebuilds(analyst, everybody) - before
    told: dict[str, Any] = {"asked": len(everybody), "rebuilt": done, "seconds": round(time.monotonic() - started, 3)}
    if as_json:
        output.print_json(told)
        return
    people = output.people()
    people.print(f"{len(everybody):,} rebuilds asked for" + ("" if done is None else f", {done:,} done"))
    if done is None:
        people.print("`throughline status` shows how many wait; --wait waits for them", style="quiet")


def _rebuilds(analyst: Analyst, everybody: Everybody) -> int:
    """How many rebuilds there have been, of one customer or of all."""
    if len(everybody.customers) == 1 and not everybody.accounts:
        rows = analyst.table(
            "SELECT count() FROM v_rebuilds WHERE customer_id = {id:String}", {"id": everybody.customers[0]}
        )[1]
    else:
        rows = analyst.table("SELECT count() FROM v_rebuilds")[1]
    return int(rows[0][0])


def _until_seen(analyst: Analyst, everybody: Everybody, before: int, deadline: float) -> None:
    """One customer's rebuild is named in a view: wait for that too, as what follows may be refused and never come."""
    while len(everybody) == 1 and _rebuilds(analyst, everybody) == before:
        if time.monotonic() > deadline:
            raise NotCaughtUpError("the rebuild was asked for and has not come; see logs/rebuilder.log")
        time.sleep(_POLL_SECONDS)

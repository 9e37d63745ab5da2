"""`throughline verify`: everything that is stored, held against all touchpoints from the first one on."""

import asyncio
import sys
import time
from dataclasses import asdict

import click

from console import output
from console.analyst import analyst_of
from console.catching_up import Patience
from console.lag import KafkaView
from console.parity import Scene
from console.verification import MOST_FOLDED, Verdict, verify
from console.workspace import Workspace, pass_workspace
from schemas.settings import Run
from streams.agreement import adopted


@click.command("verify")
@click.option("--deep", is_flag=True, help=f"Fold every customer anew, also above {MOST_FOLDED:,} touchpoints.")
@click.option("--settle", default=120, show_default=True, help="Most seconds to wait for what is on its way.")
@output.json_option
@pass_workspace
def verify_(workspace: Workspace, deep: bool, settle: int, as_json: bool) -> None:
    """Compare the journey.touchpoints topic with the live state and with ClickHouse.

    Every touchpoint is counted, per partition and per customer, on all three sides. Customers are folded anew by
    the policy: all, or above a million touchpoints a share drawn anew each time, and all whose count does not agree.
    Live traffic may go on. Exit code 1 where anything is lost, doubled or different. Nothing is changed.

    \b
    Example:
      throughline verify --json
    """
    run = workspace.run()
    started = time.monotonic()
    with output.aside().status("waiting for what is on its way") as spinner:
        view, analyst = KafkaView(run.kafka), analyst_of(run)
        waits = Patience(
            view, analyst, run.group, lambda left: spinner.update(f"{left:,} records on their way"), settle
        )

        def told(what: str, done: int, records: int) -> None:
            spinner.update(f"{what}: {done:,} of {records:,} records")

        verdict = asyncio.run(verify(scene_of(run), analyst, waits, told, None if deep else MOST_FOLDED))
    if as_json:
        found = {key: value for key, value in asdict(verdict).items() if key != "told"}
        seconds = round(time.monotonic() - started, 3)
        output.print_json({"ok": verdict.ok, **found, "first_differences": verdict.told, "seconds": seconds})
    else:
        _tell(verdict, time.monotonic() - started)
    sys.exit(0 if verdict.ok else 1)


def scene_of(run: Run) -> Scene:
    """What a running instance's data is compared by. Raises Kafka's errors."""
    policies = tuple((one.since, one.yaml) for one in asyncio.run(adopted(run.kafka)))
    return Scene(run.kafka, run.partitions, run.policy.read_text(), policies, run.clickhouse)


def _tell(verdict: Verdict, seconds: float) -> None:
    people = output.people()
    wrong = "not everything has arrived" if verdict.behind or verdict.rebuilding else "something does not agree"
    mark = "[good]everything agrees[/]" if verdict.ok else f"[bad]{wrong}[/]"
    people.print(f"{mark}  {verdict.touchpoints:,} touchpoints of {verdict.customers:,} customers in {seconds:.1f} s")
    people.print(f"lost {verdict.lost}   doubled {verdict.doubled}   differences {verdict.differences}")
    if verdict.share < 1:
        people.print(
            f"counted: all; folded anew: {verdict.folded_customers:,} customers, {verdict.share:.1%} of them, drawn "
            "anew each time; `--deep` folds all",
            style="quiet",
        )
    if verdict.behind:
        people.print(f"{verdict.behind}; what has arrived was compared", style="medium")
    if verdict.rebuilding:
        people.print(f"{verdict.rebuilding:,} customers wait to be rebuilt, and were not compared", style="medium")
    if verdict.moving:
        people.print(f"{verdict.moving:,} facts moved on meanwhile and were passed over", style="quiet")
    for line in verdict.told:
        people.print(f"  {line}", markup=False)

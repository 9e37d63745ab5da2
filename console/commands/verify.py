"""`throughline verify`: everything that is stored, held against a fold of all touchpoints from the first one on."""

import asyncio
import sys
import time

import click

from console import output
from console.agreement import rules_in_force
from console.analyst import analyst_of
from console.catching_up import NotCaughtUpError, catch_up
from console.lag import KafkaView
from console.verification import Verdict, verify
from console.workspace import Workspace, pass_workspace


@click.command("verify")
@click.option("--settle", default=120, show_default=True, help="Most seconds to wait until nothing is behind.")
@output.json_option
@pass_workspace
def verify_(workspace: Workspace, settle: int, as_json: bool) -> None:
    """Refold the whole journey.touchpoints topic; compare it with the live state and with ClickHouse.

    Exit code 1 where anything is lost, doubled or different. Nothing is changed.

    \b
    Example:
      throughline verify --json
    """
    run = workspace.run()
    rules = rules_in_force(run)
    analyst = analyst_of(run)
    started = time.monotonic()
    with output.aside().status("waiting until nothing is behind") as spinner:
        view = KafkaView(run.kafka)
        late = ""

        def wait() -> None:
            nonlocal late
            if late:
                return
            try:
                catch_up(view, analyst, run.group, lambda _: None, settle)
            except NotCaughtUpError as error:
                late = str(error)
                output.aside().print(f"{error}; comparing what has arrived", style="medium")

        wait()
        read_so_far = 0

        def told(records: int) -> None:
            nonlocal read_so_far
            read_so_far += records
            spinner.update(f"{read_so_far:,} touchpoints folded anew")

        verdict = asyncio.run(verify(run.kafka, run.partitions, rules, analyst, told, wait))
        verdict.behind = late
    if as_json:
        output.print_json(
            {
                "ok": verdict.ok,
                "touchpoints": verdict.touchpoints,
                "customers": verdict.customers,
                "lost": verdict.lost,
                "doubled": verdict.doubled,
                "differences": verdict.differences,
                "moving": verdict.moving,
                "rebuilding": verdict.rebuilding,
                "behind": verdict.behind,
                "first_differences": verdict.told,
                "seconds": round(time.monotonic() - started, 3),
            }
        )
    else:
        _tell(verdict, time.monotonic() - started)
    sys.exit(0 if verdict.ok else 1)


def _tell(verdict: Verdict, seconds: float) -> None:
    people = output.people()
    wrong = "not everything has arrived" if verdict.behind or verdict.rebuilding else "something does not agree"
    mark = "[good]everything agrees[/]" if verdict.ok else f"[bad]{wrong}[/]"
    people.print(f"{mark}  {verdict.touchpoints:,} touchpoints of {verdict.customers:,} customers in {seconds:.1f} s")
    people.print(f"lost {verdict.lost}   doubled {verdict.doubled}   differences {verdict.differences}")
    if verdict.rebuilding:
        people.print(f"{verdict.rebuilding:,} customers wait to be rebuilt, and were not compared", style="medium")
    if verdict.moving:
        people.print(f"{verdict.moving:,} facts moved on meanwhile and were passed over", style="quiet")
    for line in verdict.told:
        people.print(f"  {line}", markup=False)

"""`throughline demo`: everything at once, with simulated customers."""

import time
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

import click
from rich.console import Console

from console import output
from console.analyst import Analyst, analyst_of
from console.catching_up import Behind, NotCaughtUpError, catch_up
from console.findings_page import render
from console.lag import KafkaView
from console.questions.findings import findings
from console.replay import RawProducer, Story, go_live, replay
from console.workspace import Workspace, pass_workspace
from gateway.simulation import Simulation
from schemas.settings import Run
from schemas.topic import RAW

if TYPE_CHECKING:
    from deploy.instance import Instance

SEED, CUSTOMERS, DAYS = 1, 2000, 90


@click.command()
@click.option("--customers", type=click.IntRange(1), default=CUSTOMERS, show_default=True, metavar="N")
@click.option("--days", type=click.FloatRange(0, min_open=True), default=DAYS, show_default=True, metavar="D")
@click.option("--seed", type=int, default=SEED, show_default=True, metavar="S", help="The same seed, the same people.")
@click.option(
    "--rate", type=click.FloatRange(0.01, 5000), default=2.0, show_default=True, help="Live touchpoints a second."
)
@click.option("--once", is_flag=True, help="Stop after printing what was found, without live traffic.")
@pass_workspace
def demo(workspace: Workspace, customers: int, days: float, seed: int, rate: float, once: bool) -> None:
    """Start everything, replay simulated days of both teams, print what was found, go on live until Ctrl-C.

    A second demo on the same data directory goes on with what is there: the replay is not repeated. An instance that
    runs already is used, and left running.

    \b
    Example:
      throughline --data /tmp/demo demo --customers 500
    """
    from console.starting import start, stop, until_stopped

    story = Story.read(workspace.data) or Story(seed, customers, days, int(time.time() * 1000))
    running = _running(workspace)
    aside, ended, gone = output.aside(), Event(), Event()
    instance = None if running else start(workspace, False, aside)
    if instance is not None:
        Thread(target=_watch, args=(instance, gone, ended), daemon=True).start()
    try:
        with until_stopped(ended):
            run = running or workspace.run()
            simulation = _told(workspace, story, run)
            _print_findings(workspace, run)
            if not once:
                _live(simulation, run, rate, aside, ended)
                if gone.is_set():
                    aside.print("the instance is gone", style="quiet")
    finally:
        if instance is not None:
            stop(instance)


def _running(workspace: Workspace) -> Run | None:
    from deploy.instance import status

    return workspace.run() if status(workspace.data) else None


def _told(workspace: Workspace, story: Story, run: Run) -> Simulation:
    """The simulation at the end of its history, with all of the history queryable."""
    view, analyst = KafkaView(run.kafka), analyst_of(run)
    try:
        simulation = story.simulation()
        if story.replayed:
            for _ in simulation.history():
                pass
            output.aside().print(f"{workspace.data} already holds the replay: seed {story.seed}", style="quiet")
        else:
            _refuse_other_data(workspace, view)
            story.write(workspace.data)
            _replay(story, simulation, run)
            Story(story.seed, story.customers, story.days, story.until, replayed=True).write(workspace.data)
        _wait(workspace, view, analyst)
        return simulation
    finally:
        view.close()
        analyst.close()


def _refuse_other_data(workspace: Workspace, view: KafkaView) -> None:
    if Story.read(workspace.data) is None and any(view.ends(*RAW).values()):
        raise click.UsageError(
            f"{workspace.data} holds touchpoints that are not the demo's; simulated ones would mix with them. "
            "Name an empty directory: throughline --data DIR demo"
        )


def _replay(story: Story, simulation: Simulation, run: Run) -> None:
    producer = RawProducer(run.kafka)
    since = story.until - int(story.days * 86_400_000)
    with output.progress() as bar:
        task = bar.add_task(f"replaying {story.days:g} days", total=story.until - since, note="")

        def report(sent: int, at: int) -> None:
            bar.update(task, completed=at - since, note=f"{sent:,} touchpoints")

        started = time.monotonic()
        sent = replay(story, simulation, producer, report)
    producer.close()
    seconds = time.monotonic() - started
    output.aside().print(
        f"  {sent:,} touchpoints of {story.customers:,} people over {story.days:g} days emitted in {seconds:.1f} s"
    )


def _wait(workspace: Workspace, view: KafkaView, analyst: Analyst) -> None:
    from console.starting import settings_of

    started, most = time.monotonic(), 1
    with output.progress() as bar:
        task = bar.add_task("folding journeys", total=None, note="")

        def report(left: Behind) -> None:
            nonlocal most
            most = max(most, left.total)
            note = f"{left.total:,} records on their way"
            bar.update(task, total=most, completed=most - left.total, note=note)

        try:
            catch_up(view, analyst, settings_of(workspace).group, report)
        except NotCaughtUpError as error:
            raise click.ClickException(str(error)) from None
    if most > 1:
        output.aside().print(f"  folded and queryable after another {time.monotonic() - started:.1f} s\n")


def _print_findings(workspace: Workspace, run: Run) -> None:
    analyst = analyst_of(run)
    console = output.people()
    found = findings(analyst)
    render(found, _order(workspace), console)
    analyst.close()
    who = next((row["who"] for row in found.overlaps_top + found.stalled_top if "@" in row["who"]), None)
    console.print(f"[title]Look at it[/]  {run.console.url}\n")
    console.print("[title]Try next[/]")
    for command in (
        f"customer {who}" if who else "customer jo@acme.example",
        "overlaps --severity high",
        'sql "SELECT kind, count() FROM v_transitions GROUP BY kind"',
    ):
        console.print(f"  {workspace.hint(command)}", markup=False, soft_wrap=True)
    console.print()


def _order(workspace: Workspace) -> dict[str, list[str]]:
    """The stages and detours of each track as the policy lists them."""
    import deploy
    from console.starting import settings_of
    from journey.policy.reading import read

    path = settings_of(workspace).policy or Path(deploy.__file__).parent / "policies" / "default.yaml"
    return {
        name: [*(stage.stage for stage in track.stages), *(detour.detour for detour in track.detours)]
        for name, track in read(path.read_text()).tracks.items()
    }


def _watch(instance: "Instance", *gone: Event) -> None:
    """Tell of parts that die; set `gone` when the whole tree is."""
    instance.wait()
    for event in gone:
        event.set()


def _live(simulation: Simulation, run: Run, rate: float, aside: Console, ended: Event) -> None:
    producer = RawProducer(run.kafka)
    aside.print(f"Live: {rate:g} touchpoints a second. Ctrl-C stops everything.", style="quiet")
    try:
        with aside.status("live") as line:
            for count, record in enumerate(go_live(simulation, producer, rate, ended), start=1):
                line.update(f"{count:,} live touchpoints, the last on {record.topic}")
    finally:
        producer.close()

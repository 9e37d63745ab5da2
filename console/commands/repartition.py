"""`throughline repartition`: more partitions for an instance that is stopped, its customers moved to them."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import click

from console import output
from console.analyst import analyst_of
from console.catching_up import NotCaughtUpError, Patience
from console.lag import KafkaView
from console.starting import start, stop
from console.workspace import UnreachableError, Workspace, pass_workspace
from schemas.settings import Run

# What runs meanwhile: tools go on emitting, and ClickHouse gets what is on its way.
_PARTS = ("kafka", "clickhouse", "writer", "gateway")
_STEPS = ("fencing", "folding", "moving")


@click.command()
@click.option("--partitions", type=click.IntRange(1, 1024), required=True, metavar="N", help="How many from now on.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and touch nothing.")
@click.option("--timeout", default=600.0, show_default=True, metavar="SECONDS", help="How long to wait for ClickHouse.")
@output.json_option
@pass_workspace
def repartition(workspace: Workspace, partitions: int, dry_run: bool, timeout: float, as_json: bool) -> None:
    """Give the topics N partitions, more than they have, and every customer its new place.

    The instance is stopped for it, and every worker and rebuilder elsewhere; the command itself runs Kafka, ClickHouse,
    the writer and the gateway meanwhile, so tools go on emitting. What has been said is not said again. Where it was
    interrupted, run it again: it goes on. Afterwards start with THROUGHLINE_PARTITIONS=N.

    \b
    Example:
      throughline down && throughline repartition --partitions 8 && THROUGHLINE_PARTITIONS=8 throughline up
    """
    started = time.monotonic()
    with _kafka_and_others(workspace, dry_run) as run:
        told = _carry_out(run, partitions, timeout, dry_run)
    told["seconds"] = round(time.monotonic() - started, 3)
    if as_json:
        output.print_json(told)
    else:
        _show(told)


@contextmanager
def _kafka_and_others(workspace: Workspace, dry_run: bool) -> Iterator[Run]:
    """The instance while the block runs, without anything that reads as a worker; to look only, as it is running."""
    running = Run.read(workspace.data) if dry_run else None
    if running is not None:
        yield running
        return
    instance = start(workspace, False, output.aside(), only=_PARTS[:1] if dry_run else _PARTS)
    try:
        yield instance.run
    finally:
        stop(instance)


def _carry_out(run: Run, partitions: int, timeout: float, dry_run: bool) -> dict[str, Any]:
    """What was done, or would be. Raises ClickException, UnreachableError."""
    from aiokafka.errors import KafkaError
    from kafka.errors import KafkaError as OtherKafkaError

    from deploy.repartition import CannotRepartitionError
    from journey.policy.reading import PolicyError
    from streams.refusal import LaneRefusedError

    try:
        return asyncio.run(_move(run, partitions, dry_run, timeout))
    except (CannotRepartitionError, NotCaughtUpError, LaneRefusedError, PolicyError) as error:
        raise click.ClickException(str(error)) from None
    except (KafkaError, OtherKafkaError, OSError, TimeoutError) as error:
        raise UnreachableError(
            f"Kafka at {run.kafka} does not answer ({error!r}); nothing is lost: run it again"
        ) from None


async def _move(run: Run, partitions: int, dry_run: bool, patience: float) -> dict[str, Any]:
    from deploy.repartition import look, repartition
    from journey.policy.reading import read
    from journey.rules import Rules
    from streams.repartition import Repartition

    standing = await look(run.kafka, partitions)
    rules = Rules(read(run.policy.read_text()))
    with output.progress() as bar:
        tasks = {step: bar.add_task(step, total=None, note="") for step in _STEPS}
        counts = dict.fromkeys(_STEPS, 0)

        def told(step: str, count: int) -> None:
            if step not in tasks:
                tasks[step], counts[step] = bar.add_task(step, total=None, note=""), 0
            counts[step] += count
            bar.update(tasks[step], note=f"{counts[step]:,}")

        def written() -> None:
            view = KafkaView(run.kafka)
            task = bar.add_task("waiting for ClickHouse", total=None, note="")
            waits = Patience(
                view, analyst_of(run), run.group, lambda left: bar.update(task, note=f"{left:,} left"), patience
            )
            try:
                waits.stored()
            finally:
                view.close()
            if waits.behind:
                raise NotCaughtUpError(waits.behind)

        if dry_run:
            found = await Repartition(run.kafka, run.group, rules, standing.before, partitions, told).count()
        else:
            found = await repartition(run.kafka, run.group, rules, standing, partitions, told, written)
    return {
        "before": standing.before,
        "partitions": partitions,
        "topics": standing.topics,
        "folded": counts["folding"],
        "dry_run": dry_run,
        **asdict(found),
    }


def _show(told: dict[str, Any]) -> None:
    people, partitions = output.people(), told["partitions"]
    if not told["dry_run"]:
        people.print(
            f"{told['moved']:,} of {told['customers']:,} customers and accounts have moved in {told['seconds']:.1f} s: "
            f"{told['before']} partitions before, {partitions} now"
        )
        people.print(f"start with THROUGHLINE_PARTITIONS={partitions}, every part of the instance", style="medium")
        return
    shown = output.table("topic", "partitions", "then", right=("partitions", "then"))
    for name, count in told["topics"].items():
        shown.add_row(name, str(count), str(partitions))
    people.print(shown)
    people.print(f"{told['moved']:,} of {told['customers']:,} customers and accounts would move, nothing was touched")

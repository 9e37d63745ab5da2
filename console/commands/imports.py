"""`throughline import`: a file's rows become touchpoints by a mapping."""

from pathlib import Path
from typing import Any

import click
from rich.progress import Progress, TaskID

from console import output
from console.analyst import analyst_of
from console.catching_up import NotCaughtUpError, follow
from console.lag import KafkaView
from console.workspace import UnreachableError, Workspace, pass_workspace
from schemas.settings import Run

_SHOWN_REFUSALS, _SHOWN_ROWS = 10, 5


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--mapping", required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False), help="The mapping, YAML."
)
@click.option("--dry-run", is_flag=True, help="Map every row and send nothing; shows what the first rows become.")
@click.option("--wait", is_flag=True, help="Return when every accepted row is queryable and folded.")
@click.option("--timeout", default=300.0, show_default=True, metavar="SECONDS", help="How long --wait waits.")
@output.json_option
@pass_workspace
def import_(
    workspace: Workspace, file: Path, mapping: Path, dry_run: bool, wait: bool, timeout: float, as_json: bool
) -> None:
    """Import a CSV or JSON-lines FILE through a declarative mapping.

    An interrupted import goes on where Kafka had confirmed it; importing twice counts once. Exit code 1 where rows were
    rejected: they are in the report that the command names.

    \b
    Example:
      throughline import leads.csv --mapping examples/olist/leads.yaml --wait
    """
    from gateway.importing import DeliveryError, ImportRefusedError, NotQueryableError, run_import

    run = None if dry_run else workspace.run()
    shown = _Shown(file, dry_run and not as_json)
    try:
        with shown.progress:
            result = run_import(
                file,
                mapping,
                data=workspace.data,
                kafka=run.kafka if run else "",
                dry_run=dry_run,
                wait=run.clickhouse if run and wait else None,
                wait_timeout_seconds=timeout,
                on_outcome=shown.outcome,
                on_progress=shown.read,
                on_wait=shown.waiting,
            )
            if run and wait:
                _until_rebuilt(run, shown, max(1.0, timeout - result.seconds))
    except ImportRefusedError as error:
        raise click.UsageError(str(error)) from None
    except DeliveryError as error:
        raise UnreachableError(str(error)) from None
    except NotQueryableError as error:
        raise click.ClickException(str(error)) from None
    told = result.as_json()
    output.print_json(told) if as_json else _say(told, dry_run)
    if result.rejected:
        raise click.exceptions.Exit(1)


def _until_rebuilt(run: Run, shown: "_Shown", seconds: float) -> None:
    """Rows of the past are folded in the background: wait for that too, but fail nothing that is queryable."""
    view = KafkaView(run.kafka)
    try:
        follow(view, analyst_of(run), run.group, shown.rebuilding, seconds)
    except NotCaughtUpError as error:
        shown.progress.console.print(f"journeys are still being folded: {error}", style="medium", markup=False)
    finally:
        view.close()


class _Shown:
    """The progress bars, and in a dry run what the first rows become."""

    def __init__(self, file: Path, with_rows: bool) -> None:
        self.progress: Progress = output.progress()
        self._bytes = file.stat().st_size
        self._reading = self.progress.add_task(f"reading {file.name}", total=self._bytes, note="")
        self._waiting: TaskID | None = None
        self._rebuilding: TaskID | None = None
        self._rows_left = _SHOWN_ROWS if with_rows else 0
        self._refusals_left = _SHOWN_REFUSALS

    def outcome(self, outcome: Any) -> None:
        aside = self.progress.console
        if outcome.reason and self._refusals_left:
            self._refusals_left -= 1
            aside.print(f"row {outcome.row.number}: {outcome.reason}", style="bad", markup=False)
        elif outcome.touchpoints and self._rows_left:
            self._rows_left -= 1
            for touchpoint in outcome.touchpoints:
                output.print_json(touchpoint.model_dump(mode="json", exclude_none=True))

    def read(self, progress: Any) -> None:
        note = f"{progress.accepted} rows"
        self.progress.update(self._reading, completed=min(progress.byte, self._bytes), note=note)

    def waiting(self, queryable: int, total: int) -> None:
        if self._waiting is None:
            self._waiting = self.progress.add_task("waiting until queryable", total=total, note="")
        self.progress.update(self._waiting, completed=queryable, note=f"{queryable} of {total}")

    def rebuilding(self, left: int) -> None:
        if self._rebuilding is None:
            self._rebuilding = self.progress.add_task("folding journeys", total=None, note="")
        self.progress.update(self._rebuilding, note=f"{left:,} records left")


def _say(told: dict[str, Any], dry_run: bool) -> None:
    console = output.people()
    read, accepted, rejected = told["read"], told["accepted"], told["rejected"]
    done = "would be accepted" if dry_run else "accepted"
    console.print(f"{read} rows read, {accepted} {done}, {rejected} rejected, {told['seconds']:.1f} s")
    if told["report"]:
        console.print(f"rejected rows: {told['report']}", style="quiet")
    if told["queryable"]:
        console.print("every accepted row is queryable", style="good")

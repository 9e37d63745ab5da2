"""Starting and stopping an instance with words about it on stderr."""

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Event
from typing import Any, NoReturn

import click
from rich.console import Console
from rich.text import Text

from console import output
from console.workspace import UnreachableError, Workspace
from deploy.instance import Instance, PartFailedError, Progress, up
from deploy.kafka.topics import PartitionsDifferError
from deploy.part import parts_of
from deploy.preflight import CannotStartError
from schemas.settings import Settings


def settings_of(workspace: Workspace) -> Settings:
    """The settings of the environment, with what the command line says on top."""
    given: dict[str, Any] = {"data": workspace.data}
    if workspace.port_base is not None:
        given["port_base"] = workspace.port_base
    return Settings(**given)


def start(workspace: Workspace, detach: bool, aside: Console, only: Sequence[str] = ()) -> Instance:
    """Start every part; tells of each on `aside`, later of each that dies. Raises click's errors, with the fix.

    `only` are some parts by name, on topics as they are.
    """
    settings = settings_of(workspace)
    with aside.status("starting") as spinner:

        def tell(step: Progress) -> None:
            spinner.update(f"{step.part} {step.state}")
            if step.state in {"ready", "restarted", "failing", "stopped"}:
                _tell(aside, step)

        try:
            parts = [part for part in parts_of(settings) if part.name in only] if only else None
            return up(settings, tell, detach, parts, with_topics=not only)
        except CannotStartError as error:
            raise click.ClickException(str(error)) from None
        except (PartFailedError, PartitionsDifferError) as error:
            raise UnreachableError(str(error)) from None


def stop(instance: Instance) -> None:
    """Stop every part, in order, however often the impatient press Ctrl-C."""
    output.aside().print("stopping; nothing is lost", style="quiet")
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        instance.stop()
    finally:
        signal.signal(signal.SIGINT, before)
    output.aside().print("stopped", style="quiet")


@contextmanager
def until_stopped(told: Event | None = None) -> Iterator[None]:
    """Run the block until it ends, or until Ctrl-C or SIGTERM ends it quietly.

    `told` is set then too, for blocks that go on for ever: Python drops an exception that a signal raises while it
    happens to clean an object up.
    """

    def interrupt(*_: object) -> NoReturn:
        if told is not None:
            told.set()
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with suppress(KeyboardInterrupt):
            yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell(aside: Console, step: Progress) -> None:
    style = {"ready": "good", "restarted": "medium", "failing": "bad"}.get(step.state, "quiet")
    said = f"{step.seconds:5.1f} s  {step.message}" if step.state == "ready" else step.message
    aside.print(Text.assemble(f"  {step.part:<11}", (f"{step.state:<10}", style), said))

"""Starting and stopping an instance with words about it on stderr."""

from typing import Any

import click

from console import output
from console.workspace import UnreachableError, Workspace
from deploy.instance import Instance, PartFailedError, Progress, up
from deploy.kafka.topics import PartitionsDifferError
from deploy.preflight import CannotStartError
from schemas.settings import Settings


def settings_of(workspace: Workspace) -> Settings:
    """The settings of the environment, with what the command line says on top."""
    given: dict[str, Any] = {"data": workspace.data}
    if workspace.port_base is not None:
        given["port_base"] = workspace.port_base
    return Settings(**given)


def start(workspace: Workspace, detach: bool) -> Instance:
    """Start every part, telling of each. Raises click's errors, with the fix."""
    aside = output.aside()
    settings = settings_of(workspace)
    with aside.status("starting") as spinner:

        def tell(step: Progress) -> None:
            spinner.update(f"{step.part} {step.state}")
            if step.state in {"ready", "restarted", "failing", "stopped"}:
                _tell(step)

        try:
            return up(settings, tell, detach)
        except CannotStartError as error:
            raise click.ClickException(str(error)) from None
        except (PartFailedError, PartitionsDifferError) as error:
            raise UnreachableError(str(error)) from None


def stop(instance: Instance) -> None:
    """Stop every part, in order, whatever the impatient do with Ctrl-C."""
    output.aside().print("stopping; nothing is lost", style="quiet")
    instance.stop()
    output.aside().print("stopped", style="quiet")


def _tell(step: Progress) -> None:
    style = {"ready": "good", "restarted": "medium", "failing": "bad"}.get(step.state, "quiet")
    aside = output.aside()
    aside.print(f"  {step.part:<11}[{style}]{step.state:<9}[/]", end="")
    aside.print(f"{step.seconds:5.1f} s  {step.message}" if step.state == "ready" else step.message, markup=False)

"""`throughline up`, `down`, `status`, `doctor`: an instance as a whole. Thin over deploy."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click

from console import output
from console.condition import Condition, condition
from console.starting import settings_of, start, stop, until_stopped
from console.workspace import NoInstanceError, Workspace, pass_workspace


@click.command()
@click.option("--detach", is_flag=True, help="Return when everything is ready, and leave it running.")
@pass_workspace
def up(workspace: Workspace, detach: bool) -> None:
    """Start Kafka, ClickHouse, the worker, writer, rebuilder and notifier, the gateway and the console.

    Without --detach it runs until Ctrl-C, which stops everything cleanly. Data stays in the data directory.

    \b
    Example:
      throughline --data /tmp/one --port-base 21000 up --detach
    """
    instance = start(workspace, detach, output.aside())
    run, console = instance.run, output.people()
    console.print(f"\nconsole     {run.console.url}\ngateway     {run.gateway.url}\nkafka       {run.kafka}")
    console.print(f"clickhouse  {run.clickhouse.url}")
    if detach:
        console.print(f"\n{workspace.hint('status')}  shows how it is", style="quiet", soft_wrap=True)
        console.print(f"{workspace.hint('down')}  stops it", style="quiet", soft_wrap=True)
        return
    console.print("\nCtrl-C stops everything.", style="quiet")
    try:
        with until_stopped():
            instance.wait()
            # Nobody here stopped it: `down` did, or the supervisor was killed.
            console.print("the instance is gone", style="quiet")
    finally:
        stop(instance)


@click.command()
@pass_workspace
def down(workspace: Workspace) -> None:
    """Stop everything that `up` started on this data directory. Nothing that was accepted is lost.

    \b
    Example:
      throughline --data /tmp/one down
    """
    from deploy import instance

    with output.aside().status("stopping"):
        ran = instance.down(workspace.data)
    if not ran:
        raise NoInstanceError(f"nothing runs under {workspace.data}")
    output.people().print("stopped")


@click.command()
@output.json_option
@pass_workspace
def status(workspace: Workspace, as_json: bool) -> None:
    """Each part: whether it is up, how far behind it is, when it saw its last event.

    Exit code 1 where a part is not up.

    \b
    Example:
      throughline status --json
    """
    with output.aside().status("asking the parts"):
        found = condition(workspace)
    if as_json:
        output.print_json({"ok": found.ok, "parts": found.parts, "lags": [asdict(lag) for lag in found.lags]})
    else:
        _show(found)
    if not found.ok:
        raise click.exceptions.Exit(1)


def _show(found: Condition) -> None:
    right = ("up for", "behind", "last event", "restarts", "port")
    shown = output.table("part", "state", *right, right=right)
    now = datetime.now(UTC)
    for part in found.parts:
        style = "good" if part["state"] == "up" else "bad"
        shown.add_row(
            part["name"],
            f"[{style}]{part['state']}[/]",
            output.span(part["uptime_seconds"] * 1000),
            "-" if part["lag"] is None else f"{part['lag']:,}",
            f"{output.ago(part['last_event'], now)} ago" if part["last_event"] else "-",
            str(part["restarts"]),
            (part["url"] or found.kafka).rpartition(":")[2],
        )
    console = output.people()
    console.print(shown)
    console.print("behind: records yet to be seen by the part", style="quiet")
    for part in found.parts:
        if part["state"] != "up":
            console.print(f"[bad]{part['name']}[/]: ", end="")
            console.print(f"{part['last_log_line']} ({part['log']})", markup=False, soft_wrap=True)
    for trouble in found.troubles:
        console.print(trouble, style="bad", markup=False)


@click.command()
@output.json_option
@pass_workspace
def doctor(workspace: Workspace, as_json: bool) -> None:
    """Check Java, ports, disk, the advertised address and versions; each finding with its fix.

    Exit code 1 where something needs fixing.

    \b
    Example:
      throughline doctor
    """
    from deploy.doctor import doctor as examine

    with output.aside().status("examining"):
        checks: list[Any] = examine(settings_of(workspace))
    if as_json:
        output.print_json([asdict(check) for check in checks])
    else:
        _show_checks(checks)
    if not all(check.ok for check in checks):
        raise click.exceptions.Exit(1)


def _show_checks(checks: list[Any]) -> None:
    console = output.people()
    for check in checks:
        mark = "[good]ok [/]" if check.ok else "[bad]fix[/]"
        console.print(f"{mark} {check.name:<14} ", end="")
        console.print(check.detail, markup=False, soft_wrap=True)
        if not check.ok:
            console.print(f"    {'':<14} {check.fix}", style="medium", markup=False, soft_wrap=True)

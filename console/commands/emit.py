"""`throughline emit`: touchpoints from a person's shell, over HTTP or straight to Kafka."""

import sys
from collections.abc import Iterable, Iterator
from typing import Any

import click

from console import output
from console.delivery import Delivery, deliver_to_gateway, deliver_to_kafka
from console.workspace import Workspace, pass_workspace


@click.command()
@click.argument("touchpoint", required=False)
@click.option(
    "--via", type=click.Choice(["gateway", "kafka"]), default="gateway", show_default=True, help="The way in."
)
@output.json_option
@pass_workspace
def emit(workspace: Workspace, touchpoint: str | None, via: str, as_json: bool) -> None:
    """Send touchpoints: one as an argument, or one per line (NDJSON) from stdin.

    Ends when Kafka has all of them (acks=all). Exit code 1 where any was not accepted; the others are sent.

    \b
    Example:
      throughline emit '{"id": "m-1", "source": "mailer", "type": "email.clicked", "team": "marketing",
        "direction": "inbound", "occurred_at": "2026-03-01T09:00:00Z", "customer": {"email": "jo@acme.example"}}'
    """
    run = workspace.run()
    if touchpoint is None and sys.stdin.isatty():
        raise click.UsageError("give a touchpoint as the argument, or pipe one per line into stdin")
    lines = [touchpoint.encode()] if touchpoint not in {None, "-"} and touchpoint else sys.stdin.buffer
    delivery = (
        deliver_to_gateway(run.gateway, numbered(lines))
        if via == "gateway"
        else deliver_to_kafka(run.kafka, numbered(lines))
    )
    if as_json:
        output.print_json({"accepted": delivery.accepted, "rejected": delivery.rejected})
    else:
        _say(delivery)
    if delivery.rejected:
        raise click.exceptions.Exit(1)


def numbered(lines: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """The lines that hold something, with their number from 1."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield number, line.strip()


def _say(delivery: Delivery) -> None:
    aside = output.aside()
    for refused in delivery.rejected[:20]:
        aside.print(f"[bad]line {refused['line']}[/]: {_reason(refused)}", soft_wrap=True)
    if len(delivery.rejected) > 20:
        aside.print(f"... and {len(delivery.rejected) - 20} more; --json has all", style="quiet")
    output.people().print(f"{delivery.accepted} accepted, {len(delivery.rejected)} rejected")


def _reason(refused: dict[str, Any]) -> str:
    from rich.markup import escape

    where = f" at {refused['pointer']}" if refused.get("pointer") else ""
    return escape(f"{refused['reason']}{where}: {refused.get('detail') or ''}".rstrip(": "))

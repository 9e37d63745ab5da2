"""`throughline simulate`: touchpoints of both teams, as NDJSON on stdout."""

import os
import sys
from datetime import UTC, datetime

import click

from console.moments import MOMENT


@click.command()
@click.option(
    "--customers", type=click.IntRange(1), default=2000, show_default=True, metavar="N", help="How many people."
)
@click.option("--days", type=click.FloatRange(0, min_open=True), default=90, show_default=True, metavar="D")
@click.option("--seed", type=int, default=1, show_default=True, metavar="S", help="The same seed, the same story.")
@click.option(
    "--until", type=MOMENT, metavar="T", help="Where the days end: a time, or `now`. Default: today 00:00 UTC."
)
@click.option(
    "--bad", is_flag=True, help="Also the events that must be rejected; a line `null` is a record without value."
)
def simulate(customers: int, days: float, seed: int, until: datetime | None, bad: bool) -> None:
    """Write simulated touchpoints of both teams as NDJSON to stdout, in order of arrival.

    The same customers, days, seed and until give the same bytes. Duplicates and late arrivals are part of it.

    \b
    Example:
      throughline simulate --customers 200 --days 30 --seed 7 | throughline emit
    """
    from gateway.simulation import Simulation

    end = until or datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    simulation = Simulation(seed, customers, days, int(end.timestamp() * 1000))
    write = sys.stdout.buffer.write
    try:
        for record in simulation.history():
            if bad or not record.bad:
                write((record.value or b"null") + b"\n")
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # The reader has enough. Python would complain at exit while it flushes what nobody reads.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

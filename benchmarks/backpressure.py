"""`python -m benchmarks.backpressure`: memory with millions of touchpoints of lag, and ClickHouse away.

What is behind stays in Kafka: a little lag and a hundred times as much take the same memory.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx

from benchmarks import machine
from benchmarks.broker import PARTITIONS, broker, free_run
from benchmarks.contenders import worker_process
from benchmarks.loading import accepted, load
from benchmarks.process import Run, StalledError, counted, started
from benchmarks.report import Figure, Report
from benchmarks.telling import Telling, say
from benchmarks.touchpoints import Volume
from schemas.settings import Settings

_CUSTOMERS, _LITTLE = 50_000, 100_000
_WRITER_PORT = 4
_START_SECONDS = 60.0


def measure(touchpoints: int, seconds: float) -> Report:
    """The same twice: with a little lag, then with much."""
    figures = []
    for lag in (_LITTLE, touchpoints):
        with broker() as (bootstrap, folder):
            volume = Volume(lag, _CUSTOMERS)
            asyncio.run(load(bootstrap, accepted(volume), Telling(f"loading {lag:,} touchpoints")))
            figures += _watch(bootstrap, folder, lag, seconds)
    return Report(
        "backpressure", machine.describe(), datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        f"python -m benchmarks.backpressure --touchpoints {touchpoints} --seconds {seconds:g}", figures, [],
        [
            f"Touchpoints of {_CUSTOMERS:,} customers on journey.touchpoints before worker and writer begin to read; "
            f"where the writer's ClickHouse should be, nothing listens. Looked at for {seconds:g} s.",
            "The worker's memory has the journeys of whom it has folded so far; the writer's two batches at most.",
        ],
    )  # fmt: skip


def _watch(bootstrap: str, folder: Path, lag: int, seconds: float) -> list[Figure]:
    with (
        httpx.Client(timeout=30) as client,
        worker_process(bootstrap, folder, "behind") as (worker, page),
        _writer(bootstrap, folder) as (writer, health),
    ):
        begun = time.monotonic()
        while not counted(client, page, "throughline_folded_total") or not _waits(client, health):
            _refuse_death(worker, writer)
            if time.monotonic() - begun > _START_SECONDS:
                raise StalledError(f"nothing is folded, or the writer does not wait\n{worker.said()}\n{writer.said()}")
            time.sleep(0.5)
        time.sleep(seconds)
        _refuse_death(worker, writer)
        folded = counted(client, page, "throughline_folded_total")
        assert _waits(client, health), writer.said()
        said = [
            Figure(f"{lag:,} behind: worker, most memory", "MiB", [worker.peak_mib()]),
            Figure(f"{lag:,} behind: writer, most memory", "MiB", [writer.peak_mib()]),
            Figure(f"{lag:,} behind: touchpoints folded meanwhile", "touchpoints", [folded]),
        ]
        for figure in said:
            say(f"{figure.name}: {figure.values[0]:,.0f} {figure.unit}")
        return said


@contextmanager
def _writer(bootstrap: str, folder: Path) -> Iterator[tuple[Run, str]]:
    """A writer whose ClickHouse is away, and where it says how it is."""
    port_base = free_run(10)
    settings = Settings(
        kafka=bootstrap, data=folder, port_base=port_base, partitions=PARTITIONS, group="behind",
        clickhouse_url=f"http://127.0.0.1:{free_run(1)}",
    )  # fmt: skip
    with started([sys.executable, "-m", "sinks.writer"], settings.environment(), folder, "writer") as run:
        yield run, f"http://127.0.0.1:{port_base + _WRITER_PORT}/healthz"


def _waits(client: httpx.Client, health: str) -> bool:
    try:
        return bool(client.get(health).json()["status"] == "waiting")
    except httpx.TransportError:
        return False


def _refuse_death(*runs: Run) -> None:
    for run in runs:
        if not run.alive():
            raise StalledError(f"a process is gone\n{run.said()}")


def main() -> None:
    """Print a table, and write it to benchmarks/results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.backpressure", description=__doc__)
    parser.add_argument("--touchpoints", type=int, default=10_000_000, metavar="N")
    parser.add_argument("--seconds", type=float, default=60.0, metavar="S")
    given = parser.parse_args()
    report = measure(given.touchpoints, given.seconds)
    report.write()
    print(report.table())


if __name__ == "__main__":
    main()

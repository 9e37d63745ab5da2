"""`python -m benchmarks.backpressure`: memory with millions of touchpoints of lag, and ClickHouse away.

What is behind stays in Kafka: a little lag and a hundred times as much take the same memory.
"""

import argparse
import asyncio
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import httpx

from benchmarks.broker import broker
from benchmarks.contenders import worker_process
from benchmarks.loading import accepted, load
from benchmarks.process import Run, StalledError, counted
from benchmarks.report import Figure, Report
from benchmarks.telling import Telling, say
from benchmarks.touchpoints import Volume
from benchmarks.writing import clickhouse, writer

_CUSTOMERS, _LITTLE = 50_000, 200_000
_WRITTEN = 20_000
_FOLDED = "throughline_folded_total"
_PATIENCE_SECONDS, _ASK_SECONDS = 60.0, 0.2


def measure(touchpoints: int, seconds: float) -> Report:
    """The same twice: with a little lag, then with much."""
    figures = []
    for lag in (_LITTLE, touchpoints):
        with broker() as (bootstrap, folder):
            volume = Volume(lag, _CUSTOMERS)
            asyncio.run(load(bootstrap, accepted(volume), Telling(f"loading {lag:,} touchpoints")))
            figures += _watch(bootstrap, folder, lag, seconds)
    return Report(
        "backpressure",
        f"python -m benchmarks.backpressure --touchpoints {touchpoints} --seconds {seconds:g}", figures, [],
        [
            f"Touchpoints of {_CUSTOMERS:,} customers on journey.touchpoints before worker and writer begin to read; "
            f"ClickHouse is stopped after {_WRITTEN:,} rows, and memory looked at for {seconds:g} s from then on.",
            "The worker's memory has the journeys of whom it has folded so far; the writer's two batches at most.",
        ],
    )  # fmt: skip


def _watch(bootstrap: str, folder: Path, lag: int, seconds: float) -> list[Figure]:
    with (
        httpx.Client(timeout=30) as client,
        ExitStack() as engine,
        worker_process(bootstrap, folder, "behind") as (worker, page),
    ):
        _, settings = engine.enter_context(clickhouse(folder / "engine"))
        with writer(settings, bootstrap, folder, "behind") as (writing, health):
            _until(lambda: writing.done() >= _WRITTEN, worker, writing)
            engine.close()
            _until(lambda: _waits(client, health), worker, writing)
            time.sleep(seconds)
            _until(lambda: _waits(client, health), worker, writing)
            said = [
                Figure(f"{lag:,} behind: worker, most memory", "MiB", [worker.peak_mib()]),
                Figure(f"{lag:,} behind: writer, most memory", "MiB", [writing.peak_mib()]),
                Figure(f"{lag:,} behind: folded meanwhile", "touchpoints", [counted(client, page, _FOLDED)]),
            ]
    for figure in said:
        say(f"{figure.name}: {figure.values[0]:,.0f} {figure.unit}")
    return said


def _until(condition: Callable[[], bool], *runs: Run) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        gone = [run for run in runs if not run.alive()]
        if gone or time.monotonic() > deadline:
            raise StalledError("a process is gone, or nothing moves\n" + "\n".join(run.said() for run in gone or runs))
        time.sleep(_ASK_SECONDS)


def _waits(client: httpx.Client, health: str) -> bool:
    try:
        return bool(client.get(f"{health}/healthz").json()["status"] == "waiting")
    except httpx.TransportError:
        return False


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

"""Intake alone: raw touchpoints validated, identified and re-keyed by a worker process that reads nothing else.

`python -m benchmarks.intake` is that worker; its settings are in the environment.
"""

import asyncio
from dataclasses import replace
from pathlib import Path

import httpx

from benchmarks.broker import broker, recreate
from benchmarks.contenders import worker_process
from benchmarks.loading import load, raw
from benchmarks.pace import Pace, pace
from benchmarks.process import counted
from benchmarks.report import Figure
from benchmarks.telling import Telling, say
from benchmarks.touchpoints import Volume
from schemas import topic
from streams import app, worker

_ACCEPTED = "throughline_touchpoints_total"
_PATIENCE_SECONDS = 60.0


def measure(volume: Volume, repetitions: int) -> list[Figure]:
    """Touchpoints/s onto journey.touchpoints, each chunk in a transaction."""
    speed = Figure("intake: validate, identify, re-key", "touchpoints/s")
    spent = Figure("intake: processor time", "µs/touchpoint")
    with broker() as (bootstrap, folder), httpx.Client(timeout=30) as client:
        asyncio.run(load(bootstrap, raw(volume), Telling("loading raw touchpoints")))
        for number in range(repetitions):
            found = _once(bootstrap, folder, number, client, volume)
            speed.values.append(found.per_second)
            spent.values.append(found.cpu_microseconds)
            say(f"intake, run {number + 1}: {found.per_second:,.0f} touchpoints/s")
    return [speed, spent]


def _once(bootstrap: str, folder: Path, number: int, client: httpx.Client, volume: Volume) -> Pace:
    made = (topic.TOUCHPOINTS, topic.LINKS, topic.REJECTED, *(topic.positions_of(name) for name in topic.RAW))
    recreate(bootstrap, made)
    with worker_process(bootstrap, folder, f"intake-{number}", "benchmarks.intake") as (run, page):
        return pace(
            replace(run, done=lambda: counted(client, page, _ACCEPTED)),
            since=volume.touchpoints // 10,
            until=volume.touchpoints * 9 // 10,
            patience_seconds=_PATIENCE_SECONDS,
            told=Telling(f"intake, run {number + 1}"),
        )


def main() -> None:
    """A worker as it is, but for its inputs: the raw topics only, so that nothing shares the process with intake."""
    app.INPUTS = worker.INPUTS = topic.RAW  # type: ignore[assignment, attr-defined]
    worker.main()


if __name__ == "__main__":
    main()

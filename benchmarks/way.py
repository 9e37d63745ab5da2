"""The whole way: raw touchpoints in Kafka until they are rows of ClickHouse, with all parts of an instance running."""

import asyncio
from pathlib import Path

import httpx

from benchmarks.broker import PARTITIONS, broker, free_run
from benchmarks.loading import load, raw
from benchmarks.pace import pace
from benchmarks.process import Run, counted, cpu_seconds, peak_mib
from benchmarks.report import Figure
from benchmarks.telling import Telling, say
from benchmarks.touchpoints import Volume
from deploy.instance import up
from schemas.settings import Settings

_ROWS = 'throughline_sink_rows_total{table="touchpoints"}'
_WRITER_PORT = 4
_PATIENCE_SECONDS = 120.0


def measure(volume: Volume, repetitions: int) -> list[Figure]:
    """Touchpoints/s that become queryable, their facts with them; a fresh instance and a fresh broker each time."""
    speed = Figure("the whole way: raw to queryable in ClickHouse", "touchpoints/s")
    memory = Figure("the whole way: peak memory of all our processes", "MiB")
    for number in range(repetitions):
        with broker() as (bootstrap, folder):
            asyncio.run(load(bootstrap, raw(volume), Telling("loading raw touchpoints")))
            _once(bootstrap, folder, volume, number, speed, memory)
        say(f"the whole way, run {number + 1}: {speed.values[-1]:,.0f} touchpoints/s")
    return [speed, memory]


def _once(bootstrap: str, folder: Path, volume: Volume, number: int, speed: Figure, memory: Figure) -> None:
    settings = Settings(
        data=folder / "instance", port_base=free_run(10), partitions=PARTITIONS, kafka=bootstrap, group=f"way-{number}"
    )
    with httpx.Client(timeout=30) as client, up(settings) as instance:
        page = f"http://127.0.0.1:{settings.port_base + _WRITER_PORT}"
        pids = list(instance.run.pids.values())
        run = Run(
            done=lambda: counted(client, page, _ROWS),
            alive=lambda: all(Path(f"/proc/{pid}").exists() for pid in pids),
            cpu_seconds=lambda: sum(map(cpu_seconds, pids)),
            peak_mib=lambda: sum(map(peak_mib, pids)),
            said=lambda: "",
        )
        found = pace(
            run,
            since=volume.touchpoints // 10,
            until=volume.touchpoints * 9 // 10,
            patience_seconds=_PATIENCE_SECONDS,
            told=Telling(f"the whole way, run {number + 1}"),
        )
        speed.values.append(found.per_second)
        memory.values.append(run.peak_mib())

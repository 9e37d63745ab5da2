"""The writer: touchpoints and facts that lie in Kafka into an empty embedded ClickHouse, by rows per second."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path

import httpx

from benchmarks.broker import PARTITIONS, broker, free_run
from benchmarks.loading import accepted, facts, load
from benchmarks.pace import pace
from benchmarks.process import Run, answering, counted, started
from benchmarks.report import Figure
from benchmarks.telling import Telling, say
from benchmarks.touchpoints import Volume
from deploy.secret import complete
from schemas.settings import Settings

_ROWS = "throughline_sink_rows_total"
_CLICKHOUSE_PORT, _WRITER_PORT = 2, 4
_PATIENCE_SECONDS = 60.0


def measure(volume: Volume, repetitions: int) -> list[Figure]:
    """Rows/s, and what writer and ClickHouse take of the processor for each row. Every run fills new tables."""
    speed = Figure("writer: rows into ClickHouse", "rows/s")
    spent, beside = Figure("writer: processor time", "µs/row"), Figure("ClickHouse meanwhile: processor time", "µs/row")
    peak = Figure("writer: peak memory", "MiB")
    with broker() as (bootstrap, folder):
        rows, _ = asyncio.run(load(bootstrap, chain(accepted(volume), facts(volume)), Telling("loading rows to be")))
        for number in range(repetitions):
            with _writing(bootstrap, folder / f"run-{number}", f"bench-{number}") as (run, engine):
                found = pace(
                    run, since=rows // 10, until=rows * 9 // 10, patience_seconds=_PATIENCE_SECONDS,
                    told=Telling(f"writer, run {number + 1}"), beside=engine,
                )  # fmt: skip
                speed.values.append(found.per_second)
                spent.values.append(found.cpu_microseconds)
                beside.values.append(1e6 * found.beside_cpu_seconds / found.done)
                peak.values.append(run.peak_mib())
            say(f"writer, run {number + 1}: {found.per_second:,.0f} rows/s")
    return [speed, spent, beside, peak]


@contextmanager
def _writing(bootstrap: str, folder: Path, group: str) -> Iterator[tuple[Run, Run]]:
    """A writer at work, and the ClickHouse that it fills."""
    with clickhouse(folder) as (engine, settings), writer(settings, bootstrap, folder, group) as (run, _):
        yield run, engine


@contextmanager
def clickhouse(folder: Path) -> Iterator[tuple[Run, Settings]]:
    """An embedded ClickHouse, and settings that name it."""
    folder.mkdir(exist_ok=True)
    port_base = free_run(10)
    url = f"http://127.0.0.1:{port_base + _CLICKHOUSE_PORT}"
    settings = complete(Settings(data=folder, port_base=port_base, partitions=PARTITIONS))
    command = [sys.executable, "-m", "deploy.clickhouse"]
    with httpx.Client(timeout=30) as client, started(command, settings.environment(), folder, "clickhouse") as run:
        answering(client, f"{url}/ping", run)
        yield run, settings.model_copy(update={"clickhouse_url": url})


@contextmanager
def writer(settings: Settings, bootstrap: str, folder: Path, group: str) -> Iterator[tuple[Run, str]]:
    """A writer at work, told by its rows, and where its pages are."""
    port_base = free_run(10)
    named = settings.model_copy(update={"kafka": bootstrap, "port_base": port_base, "group": group})
    page = f"http://127.0.0.1:{port_base + _WRITER_PORT}"
    command = [sys.executable, "-m", "sinks.writer"]
    with httpx.Client(timeout=30) as client, started(command, named.environment(), folder, "writer") as run:
        yield replace(run, done=lambda: counted(client, page, _ROWS)), page

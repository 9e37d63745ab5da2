"""The writer: touchpoints and facts that lie in Kafka into an empty embedded ClickHouse, by rows per second."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
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
    spent, engine = Figure("writer: processor time", "µs/row"), Figure("ClickHouse meanwhile: processor time", "µs/row")
    peak = Figure("writer: peak memory", "MiB")
    with broker() as (bootstrap, folder):
        rows, _ = asyncio.run(load(bootstrap, chain(accepted(volume), facts(volume)), Telling("loading rows to be")))
        for number in range(repetitions):
            with _writing(bootstrap, folder / f"run-{number}", f"bench-{number}") as (writer, clickhouse):
                found = pace(
                    writer, since=rows // 10, until=rows * 9 // 10, patience_seconds=_PATIENCE_SECONDS,
                    told=Telling(f"writer, run {number + 1}"), beside=clickhouse,
                )  # fmt: skip
                speed.values.append(found.per_second)
                spent.values.append(found.cpu_microseconds)
                engine.values.append(1e6 * found.beside_cpu_seconds / found.done)
                peak.values.append(writer.peak_mib())
            say(f"writer, run {number + 1}: {found.per_second:,.0f} rows/s")
    return [speed, spent, engine, peak]


@contextmanager
def _writing(bootstrap: str, folder: Path, group: str) -> Iterator[tuple[Run, Run]]:
    """A writer at work, and the ClickHouse that it fills."""
    folder.mkdir()
    port_base = free_run(10)
    url = f"http://127.0.0.1:{port_base + _CLICKHOUSE_PORT}"
    settings = complete(Settings(kafka=bootstrap, data=folder, port_base=port_base, partitions=PARTITIONS, group=group))
    with ExitStack() as stack:
        client = stack.enter_context(httpx.Client(timeout=30))
        command = [sys.executable, "-m", "deploy.clickhouse"]
        clickhouse = stack.enter_context(started(command, settings.environment(), folder, "clickhouse"))
        answering(client, f"{url}/ping", clickhouse)
        settings = settings.model_copy(update={"clickhouse_url": url})
        command = [sys.executable, "-m", "sinks.writer"]
        writer = stack.enter_context(started(command, settings.environment(), folder, "writer"))
        page = f"http://127.0.0.1:{port_base + _WRITER_PORT}"
        yield replace(writer, done=lambda: counted(client, page, _ROWS)), clickhouse

"""The embedded ClickHouse as a process: what a kill leaves, and who may open its directory."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.process import answers, eventually

PASSWORD = "of-the-writer"
START = [sys.executable, "-m", "deploy.clickhouse"]


@pytest.fixture
def start(
    tmp_path: Path, free_ports: Callable[[int], list[int]]
) -> Iterator[Callable[[], tuple[subprocess.Popen[str], str]]]:
    """start() runs a server on this test's directory and returns (process, url)."""
    started: list[subprocess.Popen[str]] = []
    (port,) = free_ports(1)

    def make() -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(
            START,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={
                **os.environ,
                "THROUGHLINE_DATA": str(tmp_path),
                "THROUGHLINE_PORT_BASE": str(port - 2),
                "THROUGHLINE_CLICKHOUSE_PASSWORD": PASSWORD,
            },
        )
        started.append(process)
        return process, f"http://127.0.0.1:{port}"

    yield make
    for process in started:
        process.kill()
        process.wait()


def _wait(url: str) -> None:
    eventually(lambda: answers(f"{url}/ping"), 60)


def _ask(url: str, sql: str) -> str:
    answer = httpx.post(
        url, content=sql, auth=("throughline", PASSWORD), params={"database": "throughline"}, timeout=60
    )
    answer.raise_for_status()
    return answer.text


def test_a_kill_during_inserts_loses_no_acknowledged_row_and_keeps_no_part_of_another(
    start: Callable[[], tuple[subprocess.Popen[str], str]],
) -> None:
    process, url = start()
    _wait(url)
    _ask(url, "CREATE TABLE kept (batch UInt32, id UInt64) ENGINE = MergeTree ORDER BY id")
    acknowledged: list[int] = []
    for round_number in range(2):
        killer_at = time.monotonic() + 1.0
        try:
            for batch in range(round_number * 10_000, round_number * 10_000 + 5000):
                if time.monotonic() > killer_at:
                    process.send_signal(signal.SIGKILL)
                _ask(url, f"INSERT INTO kept SELECT {batch}, number FROM numbers(20000)")
                acknowledged.append(batch)
        except httpx.HTTPError:
            process.wait()
        process, url = start()
        _wait(url)
    counts = dict(line.split("\t") for line in _ask(url, "SELECT batch, count() FROM kept GROUP BY batch").splitlines())
    assert len(acknowledged) > 10
    assert set(counts.values()) == {"20000"}
    assert {str(batch) for batch in acknowledged} <= set(counts)


def test_a_second_process_on_the_directory_is_told_which_one_holds_it(
    start: Callable[[], tuple[subprocess.Popen[str], str]],
) -> None:
    first, url = start()
    _wait(url)
    second, _ = start()
    said, _ = second.communicate(timeout=60)
    assert second.returncode == 1
    assert f"pid {first.pid}" in said
    assert "throughline down" in said


def test_a_stop_is_clean_and_leaves_the_directory_free(
    start: Callable[[], tuple[subprocess.Popen[str], str]],
) -> None:
    first, url = start()
    _wait(url)
    _ask(url, "CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id")
    started = time.monotonic()
    first.terminate()
    first.wait(10)
    assert time.monotonic() - started < 8
    _, url = start()
    _wait(url)
    assert _ask(url, "SHOW TABLES") == "t\n"

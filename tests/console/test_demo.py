"""The demo whole, as a user starts it: the replay, what it prints, the questions to ask, Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from console.lag import KafkaView
from schemas.settings import Run
from schemas.topic import RAW

ROOT = Path(__file__).parents[2]
READY_SECONDS = 150


def command(data: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-c", "from console.main import cli; cli()", "--data", str(data), *arguments]


def ask(data: Path, *arguments: str) -> Any:
    asked = subprocess.run(command(data, *arguments, "--json"), capture_output=True, cwd=ROOT, timeout=60, check=False)
    assert asked.returncode == 0, asked.stderr.decode()
    return json.loads(asked.stdout)


@pytest.fixture
def started(tmp_path: Path, port_base: int) -> Iterator[tuple[subprocess.Popen[bytes], Path, Path]]:
    """A demo that has printed what it found and is live: the process, its data directory, its stdout."""
    data, shown, errors = tmp_path / "data", tmp_path / "shown", tmp_path / "errors"
    arguments = ["--port-base", str(port_base), "demo", "--customers", "150", "--days", "60", "--rate", "20"]
    with shown.open("wb") as out, errors.open("wb") as err:
        process = _start(command(data, *arguments), out, err)
    try:
        deadline = time.monotonic() + READY_SECONDS
        while b"Live:" not in errors.read_bytes():
            assert process.poll() is None, errors.read_text()
            assert time.monotonic() < deadline, errors.read_text() + shown.read_text()
            time.sleep(0.2)
        yield process, data, shown
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(60)


def _start(arguments: list[str], out: IO[bytes], err: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(arguments, cwd=ROOT, stdout=out, stderr=err, env={**os.environ, "COLUMNS": "100"})


def test_the_demo_shows_what_it_found_answers_questions_and_stops_on_ctrl_c(
    started: tuple[subprocess.Popen[bytes], Path, Path],
) -> None:
    process, data, shown = started
    told = shown.read_text()
    for section in ("awareness", "opportunity", "Stalled prospects", "Both teams at once", "Hand-offs", "Rejected"):
        assert section in told
    run = Run.read(data)
    assert run is not None
    assert run.console.url in told
    assert max(len(line) for line in told.splitlines() if "throughline --data" not in line) <= 100

    parts = ask(data, "status")
    assert parts["ok"]
    assert {"kafka", "clickhouse", "worker", "writer", "gateway"} <= {part["name"] for part in parts["parts"]}

    known = next(row for row in ask(data, "stalled") if "@" in row["who"])
    customer = ask(data, "customer", known["who"])
    assert customer["customer_id"] == known["customer_id"]
    assert customer["stalled"]

    _grows(run)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    assert not (data / "run.json").exists()


def _grows(run: Run) -> None:
    """Live traffic comes in."""
    view = KafkaView(run.kafka)
    before = sum(view.ends(*RAW).values())
    deadline = time.monotonic() + 20
    while sum(view.ends(*RAW).values()) < before + 20:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    view.close()

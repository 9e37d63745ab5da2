"""The demo whole, as a user starts it: the replay, what it prints, the questions to ask, Ctrl-C."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from console.lag import KafkaView
from schemas.settings import Run
from schemas.topic import RAW
from tests.instance import ask, command
from tests.process import ROOT, eventually

READY_SECONDS = 150


@pytest.fixture
def started(tmp_path: Path, port_base: int) -> Iterator[tuple[subprocess.Popen[bytes], Path, Path]]:
    """A demo that has printed what it found and is live: the process, its data directory, its stdout."""
    data, shown, errors = tmp_path / "data", tmp_path / "shown", tmp_path / "errors"
    arguments = ["--port-base", str(port_base), "demo", "--customers", "150", "--days", "60", "--rate", "20"]
    with shown.open("wb") as out, errors.open("wb") as err:
        process = _start(command(data, *arguments), out, err)
    try:
        eventually(lambda: b"Live:" in errors.read_bytes() or process.poll() is not None, READY_SECONDS)
        assert process.poll() is None, errors.read_text() + shown.read_text()
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
    eventually(lambda: sum(view.ends(*RAW).values()) >= before + 20)
    view.close()

"""A broker that holds nothing but what these tests put into it, and workers on it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.process import ROOT, broker_process

PARTITIONS = 2


@dataclass
class WorkerProcess:
    """One worker process; started anew, it is the same member of its group."""

    bootstrap: str
    folder: Path
    port_base: int
    worker_id: str = "worker-1"
    process: subprocess.Popen[bytes] | None = None

    def start(self, *command: str) -> None:
        """Start it; by another command than its own where one is given, to hurt it from inside."""
        environment = {
            "THROUGHLINE_KAFKA": self.bootstrap,
            "THROUGHLINE_DATA": str(self.folder),
            "THROUGHLINE_PORT_BASE": str(self.port_base),
            "THROUGHLINE_PARTITIONS": str(PARTITIONS),
            "THROUGHLINE_WORKER_ID": self.worker_id,
        }
        with (self.folder / f"{self.worker_id}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *(command or ("-m", "streams.worker"))],
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env={"THROUGHLINE_CHUNK_RECORDS": "500", **os.environ, **environment},
            )

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)
        self.process.send_signal(how)
        return self.process.wait(20)

    def state(self) -> dict[str, object]:
        """What /readyz says; nothing while the process has no page yet."""
        try:
            found: dict[str, object] = httpx.get(f"http://127.0.0.1:{self.port_base + 3}/readyz", timeout=5).json()
        except httpx.HTTPError:
            return {}
        return found

    def log(self) -> str:
        return (self.folder / f"{self.worker_id}.log").read_text(errors="replace")


@pytest.fixture
def own_kafka(own_broker: tuple[str, subprocess.Popen[bytes]]) -> str:
    """The address of a broker of this test alone, with the product's topics."""
    return own_broker[0]


@pytest.fixture
def own_broker(tmp_path: Path, free_ports: Callable[[int], list[int]]) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A broker of this test alone, with the product's topics, and its process."""
    with broker_process(tmp_path / "kafka", free_ports(2), PARTITIONS) as found:
        yield found


@pytest.fixture
def new_worker(
    own_kafka: str, tmp_path: Path, free_ports: Callable[[int], list[int]]
) -> Iterator[Callable[[str], WorkerProcess]]:
    """new_worker("worker-1"): a worker of this test, not started yet; stopped at the end."""
    made: list[WorkerProcess] = []

    def make(worker_id: str = "worker-1") -> WorkerProcess:
        made.append(WorkerProcess(own_kafka, tmp_path, free_ports(1)[0] - 3, worker_id))
        return made[-1]

    yield make
    for worker in made:
        if worker.process is not None and worker.process.poll() is None:
            worker.stop(signal.SIGKILL)


def until(what: Callable[[], bool], seconds: float, why: Callable[[], object] = lambda: "") -> None:
    """Wait for something to hold; fail with `why` after so long."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, why()
        time.sleep(0.2)

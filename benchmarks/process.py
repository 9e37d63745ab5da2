"""A process that is measured, seen from outside: how far it is, what it takes of the machine, what it says."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.broker import running

ROOT = Path(__file__).parent.parent
_TAIL_CHARACTERS = 2000
_READY_SECONDS, _ASK_SECONDS = 60.0, 0.1


class StalledError(RuntimeError):
    """What is measured does not move, or is gone; the message says where it stands and what it wrote last."""


@dataclass(frozen=True)
class Run:
    """A contender at work: `done()` durable touchpoints so far, what it took of the machine, what it `said()` last."""

    done: Callable[[], int]
    alive: Callable[[], bool]
    cpu_seconds: Callable[[], float]
    peak_mib: Callable[[], float]
    said: Callable[[], str]


@contextmanager
def started(command: list[str], environment: dict[str, str], folder: Path, name: str) -> Iterator[Run]:
    """A child process that logs to `folder`, seen from outside; it does not outlive the block."""
    path = folder / f"{name}.log"
    with path.open("wb") as log, running(command, log=log, cwd=ROOT, env={**os.environ, **environment}) as process:

        def said() -> str:
            return path.read_text(errors="replace")[-_TAIL_CHARACTERS:]

        yield Run(
            lambda: 0,
            lambda: process.poll() is None,
            lambda: cpu_seconds(process.pid),
            lambda: peak_mib(process.pid),
            said,
        )


def cpu_seconds(pid: int) -> float:
    """Processor time of a process so far, all its threads together; 0 where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mib(pid: int) -> float:
    """The most memory a process has had resident, in MiB; 0 where the system does not tell (Linux's /proc)."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), 0.0)


def counted(client: httpx.Client, page: str, metric: str) -> int:
    """A counter of one of our parts, all its labels together unless they are named; 0 while nothing answers."""
    try:
        lines = client.get(f"{page}/metrics").text.splitlines()
    except httpx.TransportError:
        return 0
    return int(sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith((f"{metric} ", f"{metric}{{"))))


def answering(client: httpx.Client, url: str, run: Run) -> None:
    """Wait until the process answers there with 200. Raises StalledError where it does not."""
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline and run.alive():
        try:
            if client.get(url).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(_ASK_SECONDS)
    raise StalledError(f"{url} does not answer\n{run.said()}")

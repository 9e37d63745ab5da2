"""Who is measured: a command to run, and how far it is, told by what it has made durable."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
from kafka import KafkaConsumer, TopicPartition

from benchmarks.broker import PARTITIONS, drop, free_run, recreate, running
from schemas import topic
from schemas.settings import Settings

ROOT = Path(__file__).parent.parent
_HEALTH_PORT = 3
_FOLDED = "throughline_folded_total "
_TAIL_CHARACTERS = 2000


@dataclass(frozen=True)
class Run:
    """A contender at work: `done()` durable touchpoints so far, what it took of the machine, what it `said()` last."""

    done: Callable[[], int]
    alive: Callable[[], bool]
    cpu_seconds: Callable[[], float]
    peak_mib: Callable[[], float]
    said: Callable[[], str]


@contextmanager
def worker(bootstrap: str, folder: Path, number: int) -> Iterator[Run]:
    """Our worker process with its default settings: the whole policy, each chunk committed in a transaction."""
    recreate(bootstrap, (topic.STATE, topic.FACTS, topic.ALERTS))
    with (
        httpx.Client(timeout=30) as client,
        worker_process(bootstrap, folder, f"bench-{number}") as (run, page),
    ):
        yield replace(run, done=lambda: _folded(client, f"{page}/metrics"))


@contextmanager
def worker_process(bootstrap: str, folder: Path, group: str) -> Iterator[tuple[Run, str]]:
    """Our worker on the topics as they are, and where its pages are."""
    port_base = free_run(10)
    settings = Settings(kafka=bootstrap, data=folder, port_base=port_base, partitions=PARTITIONS, group=group)
    command = [sys.executable, "-m", "streams.worker"]
    with _started(command, settings.environment(), folder, f"worker-{group}") as run:
        yield run, f"http://127.0.0.1:{port_base + _HEALTH_PORT}"


def _folded(client: httpx.Client, page: str) -> int:
    """Touchpoints of committed transactions: the worker counts when a transaction stands."""
    try:
        lines = client.get(page).text.splitlines()
    except httpx.TransportError:
        return 0
    return int(sum(float(line.removeprefix(_FOLDED)) for line in lines if line.startswith(_FOLDED)))


@contextmanager
def stock_faust(bootstrap: str, folder: Path, number: int) -> Iterator[Run]:
    """A stock Faust app with a Table: a simpler job, a count per customer."""
    name = f"stock-faust-{number}"
    changelog = f"{name}-counts-changelog"
    environment = {"BENCHMARK_KAFKA": bootstrap, "BENCHMARK_RUN": name}
    command = [sys.executable, "-m", "benchmarks.peers.stock_faust", "--datadir", str(folder / name), "worker"]
    consumer = KafkaConsumer(bootstrap_servers=bootstrap)
    try:
        with _started(command, environment, folder, name) as run:
            yield replace(run, done=lambda: _written(consumer, changelog))
    finally:
        consumer.close()
        drop(bootstrap, [changelog])


def _written(consumer: KafkaConsumer, changelog: str) -> int:
    """Changes of the table that are in its changelog: one for each touchpoint."""
    if changelog not in consumer.topics():
        return 0
    ends = consumer.end_offsets([TopicPartition(changelog, partition) for partition in range(PARTITIONS)])
    return int(sum(ends.values()))


@contextmanager
def _started(command: list[str], environment: dict[str, str], folder: Path, name: str) -> Iterator[Run]:
    path = folder / f"{name}.log"
    with path.open("wb") as log, running(command, log=log, cwd=ROOT, env={**os.environ, **environment}) as process:

        def said() -> str:
            return path.read_text(errors="replace")[-_TAIL_CHARACTERS:]

        yield Run(
            lambda: 0,
            lambda: process.poll() is None,
            lambda: _cpu_seconds(process.pid),
            lambda: _peak_mib(process.pid),
            said,
        )


def _cpu_seconds(pid: int) -> float:
    """Processor time of a process so far, all its threads together; 0 where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak_mib(pid: int) -> float:
    """The most memory a process has had resident, in MiB; 0 where the system does not tell (Linux's /proc)."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), 0.0)

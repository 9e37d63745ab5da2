"""A Kafka of the benchmark's own: embedded, on free ports, in a folder that goes away with it."""

import random
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kafka.admin import KafkaAdminClient

from deploy.kafka.broker import Broker, wait_ready
from deploy.kafka.topics import create_topics
from deploy.port import free
from schemas.topic import TOPICS

PARTITIONS = 4
_GONE_SECONDS = 30


def free_run(length: int) -> int:
    """The first of so many neighbouring free ports, below those that the kernel gives to outgoing connections."""
    for _ in range(1000):
        first = random.randrange(20_000, 32_000 - length)
        if all(free(port) for port in range(first, first + length)):
            return first
    raise RuntimeError("no free ports between 20000 and 32000: stop what holds them")


@contextmanager
def broker(partitions: int = PARTITIONS) -> Iterator[tuple[str, Path]]:
    """A running broker with the product's topics: its host:port, and a folder for what the measured parts write."""
    with tempfile.TemporaryDirectory(prefix="throughline-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        port = free_run(2)
        node = Broker(folder / "kafka", port, port + 1)
        node.prepare()
        with (folder / "kafka.log").open("wb") as log, running(node.command(), log=log, cwd=node.folder):
            wait_ready(node.bootstrap)
            create_topics(node.bootstrap, partitions)
            yield node.bootstrap, folder


@contextmanager
def running(command: list[str], *, log: object, **options: object) -> Iterator[subprocess.Popen[bytes]]:
    """The command as a child process that does not outlive the block; both its outputs go to `log`."""
    process: subprocess.Popen[bytes] = subprocess.Popen(command, stdout=log, stderr=log, **options)  # type: ignore[call-overload]
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def recreate(bootstrap: str, names: Iterable[str]) -> None:
    """Empty topics of the product by deleting and creating them, so that every run writes into new ones."""
    drop(bootstrap, names)
    create_topics(bootstrap, PARTITIONS, [topic for topic in TOPICS if topic.name in set(names)])


def drop(bootstrap: str, names: Iterable[str]) -> None:
    """Delete those of the topics that are there, and wait until they are gone."""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        there = set(admin.list_topics()) & set(names)
        if there:
            admin.delete_topics(sorted(there))
        deadline = time.monotonic() + _GONE_SECONDS
        while there & set(admin.list_topics()):
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"Kafka still lists {', '.join(sorted(there))} {_GONE_SECONDS} s after deleting them"
                )
            time.sleep(0.1)
    finally:
        admin.close()

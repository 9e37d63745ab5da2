"""Who is measured: a command to run, and how far it is, told by what it has made durable."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
from kafka import KafkaConsumer, TopicPartition

from benchmarks.broker import PARTITIONS, drop, free_run, recreate
from benchmarks.peers import ready
from benchmarks.process import Run, counted, started
from deploy.kafka.broker import find_java
from schemas import topic
from schemas.settings import Settings

_HEALTH_PORT = 3
_FOLDED = "throughline_folded_total"


@contextmanager
def worker(bootstrap: str, folder: Path, number: int) -> Iterator[Run]:
    """Our worker process with its default settings: the whole policy, each chunk committed in a transaction."""
    recreate(bootstrap, (topic.STATE, topic.FACTS, topic.ALERTS))
    with (
        httpx.Client(timeout=30) as client,
        worker_process(bootstrap, folder, f"bench-{number}") as (run, page),
    ):
        yield replace(run, done=lambda: counted(client, page, _FOLDED))


@contextmanager
def worker_process(
    bootstrap: str, folder: Path, group: str, module: str = "streams.worker"
) -> Iterator[tuple[Run, str]]:
    """Our worker on the topics as they are, and where its pages are."""
    port_base = free_run(10)
    settings = Settings(kafka=bootstrap, data=folder, port_base=port_base, partitions=PARTITIONS, group=group)
    command = [sys.executable, "-m", module]
    with started(command, settings.environment(), folder, f"worker-{group}") as run:
        yield run, f"http://127.0.0.1:{port_base + _HEALTH_PORT}"


@contextmanager
def stock_faust(bootstrap: str, folder: Path, number: int) -> Iterator[Run]:
    """A stock Faust app: a touchpoint counts when the change is in its Table's changelog."""
    name = f"stock-faust-{number}"
    changelog = f"{name}-customers-changelog"
    environment = {"BENCHMARK_KAFKA": bootstrap, "BENCHMARK_RUN": name}
    command = [sys.executable, "-m", "benchmarks.peers.stock_faust", "--datadir", str(folder / name), "worker"]
    with _peer(bootstrap, folder, name, command, environment) as (run, consumer):
        yield replace(run, done=lambda: _written(consumer, changelog))


@contextmanager
def kafka_streams(bootstrap: str, folder: Path, number: int) -> Iterator[Run]:
    """Kafka Streams, exactly once: a touchpoint counts when its group's offset, and so its transaction, stands."""
    name = f"kafka-streams-{number}"
    options = ["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", ready.classpath()]
    command = [find_java(), *options, "Peer", bootstrap, name, str(folder / name)]
    with _peer(bootstrap, folder, name, command, {}) as (run, consumer):
        yield replace(run, done=lambda: _committed(consumer))


@contextmanager
def quix_streams(bootstrap: str, folder: Path, number: int) -> Iterator[Run]:
    """Quix Streams: a touchpoint counts when its group's offset stands, which follows the changelog."""
    name = f"quix-streams-{number}"
    command = [str(ready.quix_python()), "-m", "benchmarks.peers.quix_streams", bootstrap, name, str(folder / name)]
    with _peer(bootstrap, folder, name, command, {}) as (run, consumer):
        yield replace(run, done=lambda: _committed(consumer))


@contextmanager
def _peer(
    bootstrap: str, folder: Path, name: str, command: list[str], environment: dict[str, str]
) -> Iterator[tuple[Run, KafkaConsumer]]:
    """A peer at work, and a consumer that sees its group; the topics that it has made go when it is done."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, group_id=name, enable_auto_commit=False)
    try:
        with started(command, environment, folder, name) as run:
            yield run, consumer
    finally:
        made = [each for each in consumer.topics() if name in each]
        consumer.close()
        drop(bootstrap, made)


def _written(consumer: KafkaConsumer, changelog: str) -> int:
    """Changes of the table that are in its changelog: one for each touchpoint."""
    if changelog not in consumer.topics():
        return 0
    ends = consumer.end_offsets([TopicPartition(changelog, partition) for partition in range(PARTITIONS)])
    return int(sum(ends.values()))


def _committed(consumer: KafkaConsumer) -> int:
    """How far the group is: the data was not written in transactions, so offsets are records."""
    places = [TopicPartition(topic.TOUCHPOINTS, partition) for partition in range(PARTITIONS)]
    return sum(consumer.committed(place) or 0 for place in places)

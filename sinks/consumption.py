"""A read-committed Kafka consumer of a sink: waits for the broker and the topics, and tells what was assigned."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import KafkaError

from sinks.waiting import happens

log = logging.getLogger(__name__)
_MIB = 1024 * 1024
_RETRY_SECONDS = 1.0
_SAID_EVERY = 5
_LEAVE_SECONDS = 2.5


class StoppedError(Exception):
    """The process was told to stop before Kafka and its topics were there."""


class Assignment(ConsumerRebalanceListener):  # type: ignore[misc]
    """The partitions of this consumer, and those among them whose position was not set yet (`unplaced`).

    A rebalance here revokes all partitions: whatever was read and not written is read anew by its new owner.
    `before_leaving` is awaited before anybody else can have them.
    """

    def __init__(self) -> None:
        self.before_leaving: Callable[[], Awaitable[None]] | None = None
        self.partitions: frozenset[TopicPartition] = frozenset()
        self.unplaced: frozenset[TopicPartition] = frozenset()
        self.generation = 0

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Called by aiokafka before a rebalance."""
        self.partitions = self.unplaced = frozenset()
        self.generation += 1
        if self.before_leaving is not None:
            await self.before_leaving()

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Called by aiokafka after a rebalance, before records of these partitions are handed out."""
        self.partitions = self.unplaced = frozenset(assigned)
        self.generation += 1

    def placed(self, partitions: frozenset[TopicPartition]) -> None:
        """Their positions are set."""
        self.unplaced -= partitions


@asynccontextmanager
async def consuming(
    bootstrap: str,
    group: str,
    topics: Sequence[str],
    listener: Assignment,
    stopping: asyncio.Event,
    *,
    member: str,
    needed: Sequence[str] = (),
) -> AsyncIterator[AIOKafkaConsumer]:
    """A started consumer of the group, once the broker answers and all topics are there. Never commits by itself.

    `member` names this process within the group: a killed one's successor has its partitions at once, without
    waiting for the session to run out. `needed` are more topics that must be there. Raises StoppedError where
    `stopping` comes first.
    """
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=group,
        group_instance_id=member,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        session_timeout_ms=10_000,
        heartbeat_interval_ms=2_000,
        fetch_max_bytes=32 * _MIB,
        max_partition_fetch_bytes=4 * _MIB,
        fetch_max_wait_ms=200,
        # How soon a broker that came back on another address, or a new partition, is noticed.
        metadata_max_age_ms=30_000,
        check_crcs=False,
    )
    await _start(consumer, bootstrap, stopping)
    try:
        await _wait_for(consumer, {*topics, *needed}, stopping)
        consumer.subscribe(topics=list(topics), listener=listener)
        yield consumer
    finally:
        # Where the broker is gone too, leaving the group could wait for it.
        with suppress(TimeoutError, KafkaError):
            async with asyncio.timeout(_LEAVE_SECONDS):
                if stopping.is_set():
                    await left_for_good(consumer)
                await consumer.stop()


async def left_for_good(consumer: AIOKafkaConsumer) -> None:
    """Tell the group that this member is gone. A named member that only stops is waited for until its session ends."""
    coordinator = consumer._coordinator
    # aiokafka says good-bye for members without a name only.
    coordinator._group_instance_id = None
    await coordinator.close()


async def polling_until(
    task: "asyncio.Task[Any]", consumer: AIOKafkaConsumer, assignment: Assignment, stopping: asyncio.Event
) -> bool:
    """Wait for a task with consumption paused, yet as a live member of the group. False where stopping came first.

    Raises what the task raised.
    """
    paused: set[TopicPartition] = set()
    while not (await asyncio.wait({task}, timeout=0.5))[0]:
        if stopping.is_set():
            return False
        fresh = assignment.partitions & consumer.assignment()
        consumer.pause(*fresh)
        paused |= fresh
        # Paused partitions give nothing; those of a new generation are not placed yet and are read again.
        await consumer.getmany(timeout_ms=0)
    consumer.resume(*(paused & consumer.assignment()))
    task.result()
    return True


async def _start(consumer: AIOKafkaConsumer, bootstrap: str, stopping: asyncio.Event) -> None:
    attempt = 0
    while True:
        try:
            await consumer.start()
            return
        except (KafkaError, OSError) as error:
            if attempt % _SAID_EVERY == 0:
                log.info("waiting for Kafka at %s: %s", bootstrap, error)
        attempt += 1
        await _pause(stopping)


async def _wait_for(consumer: AIOKafkaConsumer, topics: set[str], stopping: asyncio.Event) -> None:
    attempt = 0
    while missing := sorted(topics - await consumer.topics()):
        if attempt % _SAID_EVERY == 0:
            log.warning(
                "waiting for topics: %s; create them, as `throughline up` does, or set THROUGHLINE_KAFKA to another",
                ", ".join(missing),
            )
        attempt += 1
        await _pause(stopping)


async def _pause(stopping: asyncio.Event) -> None:
    if await happens(stopping, _RETRY_SECONDS):
        raise StoppedError

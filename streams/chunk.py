"""Faust by chunks: each poll hands an agent one message per partition, which carries the list of its records.

Faust spends 30-50 µs per message before any code of ours runs; so a message holds thousands of records. Limits:
records are Kafka's own (key, value, headers as bytes); chunks of a partition are acknowledged in order.
"""

import asyncio
from typing import Any, ClassVar

import aiokafka
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import PartitionRecords
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from faust.types.tuples import ConsumerMessage

from sinks.consumption import left_for_good
from sinks.waiting import happens
from streams.assignment import StayingAssignor
from streams.reading import Fetched
from streams.record import Record, record_of

# What a partition that was full has meanwhile cannot be asked for before a request without it has been answered.
_FETCH_MS = 50


class _Records(PartitionRecords):
    """Records as the stages read them: aiokafka's own take a twentieth of intake's time to make."""

    def _consumer_record(self, tp: TopicPartition, record: Any) -> Record:
        return record_of(tp.topic, tp.partition, record)


class ChunkThread(driver.AIOKafkaConsumerThread):
    """Reads only what producers committed: the raw topics may be written in transactions too."""

    def _create_worker_consumer(self, transport: Any) -> aiokafka.AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        # Faust offers no setting for these; they are read when the consumer starts.
        consumer._isolation_level = "read_committed"
        consumer._fetch_max_wait_ms = _FETCH_MS
        # One only: aiokafka joins once for each, and each joining starts a rebalance (its pull request 1168).
        consumer._partition_assignment_strategy = (StayingAssignor(self._is_member),)
        return consumer

    async def on_start(self) -> None:
        """Start the consumer, and have it make records of our kind."""
        await super().on_start()
        self._ensure_consumer()._fetcher._records = Fetched(_Records)

    def _is_member(self) -> bool:
        generation: int = self._ensure_consumer()._coordinator.generation
        return generation > 0

    def look_again(self) -> None:
        """Whoever waits for records looks at once which ones may be taken now. Called from the worker's thread."""
        self.thread_loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        for waiting in list(self._ensure_consumer()._fetcher._fetch_waiters):
            if not waiting.done():
                waiting.set_result(None)

    async def leave(self) -> None:
        """Tell the group at once that this member is gone for good."""
        await left_for_good(self._ensure_consumer())


class ChunkConsumer(driver.Consumer):
    """Merges what one poll brought of a partition into one message.

    A partition that is no longer full is read at once: Faust would wait for a second, or until others have something.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._dropped = asyncio.Event()

    def on_buffer_drop(self, tp: TP) -> None:
        """Read the partition again."""
        if tp in self._buffered_partitions:
            super().on_buffer_drop(tp)
            self._dropped.set()
            self._thread.look_again()

    async def _wait_next_records(self, timeout: float) -> tuple[Any, set[TP] | None]:  # noqa: ASYNC109
        if self.flow_active and not self._get_active_partitions():
            self._dropped.clear()
            await happens(self._dropped, timeout)
            if not self._get_active_partitions():
                return {}, set()
        found: tuple[Any, set[TP] | None] = await super()._wait_next_records(timeout)
        return found

    def _new_consumer_thread(self) -> ChunkThread:
        return ChunkThread(self, loop=self.loop, beacon=self.beacon)

    async def leave(self) -> None:
        """Tell the group at once that this member is gone for good: its partitions are others' without a wait."""
        await self._thread.call_thread(self._thread.leave)

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> dict[TP, list[Any]]:  # noqa: ASYNC109
        records = await super()._getmany(active_partitions=active_partitions, timeout=timeout)
        return {tp: [found] for tp, found in (records or {}).items() if found}

    def _to_message(self, tp: TP, record: list[Any]) -> ConsumerMessage:
        last = record[-1]
        return ConsumerMessage(
            last.topic,
            last.partition,
            last.offset,
            last.timestamp / 1000.0,
            0,
            [],
            None,
            record,
            None,
            0,
            0,
            tp,
            generation_id=self.app.consumer_generation_id,
        )

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Offsets between two chunks are inside them, or transaction markers: there is no gap to remember."""

    def _new_offset(self, tp: TP) -> int | None:
        """Chunks are acknowledged in order: the newest one acknowledged is committable."""
        acked = self._acked[tp]
        if not acked:
            return None
        newest: int = max(acked)
        self._acked_index[tp].difference_update(acked)
        acked.clear()
        return newest + 1


class ChunkTransport(driver.Transport):
    """Faust's Kafka transport with the consumer above."""

    Consumer: ClassVar[type[Any]] = ChunkConsumer

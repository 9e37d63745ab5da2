"""Reading a stretch of one partition outside any consumer group: committed records only, up to its very end."""

import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from itertools import chain
from operator import attrgetter
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED, PartitionRecords
from aiokafka.errors import CorruptRecordException

_SILENCE_SECONDS = 60.0
# What is fetched at once is read and let go of before the processor's cache has forgotten it.
_FETCH_BYTES = 2 * 1024 * 1024
_entry: Callable[[Any], tuple[bytes, bytes | None]] = attrgetter("key", "value")


class _BareRecords(PartitionRecords):  # type: ignore[misc]
    """Records as the protocol's decoder makes them, a batch at once: to look at each takes as long as to make it."""

    next_fetch_offset: int

    def __iter__(self) -> Iterator[Any]:
        return chain.from_iterable(self._batches())

    def _batches(self) -> Iterator[list[Any]]:
        while self._records.has_next():
            batch = self._records.next_batch()
            if self._check_crcs and not batch.validate_crc():
                raise CorruptRecordException(f"{self._tp}: a batch's checksum is wrong")
            if self._is_told(batch):
                records, start = list(batch), self.next_fetch_offset
                yield records if batch.base_offset >= start else [each for each in records if each.offset >= start]
            self.next_fetch_offset = batch.next_offset

    def _is_told(self, batch: Any) -> bool:
        """Whether its records are somebody's, and committed where only these are wanted."""
        if self._isolation_level == READ_COMMITTED and batch.producer_id is not None:
            self._consume_aborted_up_to(batch.base_offset)
            if batch.is_control_batch and self._contains_abort_marker(batch):
                self._aborted_producers.discard(batch.producer_id)
            if batch.is_transactional and batch.producer_id in self._aborted_producers:
                return False
        return not batch.is_control_batch


class Fetched(OrderedDict[TopicPartition, Any]):
    """Where aiokafka's fetcher puts what has come, for records of another kind than its own: it has no setting."""

    def __init__(self, kind: type[PartitionRecords]) -> None:
        super().__init__()
        self._kind = kind

    def __setitem__(self, tp: TopicPartition, found: Any) -> None:
        records = getattr(found, "_partition_records", None)
        if records is not None:
            records.__class__ = self._kind
        super().__setitem__(tp, found)


@asynccontextmanager
async def reader(
    bootstrap: str, isolation: str = "read_committed", *, bare: bool = False
) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer without a group, stopped at the end of the block.

    `bare` records have a key, a value, headers, an offset and a timestamp, and come in half the time.
    """
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level=isolation,
        max_partition_fetch_bytes=_FETCH_BYTES,
    )
    await consumer.start()
    if bare:
        consumer._fetcher._records = Fetched(_BareRecords)
    try:
        yield consumer
    finally:
        await consumer.stop()


async def stretch(
    consumer: AIOKafkaConsumer, tp: TopicPartition, start: int | None, end: int
) -> AsyncGenerator[list[Any]]:
    """Batches of the records from offset `start` (None: the first there is) up to and without `end`.

    Raises TimeoutError where Kafka gives nothing for a minute though the end is not reached.
    """
    consumer.assign([tp])
    if start is None:
        await consumer.seek_to_beginning(tp)
    else:
        consumer.seek(tp, start)
    heard = time.monotonic()
    while await consumer.position(tp) < end:
        found = (await consumer.getmany(tp, timeout_ms=1000)).get(tp, [])
        if found and found[-1].offset >= end:
            found = [record for record in found if record.offset < end]
        if found:
            heard = time.monotonic()
            yield found
        elif time.monotonic() - heard > _SILENCE_SECONDS:
            raise TimeoutError(f"{tp.topic}/{tp.partition}: nothing to read at {await consumer.position(tp)} of {end}")


async def compacted(consumer: AIOKafkaConsumer, tp: TopicPartition, end: int) -> dict[bytes, bytes]:
    """The newest value of every key of a compacted topic's partition below `end`. Raises as `stretch` does."""
    newest: dict[bytes, bytes | None] = {}
    async for records in stretch(consumer, tp, None, end):
        newest.update(map(_entry, records))
    return {key: value for key, value in newest.items() if value is not None}


async def ends_of(bootstrap: str, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
    """The offset after each partition's newest record, also where its transaction is not seen to have ended.

    A commit is confirmed before every partition shows it: who asked for the ends of committed records only could miss
    what another has been told is done.
    """
    async with reader(bootstrap, "read_uncommitted") as consumer:
        ends: dict[TopicPartition, int] = await consumer.end_offsets(list(places))
        return ends


async def end_of(bootstrap: str, place: TopicPartition) -> int:
    """The end of one partition, as `ends_of` means it."""
    return (await ends_of(bootstrap, [place]))[place]

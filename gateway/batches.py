"""Records of many requests gathered into batches by partition, each awaited as one. Never reorders a partition."""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Iterable
from zlib import crc32

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from gateway.record import Record

LINGER_SECONDS = 0.003
Written = asyncio.Future[None]
_Place = tuple[str, int]


class Batches:
    """What is on its way through one producer. A record costs it an append; only a batch costs a task and a future.

    A batch is open until the one before it is on its way, so batches grow with the load by themselves.
    """

    def __init__(self, producer: AIOKafkaProducer, partitions: dict[str, list[int]]) -> None:
        """`partitions` are those of every topic that records may name."""
        self._producer = producer
        self._partitions = partitions
        self._open: dict[_Place, _Batch] = {}
        self._turns: defaultdict[_Place, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._sending: set[asyncio.Task[None]] = set()

    def add(self, records: Iterable[Record]) -> set[Written]:
        """What to wait for until all of them are written; each raises KafkaError where its batch is not."""
        now_ms = time.time_ns() // 1_000_000
        return {self._add(record, now_ms) for record in records}

    def _add(self, record: Record, now_ms: int) -> Written:
        place = record.topic, partition_of(record.key, self._partitions[record.topic])
        batch = self._open.get(place)
        if batch is None or not batch.takes(record, now_ms):
            batch = self._open[place] = _Batch(self._producer)
            batch.takes(record, now_ms)
            task = asyncio.create_task(self._send(place, batch))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
        return batch.written

    async def _send(self, place: _Place, batch: "_Batch") -> None:
        await asyncio.sleep(LINGER_SECONDS)
        try:
            async with self._turns[place]:
                try:
                    sending = await self._producer.send_batch(batch.builder, place[0], partition=place[1])
                finally:
                    if self._open.get(place) is batch:
                        del self._open[place]
            await sending
        except KafkaError as error:
            batch.written.set_exception(error)
        else:
            batch.written.set_result(None)


class _Batch:
    def __init__(self, producer: AIOKafkaProducer) -> None:
        self.builder = producer.create_batch()
        self.written: Written = asyncio.get_running_loop().create_future()

    def takes(self, record: Record, now_ms: int) -> bool:
        """Whether there was room for the record; an empty batch has it always."""
        return self.builder.append(timestamp=now_ms, key=record.key, value=record.value) is not None


def partition_of(key: bytes | None, partitions: list[int]) -> int:
    """As librdkafka does by default. Other emitters place keys otherwise: intake places them anew."""
    return random.choice(partitions) if key is None else partitions[crc32(key) % len(partitions)]  # noqa: S311

"""Puts the data into journey.touchpoints once, for all who are measured on it."""

import time
from collections.abc import Callable

from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder

from benchmarks.broker import PARTITIONS
from benchmarks.touchpoints import Volume, records
from schemas import topic
from streams.intake import partition_of

_BATCH_BYTES = 512 * 1024
Progress = Callable[[int], None]


async def load(bootstrap: str, volume: Volume, told: Progress) -> int:
    """Write every record to its customer's partition, in order; returns the bytes of the values."""
    placed = [-1] * volume.customers
    size = 0
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", max_batch_size=_BATCH_BYTES) as producer:
        batches: list[BatchBuilder] = [producer.create_batch() for _ in range(PARTITIONS)]
        now = time.time_ns() // 1_000_000
        sent = []
        for number, record in enumerate(records(volume)):
            partition = placed[record.customer]
            if partition < 0:
                partition = placed[record.customer] = partition_of(record.customer_id, PARTITIONS)
            key, value = record.customer_id.encode(), record.value
            size += len(value)
            while batches[partition].append(timestamp=now, key=key, value=value) is None:
                sent.append(await producer.send_batch(batches[partition], topic.TOUCHPOINTS, partition=partition))
                batches[partition] = producer.create_batch()
                told(number)
        for partition, batch in enumerate(batches):
            if batch.record_count():
                sent.append(await producer.send_batch(batch, topic.TOUCHPOINTS, partition=partition))
        for written in sent:
            await written
    return size

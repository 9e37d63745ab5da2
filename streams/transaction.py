"""What a lane writes by: a producer of transactions, under an id that only the owner of an input partition has."""

import asyncio
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.producer import sender

from streams.effects import Output

_BATCH_BYTES = 1024 * 1024
_REQUEST_BYTES = 24 * 1024 * 1024
_TIMEOUT_MS = 60_000
# A transaction can begin once the broker has marked the one before as ended, a few milliseconds after it says so. The
# client looks again after 20, and has no setting for it.
sender.BACKOFF_OVERRIDE = 0.002


async def send(
    producer: AIOKafkaProducer, topic: str, partition: int, outputs: Sequence[Output], timestamp: int
) -> list["asyncio.Future[Any]"]:
    """Send records of `timestamp` (epoch ms) in as few batches as their bytes allow. The futures say when they are
    written."""
    sent = []
    batch = producer.create_batch()
    for key, value, headers in outputs:
        while batch.append(timestamp=timestamp, key=key, value=value, headers=headers) is None:
            sent.append(await producer.send_batch(batch, topic, partition=partition))
            batch = producer.create_batch()
    if batch.record_count():
        sent.append(await producer.send_batch(batch, topic, partition=partition))
    return sent


def producer_of(bootstrap: str, name: str) -> AIOKafkaProducer:
    """A producer of transactions by this id, not started yet."""
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        transactional_id=name,
        transaction_timeout_ms=_TIMEOUT_MS,
        max_batch_size=_BATCH_BYTES,
        max_request_size=_REQUEST_BYTES,
        client_id=name,
    )


def transactional_id(group: str, stage: str, tp: TopicPartition) -> str:
    """The id under which the owner of an input partition writes: who starts under it fences who did before."""
    return f"{group}.{stage}.{tp.topic}.{tp.partition}"

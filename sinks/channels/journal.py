"""What is known of each delivery, on the compacted `journey.deliveries`: survives any crash of the notifier.

A record's partition is its alert's partition on `journey.alerts`, so whoever owns the one reads the other.
"""

import asyncio
import logging
from collections.abc import Iterable
from typing import Literal

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from schemas.topic import DELIVERIES

log = logging.getLogger(__name__)
_RETRY_SECONDS = 1.0
State = Literal["due", "delivered", "gave_up", "past", "disabled", "channel_disabled"]


class Delivery(msgspec.Struct, frozen=True, omit_defaults=True):
    """One alert on its way through one channel. `due` ones carry the alert and when to try next (Unix seconds)."""

    channel: str
    id: str
    partition: int
    state: State
    failures: int = 0
    next_at: float = 0.0
    alert: msgspec.Raw = msgspec.Raw(b"null")

    @property
    def key(self) -> str:
        """The record's key: one per channel and alert."""
        return f"{self.channel}:{self.id}"


_decode = msgspec.json.Decoder(Delivery).decode


class Journal:
    """Reads and writes the topic. Writes are confirmed by Kafka before they return, however long that takes."""

    def __init__(self, bootstrap: str, producer: AIOKafkaProducer) -> None:
        self._bootstrap = bootstrap
        self._producer = producer

    async def write(self, delivery: Delivery) -> None:
        """Replace what is known of this delivery."""
        value = msgspec.json.encode(delivery)
        while True:
            try:
                await self._producer.send_and_wait(
                    DELIVERIES, value, key=delivery.key.encode(), partition=delivery.partition
                )
                return
            except KafkaError as error:
                log.warning("waiting for Kafka to remember a delivery: %r", error)
                await asyncio.sleep(_RETRY_SECONDS)

    async def read(self, partitions: Iterable[int]) -> dict[str, Delivery]:
        """The newest record per key of these partitions, read to their ends. Raises Kafka's errors."""
        wanted = [TopicPartition(DELIVERIES, number) for number in partitions]
        known: dict[str, Delivery] = {}
        reader = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
        )
        await reader.start()
        try:
            reader.assign(wanted)
            ends = await reader.end_offsets(wanted)
            await reader.seek_to_beginning(*wanted)
            while any([await reader.position(partition) < ends[partition] for partition in wanted]):
                for records in (await reader.getmany(timeout_ms=500)).values():
                    for record in records:
                        if record.value is not None:
                            delivery = _decode(record.value)
                            known[delivery.key] = delivery
        finally:
            await reader.stop()
        return known

"""The journeys of a partition as its worker kept them at one moment: between two transactions, at one position."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas import topic
from streams.position import POLICIES_KEY, POSITION_KEY, Position, unpack_position
from streams.reading import compacted, ends_of, reader

_POLL_SECONDS = 0.05
# Longer than Kafka leaves a transaction open whose worker is gone.
_PATIENCE_SECONDS = 120.0


class Snapshot(NamedTuple):
    """Packed journeys by customer, which hold every touchpoint of the partition below the position, and no other."""

    journeys: dict[str, bytes]
    position: Position


async def ends_between_transactions(bootstrap: str, partitions: Iterable[int]) -> dict[int, int]:
    """By partition an end of journey.state with everything committed by now below it, and no transaction around it.

    Raises TimeoutError where a transaction is open for two minutes.
    """
    places = [TopicPartition(topic.STATE, partition) for partition in partitions]
    written, deadline = await ends_of(bootstrap, places), time.monotonic() + _PATIENCE_SECONDS
    async with reader(bootstrap) as consumer:
        while True:
            ends: Mapping[TopicPartition, int] = await consumer.end_offsets(places)
            if all(ends[place] >= written[place] for place in places):
                return {place.partition: end for place, end in ends.items()}
            if time.monotonic() > deadline:
                raise TimeoutError(f"a transaction on {topic.STATE} does not end")
            await asyncio.sleep(_POLL_SECONDS)


async def snapshot(consumer: AIOKafkaConsumer, partition: int, end: int) -> Snapshot:
    """Read one, up to an end that lies between two transactions."""
    kept = await compacted(consumer, TopicPartition(topic.STATE, partition), end)
    position = kept.pop(POSITION_KEY, None)
    kept.pop(POLICIES_KEY, None)
    journeys = {key.decode(): value for key, value in kept.items()}
    return Snapshot(journeys, unpack_position(position) if position else Position(0))

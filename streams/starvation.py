"""Notices an input partition of which nothing is fetched any more, though records wait in it.

A consumer that lost its way in a rebalance fetches nothing and says nothing. So now and then somebody who is not that
consumer looks: a record that waits behind an idle lane, and still does much later, is one that will not be fetched.
"""

import time
from collections.abc import Mapping
from contextlib import aclosing

from aiokafka import TopicPartition

from streams.reading import reader, stretch


class StarvedError(Exception):
    """Records wait that nobody fetches: the process must join the group anew. The message says where."""


class Starvation:
    """The records that were seen waiting: by partition the offset of the first one, and since when (monotonic)."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._waiting: dict[TopicPartition, tuple[int, float]] = {}
        # From where to where nothing but markers of transactions lies.
        self._empty: dict[TopicPartition, tuple[int, int]] = {}

    async def look(self, positions: Mapping[TopicPartition, int]) -> dict[TopicPartition, float]:
        """How many seconds a record has been seen waiting, by partition, at these positions of idle lanes.

        Raises Kafka's errors.
        """
        self._waiting = {
            place: (offset, since)
            for place, (offset, since) in self._waiting.items()
            if positions.get(place, offset + 1) <= offset
        }
        if not positions:
            return {}
        async with reader(self._bootstrap) as consumer:
            ends = await consumer.end_offsets(list(positions))
            for place, position in positions.items():
                begin, end = self._empty.get(place, (position, position))
                if place in self._waiting or (begin <= position and ends[place] <= end):
                    continue
                first = None
                async with aclosing(stretch(consumer, place, position, ends[place])) as found:
                    async for records in found:
                        first = records[0].offset
                        break
                if first is None:
                    self._empty[place] = position, ends[place]
                else:
                    self._waiting[place] = first, time.monotonic()
        now = time.monotonic()
        return {place: now - since for place, (_, since) in self._waiting.items()}

"""`journey.alerts` to the channels: remembers each alert durably, then commits; the lanes deliver."""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError
from aiokafka.structs import ConsumerRecord
from msgspec import MsgspecError

from schemas import topic
from sinks.alert import decode_alert
from sinks.channels.journal import Delivery, Journal
from sinks.channels.lane import Channel, Lane, Switch
from sinks.channels.retry import Retry
from sinks.consumption import Assignment
from sinks.metrics import NotifierMetrics

log = logging.getLogger(__name__)

TOPICS = (topic.ALERTS,)
NEEDED = (topic.ALERTS, topic.DELIVERIES)
_POLL_RECORDS = 500
_MOST_PENDING = 20_000
_STOP_SECONDS = 5.0


class Notifier:
    """One consumer's alerts into lanes: one per partition and channel. Without channels every alert is unrouted."""

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        assignment: Assignment,
        channels: Sequence[Channel],
        journal: Journal,
        metrics: NotifierMetrics,
        retry: Retry,
    ) -> None:
        self._consumer = consumer
        self._assignment = assignment
        self._channels = channels
        self._journal = journal
        self._metrics = metrics
        self._retry = retry
        self._lanes: dict[int, list[Lane]] = {}
        self._deliveries: list[asyncio.Task[None]] = []
        self._ends: dict[TopicPartition, int] = {}
        self._lag = 0
        # What settles after another notifier has read the journal would be delivered by that one too.
        assignment.before_leaving = self._settle

    def state(self) -> dict[str, Any]:
        """What /healthz says: `starting` until partitions are assigned and their journal is read, then `ok`."""
        placed = self._assignment.partitions and not self._assignment.unplaced
        return {
            "status": "ok" if placed else "starting",
            "reason": "",
            "partitions": len(self._assignment.partitions),
            "lag": self._lag,
            "pending": self._pending().total(),
            "channels": [channel.name for channel in self._channels],
        }

    async def run(self, stopping: asyncio.Event) -> None:
        """Until `stopping`; those under way have a few seconds, else they are repeated at the next start."""
        try:
            while not stopping.is_set():
                await self._take_over()
                await self._dispatch()
                await self._measure()
                _raise_of(self._deliveries)
        finally:
            await self._settle()

    async def _take_over(self) -> None:
        """Restore the lanes from the journal of the partitions that are ours now, and go on where the group stands."""
        wanted = self._assignment.unplaced
        if not wanted:
            return
        known = await self._journal.read(partition.partition for partition in wanted)
        first = await self._consumer.beginning_offsets(list(wanted))
        self._ends = await self._consumer.end_offsets(list(wanted))
        positions = {partition: await self._consumer.committed(partition) or first[partition] for partition in wanted}
        if wanted != self._assignment.unplaced:
            return
        try:
            for partition, position in positions.items():
                self._consumer.seek(partition, position)
        except IllegalStateError:
            return
        self._begin(wanted, known.values())
        await self._measure()
        self._assignment.placed(wanted)

    async def _settle(self) -> None:
        """No delivery begins any more, and those under way have a few seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_STOP_SECONDS):
                await asyncio.gather(*(lane.stop() for lanes in self._lanes.values() for lane in lanes))
        for delivery in self._deliveries:
            delivery.cancel()

    def _begin(self, partitions: Iterable[TopicPartition], known: Iterable[Delivery]) -> None:
        switches = [Switch(channel) for channel in self._channels]
        self._lanes = {
            number: [Lane(switch, number, self._journal, self._metrics, self._retry) for switch in switches]
            for _, number in partitions
        }
        lanes = [lane for some in self._lanes.values() for lane in some]
        for lane in lanes:
            lane.restore(known)
        self._deliveries = [asyncio.create_task(lane.run()) for lane in lanes]

    def _pending(self) -> Counter[str]:
        pending = Counter({channel.name: 0 for channel in self._channels})
        for lanes in self._lanes.values():
            for lane in lanes:
                pending[lane.channel.name] += lane.pending
        return pending

    async def _dispatch(self) -> None:
        partitions = self._assignment.partitions & self._consumer.assignment()
        if max(self._pending().values(), default=0) >= _MOST_PENDING:
            self._consumer.pause(*partitions)
        else:
            self._consumer.resume(*partitions)
        generation = self._assignment.generation
        fetched = await self._consumer.getmany(timeout_ms=200, max_records=_POLL_RECORDS)
        for partition, records in fetched.items():
            if generation != self._assignment.generation or self._assignment.unplaced:
                return
            # Together, so that Kafka confirms what the journal remembers of them in a few requests.
            await asyncio.gather(*map(self._route, records))
            await self._commit(partition, records[-1].offset + 1)

    async def _route(self, record: ConsumerRecord[bytes, bytes]) -> None:
        try:
            alert = decode_alert(record.value or b"")
        except (MsgspecError, ValueError) as error:
            log.warning("%s/%s/%s is no alert: %s", record.topic, record.partition, record.offset, error)
            self._metrics.alerts.labels("none", "unreadable").inc()
            return
        for lane in self._lanes[record.partition]:
            await lane.offer(alert, record.value or b"")
        if not self._channels:
            self._metrics.alerts.labels("none", "unrouted").inc()

    async def _commit(self, partition: TopicPartition, position: int) -> None:
        try:
            await self._consumer.commit({partition: position})
        except (KafkaError, IllegalStateError) as error:
            log.info("the group's offsets were not committed, the journal knows the alerts: %r", error)

    async def _measure(self) -> None:
        lag = 0
        with suppress(IllegalStateError):
            for partition in self._assignment.partitions & self._consumer.assignment():
                # Known from the first fetch on; until then the end is the one at the assignment.
                end = self._consumer.last_stable_offset(partition) or self._ends.get(partition, 0)
                lag += max(0, end - await self._consumer.position(partition))
        self._lag = lag
        self._metrics.lag.labels(topic.ALERTS).set(lag)
        for channel, pending in self._pending().items():
            self._metrics.pending.labels(channel).set(pending)


def _raise_of(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        if task.done() and not task.cancelled():
            task.result()

"""Kafka to ClickHouse: consumes, fills one batch while the one before is inserted, commits what was acknowledged.

Exactly once by idempotence. The tables say where to go on (`sink_positions`), not the group: what a crash leaves
between an insert and its position is read and inserted again, and the tables collapse it.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError
from clickhouse_connect.driver.client import Client

from schemas import topic
from sinks import crash
from sinks.clickhouse.batch import Batch
from sinks.clickhouse.connection import MIGRATION_SECONDS, QUERY_SECONDS, reason_of
from sinks.clickhouse.insertion import Insertion
from sinks.clickhouse.migration import MigrationRefusedError, migrate
from sinks.clickhouse.position import Place, written_up_to
from sinks.clickhouse.table import BY_NAME
from sinks.consumption import Assignment, polling_until
from sinks.metrics import WriterMetrics

log = logging.getLogger(__name__)

TOPICS = (topic.TOUCHPOINTS, topic.FACTS, topic.ALERTS, topic.REJECTED, topic.LINKS, topic.REDIRECTS)
_RECEIVED_AT = BY_NAME["touchpoints"].columns.index("received_at")
_SAID_EVERY_SECONDS = 5.0
_T = TypeVar("_T")


@dataclass(frozen=True)
class Limits:
    """When a batch is full, when it is old, and how retries back off. Memory holds two batches at most.

    A batch is old `seconds` after its first record, or once nothing has come for `quiet_seconds`: what comes in a
    steady trickle shares inserts, and the last of a burst need not wait for company that does not come.
    """

    rows: int = 100_000
    bytes: int = 64 * 1024 * 1024
    seconds: float = 1.0
    quiet_seconds: float = 0.2
    poll_records: int = 10_000
    retry_seconds: float = 0.25
    retry_seconds_most: float = 5.0
    stop_seconds: float = 7.0


class AheadOfKafkaError(RuntimeError):
    """ClickHouse holds offsets that Kafka does not have: the two do not belong together."""


class RowsLostError(RuntimeError):
    """ClickHouse came back with less than it had acknowledged: consumption must go back to where its tables end."""


class Writer:
    """One consumer's records into the tables. `connect` opens a client whose requests may take so many seconds; it is
    called in a thread, and may raise until it can.

    `run` raises AheadOfKafkaError and MigrationRefusedError where a person must act, RowsLostError and Kafka's errors
    where a new Writer with a new consumer goes on by itself.
    """

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        assignment: Assignment,
        connect: Callable[[float], Client],
        metrics: WriterMetrics,
        limits: Limits | None = None,
        cluster: str = "",
    ) -> None:
        self._cluster = cluster
        self._consumer = consumer
        self._assignment = assignment
        self._connect = connect
        self._metrics = metrics
        self._limits = limits or Limits()
        self._insertion: Insertion | None = None
        self._batch = Batch()
        self._opened_at = self._grown_at = 0.0
        self._flush: asyncio.Task[None] | None = None
        self._handed_over: dict[Place, int] = {}
        self._acknowledged: dict[Place, int] = {}
        self._ends: dict[TopicPartition, int] = {}
        self._rows = 0
        self._trouble = ""
        self._said_at = -_SAID_EVERY_SECONDS

    def state(self) -> dict[str, Any]:
        """What /healthz says: `starting` without partitions, `waiting` with a reason while ClickHouse is away, or `ok`.

        `lag` is records that are committed in Kafka and not yet queryable.
        """
        return {
            "status": "waiting" if self._trouble else "ok" if self._is_placed() else "starting",
            "reason": self._trouble,
            "partitions": len(self._assignment.partitions),
            "lag": self._measure(),
            "rows": self._rows,
        }

    async def run(self, stopping: asyncio.Event) -> None:
        """Until `stopping`; then what is in memory is written and committed, within `limits.stop_seconds`."""
        try:
            while not stopping.is_set():
                await self._place(stopping)
                await self._take()
                await self._turn_over(stopping)
                self._measure()
            async with asyncio.timeout(self._limits.stop_seconds):
                await self._finish()
        except TimeoutError:
            log.warning("stopped with rows that ClickHouse did not take: they will be read again")
        finally:
            if self._flush is not None:
                self._flush.cancel()

    def _is_placed(self) -> bool:
        return bool(self._assignment.partitions) and not self._assignment.unplaced

    async def _place(self, stopping: asyncio.Event) -> None:
        """Seek new partitions to where the tables end. What was read for their owner before is forgotten."""
        wanted = self._assignment.unplaced
        if not wanted:
            return
        if self._flush is not None and not await self._polling_until(self._flush, stopping):
            return
        self._batch, self._opened_at = Batch(), 0.0
        reading = asyncio.create_task(self._retried(lambda insertion: written_up_to(insertion.client)))
        if not await self._polling_until(reading, stopping):
            reading.cancel()
            return
        if wanted != self._assignment.unplaced:
            return
        held = reading.result()
        try:
            ends = await self._consumer.end_offsets(list(wanted))
            for partition in wanted:
                self._seek(partition, held.get((partition.topic, partition.partition), 0), ends[partition])
        except IllegalStateError:
            return
        self._assignment.placed(wanted)

    def _seek(self, partition: TopicPartition, position: int, end: int) -> None:
        if position > end:
            raise AheadOfKafkaError(
                f"ClickHouse holds {partition.topic}/{partition.partition} up to {position}, Kafka only up to {end}: "
                "it belongs to another Kafka. Name another THROUGHLINE_CLICKHOUSE_DATABASE or restore the topics"
            )
        self._consumer.seek(partition, position)
        self._ends[partition] = end
        place = (partition.topic, partition.partition)
        self._handed_over[place] = self._acknowledged[place] = position

    async def _take(self) -> None:
        """Map what Kafka has into the open batch, and note where that brings each partition."""
        generation = self._assignment.generation
        fetched = await self._consumer.getmany(timeout_ms=100, max_records=self._limits.poll_records)
        if generation != self._assignment.generation or self._assignment.unplaced:
            return
        for partition, records in fetched.items():
            self._batch.add(partition.topic, records)
        try:
            for partition in self._assignment.partitions:
                place = (partition.topic, partition.partition)
                position = await self._consumer.position(partition)
                if position > self._batch.positions.get(place, self._handed_over[place]):
                    self._batch.positions[place] = position
                    self._grown_at = time.monotonic()
        except IllegalStateError:
            return
        if self._batch.positions and not self._opened_at:
            self._opened_at = time.monotonic()

    async def _turn_over(self, stopping: asyncio.Event) -> None:
        """Hand the batch over when it is full or old. A full one waits for the one before, and consumption with it."""
        if self._flush is not None and self._flush.done():
            self._flush.result()
        if not self._opened_at:
            return
        full = self._batch.count >= self._limits.rows or self._batch.bytes >= self._limits.bytes
        if not full and not self._is_old(time.monotonic()):
            return
        if self._flush is not None:
            if not full and not self._flush.done():
                return
            if not await self._polling_until(self._flush, stopping):
                return
        batch, self._batch, self._opened_at = self._batch, Batch(), 0.0
        self._handed_over.update(batch.positions)
        self._flush = asyncio.create_task(self._write(batch))

    def _is_old(self, now: float) -> bool:
        return now - self._opened_at >= self._limits.seconds or now - self._grown_at >= self._limits.quiet_seconds

    async def _polling_until(self, task: asyncio.Task[Any], stopping: asyncio.Event) -> bool:
        return await polling_until(task, self._consumer, self._assignment, stopping)

    async def _finish(self) -> None:
        if self._flush is not None:
            await self._flush
        if self._batch.positions and not self._assignment.unplaced:
            await self._write(self._batch)

    async def _write(self, batch: Batch) -> None:
        touchpoints = batch.rows.get("touchpoints")
        oldest = min(touchpoints.column(_RECEIVED_AT), default=None) if touchpoints else None
        await self._retried(lambda insertion: insertion.insert(batch, self._count, self._count_void))
        self._acknowledged.update(batch.positions)
        if oldest is not None:
            self._metrics.end_to_end_seconds.observe(time.time() - oldest / 1000)
        if batch.newest_ms:
            self._metrics.last_row.set(batch.newest_ms / 1000)
        await self._commit(batch.positions)

    async def _commit(self, positions: dict[Place, int]) -> None:
        offsets = {TopicPartition(*place): position for place, position in positions.items()}
        mine = {tp: position for tp, position in offsets.items() if tp in self._assignment.partitions}
        try:
            if mine:
                await self._consumer.commit(mine)
                crash.passing("writer.after_commit")
        except KafkaError as error:
            log.info("the group's offsets were not committed, the tables know better: %r", error)

    async def _retried(self, action: Callable[[Insertion], _T]) -> _T:
        """The action's result, tried for ever with growing pauses while ClickHouse is away."""
        pause = self._limits.retry_seconds
        while True:
            try:
                result = await asyncio.to_thread(self._attempt, action)
            except (MigrationRefusedError, RowsLostError):
                raise
            except Exception as error:
                self._away(error)
            else:
                self._back()
                return result
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311
            pause = min(pause * 2, self._limits.retry_seconds_most)

    def _attempt(self, action: Callable[[Insertion], _T]) -> _T:
        try:
            if self._insertion is None:
                with closing(self._connect(MIGRATION_SECONDS)) as patient:
                    migrate(patient, cluster=self._cluster)
                client = self._connect(QUERY_SECONDS)
                self._refuse_loss(written_up_to(client))
                self._insertion = Insertion(client)
            return action(self._insertion)
        except Exception:
            self._insertion = None
            raise

    def _refuse_loss(self, held: dict[Place, int]) -> None:
        for place, position in self._acknowledged.items():
            if held.get(place, 0) < position:
                raise RowsLostError(f"ClickHouse had {place[0]}/{place[1]} up to {position}, now {held.get(place, 0)}")

    def _away(self, error: Exception) -> None:
        self._trouble = reason_of(error)
        self._metrics.clickhouse_up.set(0)
        self._metrics.retries.inc()
        if time.monotonic() - self._said_at >= _SAID_EVERY_SECONDS:
            self._said_at = time.monotonic()
            log.warning("waiting for ClickHouse, nothing is lost: %s", self._trouble)

    def _back(self) -> None:
        if self._trouble:
            log.info("ClickHouse takes rows again")
        self._trouble = ""
        self._metrics.clickhouse_up.set(1)

    def _count(self, table: str, rows: int) -> None:
        self._rows += rows
        self._metrics.rows.labels(table).inc(rows)
        self._metrics.inserts.labels(table).inc()

    def _count_void(self, table: str, rows: int) -> None:
        self._metrics.voided.labels(table).inc(rows)

    def _measure(self) -> int:
        """Set the gauges; the lag in records over all topics."""
        lags = dict.fromkeys(TOPICS, 0)
        for partition in self._assignment.partitions & self._consumer.assignment():
            # Known from the first fetch on; until then the end is the one at the assignment.
            end = self._consumer.last_stable_offset(partition) or self._ends.get(partition, 0)
            held = self._acknowledged.get((partition.topic, partition.partition), 0)
            lags[partition.topic] += max(0, end - held)
        for name, lag in lags.items():
            self._metrics.lag.labels(name).set(lag)
        self._metrics.waiting_rows.set(self._batch.count)
        return sum(lags.values())

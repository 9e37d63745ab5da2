"""Requests for rebuilds fulfilled: histories from ClickHouse, folded anew, told to the customers' partitions.

At least once: a request counts as done when Kafka has the answer. Whatever is repeated after a crash changes nothing,
because a stage that has no rebuild open passes an answer over.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import IllegalStateError, MessageSizeTooLargeError
from clickhouse_connect.driver.client import Client

from schemas import topic
from sinks.clickhouse.connection import reason_of
from sinks.clickhouse.position import Place, written_up_to
from sinks.consumption import Assignment, polling_until
from streams.agreement import Agreement
from streams.answer import answer
from streams.control import RebuildRequest, decode_request, output_of
from streams.history import account_histories, apart, histories
from streams.metrics import RebuilderMetrics
from streams.pace import Pace
from streams.placement import partition_of
from streams.reading import ends_of

log = logging.getLogger(__name__)
_SAID_EVERY_SECONDS = 5.0


@dataclass(frozen=True)
class Limits:
    """How much is done at once, and how long is waited: for company, for ClickHouse's tables, after a failure."""

    customers: int = 500
    gather_seconds: float = 0.5
    poll_seconds: float = 0.2
    retry_seconds: float = 0.5
    retry_seconds_most: float = 10.0
    # Before compression. The broker has a limit of its own for what is sent: topic.LARGEST_BYTES.
    record_bytes: int = 128 * 1024 * 1024


class Taken(NamedTuple):
    """A request, and when it was taken (monotonic seconds)."""

    request: RebuildRequest
    at: float


class Told(NamedTuple):
    """A journey folded anew, as the record that tells its partition."""

    customer_id: str
    touchpoints: int
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


class Rebuilder:
    """One consumer's requests. `connect` opens a client, in a thread, and may raise until it can.

    `run` raises Kafka's errors where a new one with a new consumer goes on by itself.
    """

    def __init__(
        self,
        bootstrap: str,
        consumer: AIOKafkaConsumer,
        assignment: Assignment,
        producer: AIOKafkaProducer,
        connect: Callable[[], Client],
        agreement: Agreement,
        partitions: int,
        per_second: float,
        metrics: RebuilderMetrics,
        limits: Limits | None = None,
    ) -> None:
        """`agreement` is read before each round: an adopted policy asks for rebuilds. `partitions` is the count of the
        product's topics, `per_second` how many touchpoints are read a second.
        """
        self._bootstrap = bootstrap
        self._consumer = consumer
        self._assignment = assignment
        self._producer = producer
        self._connect = connect
        self._agreement = agreement
        self._partitions = partitions
        self._ended = threading.Event()
        self._pace = Pace(per_second, self._ended)
        self._metrics = metrics
        self._limits = limits or Limits()
        self._client: Client | None = None
        self._open: dict[str, Taken] = {}
        self._positions: dict[TopicPartition, int] = {}
        self._behind = 0
        self._rebuilt = 0
        self._trouble = ""
        self._said_at = -_SAID_EVERY_SECONDS

    def state(self) -> dict[str, Any]:
        """What /healthz says: `starting`, `waiting` with a reason while ClickHouse is away, or `ok`."""
        return {
            "status": "waiting" if self._trouble else "ok" if self._assignment.partitions else "starting",
            "reason": self._trouble,
            "partitions": len(self._assignment.partitions),
            "pending": self._measure(),
            "rebuilt": self._rebuilt,
        }

    async def run(self, stopping: asyncio.Event) -> None:
        """Until `stopping`. A request that is not done by then is taken again by whoever comes next."""
        work: asyncio.Task[None] | None = None
        try:
            while not stopping.is_set():
                await self._place()
                await self._take()
                if self._open:
                    work = asyncio.create_task(self._fulfil())
                    if not await polling_until(work, self._consumer, self._assignment, stopping):
                        return
                    await self._commit()
        finally:
            self._ended.set()
            if work is not None:
                work.cancel()

    async def _place(self) -> None:
        """Begin new partitions where the group is: what came of them while others were worked on is read again."""
        wanted = self._assignment.unplaced
        if not wanted:
            return
        try:
            for partition in wanted:
                committed = await self._consumer.committed(partition)
                if committed is None:
                    await self._consumer.seek_to_beginning(partition)
                else:
                    self._consumer.seek(partition, committed)
        except IllegalStateError:
            return
        if wanted == self._assignment.unplaced:
            self._assignment.placed(wanted)

    async def _take(self) -> None:
        """Gather requests for a moment; of one customer the latest counts."""
        self._open, self._positions = {}, {}
        generation, until = self._assignment.generation, 0.0
        while len(self._open) < self._limits.customers:
            fetched = await self._consumer.getmany(timeout_ms=200, max_records=self._limits.customers)
            if generation != self._assignment.generation or self._assignment.unplaced:
                self._open, self._positions = {}, {}
                return
            now = time.monotonic()
            for partition, records in fetched.items():
                self._positions[partition] = records[-1].offset + 1
                for record in records:
                    self._note(record, now)
            until = until or now + self._limits.gather_seconds
            if not self._open or now >= until:
                break
        await self._look_ahead()

    def _note(self, record: Any, now: float) -> None:
        if record.value is None:
            return
        try:
            request = decode_request(record.value)
        except msgspec.MsgspecError as error:
            place = f"{record.topic}/{record.partition}/{record.offset}"
            log.warning("%s is no request for a rebuild, passed over: %s", place, error)
            return
        since = self._open.get(request.customer_id)
        self._open[request.customer_id] = Taken(request, since.at if since else now)

    async def _look_ahead(self) -> None:
        """How many more requests wait."""
        behind = 0
        try:
            for partition in self._assignment.partitions:
                end = self._consumer.last_stable_offset(partition) or 0
                behind += max(0, end - await self._consumer.position(partition))
        except IllegalStateError:
            return
        self._behind = behind
        self._measure()

    def _measure(self) -> int:
        pending = len(self._open) + self._behind
        self._metrics.pending.set(pending)
        return pending

    async def _fulfil(self) -> None:
        """Fold anew what is open. What was forwarded below the first ends is itself below the second."""
        await self._agreement.read()
        upto = await self._ends()
        await self._until_written(await self._ends())
        requests = [taken.request for taken in self._open.values()]
        for of_accounts in (False, True):
            asked = [one for one in requests if one.account == of_accounts]
            for members in apart((request.customer_id, request.members) for request in asked):
                await self._retried(partial(self._tell_all, members, of_accounts, upto))

    async def _ends(self) -> dict[TopicPartition, int]:
        places = [TopicPartition(topic.TOUCHPOINTS, number) for number in range(self._partitions)]
        return await ends_of(self._bootstrap, places)

    async def _until_written(self, ends: Mapping[TopicPartition, int]) -> None:
        """Until ClickHouse has everything below `ends`."""

        left = 1
        while left:
            held: dict[Place, int] = await self._retried(lambda: asyncio.to_thread(self._with_client, written_up_to))
            left = sum(max(0, end - held.get((place.topic, place.partition), 0)) for place, end in ends.items())
            self._metrics.waiting_records.set(left)
            if left:
                await asyncio.sleep(self._limits.poll_seconds)

    async def _tell_all(
        self, members: Mapping[str, list[str]], of_accounts: bool, upto: Mapping[TopicPartition, int]
    ) -> None:
        """Fold these customers one after the other and send each; those that were sent are no more open."""
        left = {customer_id: derived for customer_id, derived in members.items() if customer_id in self._open}
        if not left:
            return
        client = await asyncio.to_thread(self._with_client, lambda client: client)
        folded = self._folded(client, left, of_accounts, upto)
        sent = []
        while (told := await asyncio.to_thread(next, folded, None)) is not None:
            sent.append((told, await self._send(told)))
        for told, confirmation in sent:
            await self._confirm(told, confirmation)

    def _folded(
        self, client: Client, members: Mapping[str, list[str]], of_accounts: bool, upto: Mapping[TopicPartition, int]
    ) -> Iterator[Told]:
        rules = self._agreement.rules.accounts if of_accounts else self._agreement.rules
        read, take = rules.names_read, self._pace.take
        found = (
            account_histories(client, members, read, take) if of_accounts else histories(client, members, read, take)
        )
        for customer_id, touches in found:
            place = TopicPartition(topic.TOUCHPOINTS, partition_of(customer_id, self._partitions))
            rebuilt = answer(self._open[customer_id].request, touches, upto[place], rules)
            yield Told(customer_id, rebuilt.touchpoints, *output_of(rebuilt))

    async def _send(self, told: Told) -> "asyncio.Future[Any] | None":
        """Hand a journey to Kafka; None where it is larger than a record may be."""
        if len(told.value) > self._limits.record_bytes:
            return None
        partition = partition_of(told.customer_id, self._partitions)
        confirmation: asyncio.Future[Any] = await self._producer.send(
            topic.TOUCHPOINTS, told.value, told.key, partition, headers=told.headers
        )
        return confirmation

    async def _confirm(self, told: Told, confirmation: "asyncio.Future[Any] | None") -> None:
        """Wait until Kafka has it. What is too large is said and left: its customer keeps the journey that it has."""
        outcome = "refused"
        if confirmation is not None:
            with suppress(MessageSizeTooLargeError):
                await confirmation
                outcome = "rebuilt"
        if outcome == "refused":
            log.error(
                "customer %s is not rebuilt: what is said of its %d touchpoints takes %d bytes, more than a record may "
                "have (%d compressed). Its journey stays as it is",
                told.customer_id,
                told.touchpoints,
                len(told.value),
                topic.LARGEST_BYTES,
            )
        taken = self._open.pop(told.customer_id)
        self._rebuilt += outcome == "rebuilt"
        self._metrics.rebuilds.labels(outcome).inc()
        self._metrics.touchpoints.inc(told.touchpoints)
        self._metrics.seconds.observe(time.monotonic() - taken.at)
        self._measure()

    async def _commit(self) -> None:
        mine = {place: at for place, at in self._positions.items() if place in self._assignment.partitions}
        if mine:
            await self._consumer.commit(mine)

    async def _retried(self, action: Callable[[], Any]) -> Any:
        """The action's result, tried for ever with growing pauses while ClickHouse is away. Raises Kafka's errors."""
        pause = self._limits.retry_seconds
        while True:
            try:
                result = await action()
            except Exception as error:
                if type(error).__module__.startswith("aiokafka."):
                    raise
                self._away(error)
            else:
                self._trouble = ""
                return result
            await asyncio.sleep(pause)
            pause = min(pause * 2, self._limits.retry_seconds_most)

    def _with_client(self, question: Callable[[Client], Any]) -> Any:
        if self._client is None:
            self._client = self._connect()
        return question(self._client)

    def _away(self, error: Exception) -> None:
        self._client = None
        self._trouble = reason_of(error)
        if time.monotonic() - self._said_at >= _SAID_EVERY_SECONDS:
            self._said_at = time.monotonic()
            log.warning("waiting for ClickHouse, nothing is lost: %s", self._trouble)

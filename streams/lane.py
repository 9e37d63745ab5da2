"""One input partition of one stage: restored from its state topic, then moved on by one Kafka transaction per chunk.

Outputs, changed state and the partition's own position in the input stand or fall together. On every start the lane
first fences whoever wrote under its transactional id, only then reads its state, and only then goes on from the
position it finds there; the consumer group's offset is a hint that may be behind, ahead or lost.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError, ProducerFenced

from sinks import crash
from sinks.waiting import at_most
from streams.alignment import Alignment
from streams.clock import Clock, steady_ms
from streams.effects import Effects, Output, Pieces
from streams.gate import Gate
from streams.inbox import Chunk, Inbox
from streams.metrics import Metrics
from streams.piecemeal import Piecemeal
from streams.position import POSITION_KEY, Position, newest_position, pack_position
from streams.reading import ends_of, reader, stretch
from streams.refusal import LaneRefusedError, refuse_other_input, refuse_strange
from streams.stage import Stage
from streams.stored import UnknownVersionError
from streams.topics import topic_ids
from streams.transaction import Transactions, transactional_id

log = logging.getLogger(__name__)

_TELL_SECONDS = 2.0
_RETRY_SECONDS = 2.0
# A broker that died in the middle of a commit can leave the client waiting for ever.
_COMMIT_SECONDS = 30.0
_CLOSE_SECONDS = 5.0
_IDLE_SECONDS = 2.0
_LIVE_MS = 5 * 60_000


class LaneFencedError(Exception):
    """Another worker owns the partition: this process was away for longer than its session, and must begin anew."""


class _OvertakenError(Exception):
    """The partition came back to this worker, and another one has had it: the state here is not the newest."""


@dataclass(frozen=True)
class LaneSettings:
    """What every lane of a worker shares. Who folds many records has the `turn`."""

    bootstrap: str
    group: str
    partitions: int
    sweep_seconds: float
    alignment: Alignment
    clock: Clock
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Lane:
    """Owns a stage's partition while this worker does. `run` only ends by an error that the process must end by."""

    def __init__(
        self,
        stage: Stage,
        tp: TopicPartition,
        settings: LaneSettings,
        metrics: Metrics,
        end: Callable[[], int | None] = lambda: None,
        emptied: Callable[[], None] = lambda: None,
    ) -> None:
        """`end` tells the input's newest offset + 1, as far as known; `emptied` is told when what waits was taken."""
        self.stage = stage
        self._end, self._emptied = end, emptied
        self.tp = tp
        self.ready = False
        self.restored_records = 0
        self.position = 0
        self.progress_at = time.monotonic()
        self._settings = settings
        self._metrics = metrics
        self._inbox, self._taken = Inbox(), list[Chunk]()
        self._going, self._working = asyncio.Event(), asyncio.Lock()
        self._going.set()
        self._first, self._stood = True, False
        self._quiet_since = time.monotonic()
        self._folds = Piecemeal(settings.turn, self._going)
        self._watermark = 0
        self._cuts: tuple[int, ...] = ()
        self._end_at_open = 0
        self._transactions: Transactions | None = None
        self._input = ""

    @property
    def backlog(self) -> int:
        """Chunks that are here, worked on or not."""
        return len(self._inbox) + len(self._taken)

    @property
    def waiting_bytes(self) -> int:
        """Bytes that wait for the next transaction."""
        return self._inbox.bytes

    @property
    def stuck_seconds(self) -> float:
        """How long nothing has moved though something is here; 0 while it only waits for its turn."""
        return time.monotonic() - self.progress_at if self.backlog and not self._folds.is_queued else 0.0

    def put(self, chunk: Chunk) -> None:
        """Queue a chunk; chunks of one partition come in order. What comes while the lane stands still comes again."""
        if self._going.is_set():
            self._inbox.put(chunk)

    async def stand_still(self) -> None:
        """Write no more; returns when what is under way is done. What waits is forgotten: it comes again."""
        self._going.clear()
        async with self._working:
            self._inbox.clear()
            self._first = self._stood = True

    def go_on(self) -> None:
        """The partition is still ours."""
        self.progress_at = time.monotonic()
        self._going.set()

    async def run(self) -> None:
        """Open, work, and open anew after any failure of Kafka. Raises LaneRefusedError and LaneFencedError."""
        while True:
            try:
                await self._going.wait()
                await self._open()
                await self._work()
            except _OvertakenError:
                log.info("%s: another worker has had it meanwhile; starting it anew", self)
            except ProducerFenced:
                raise LaneFencedError(
                    f"{self}: another worker has taken over while this one was away; leaving, to join the group anew"
                ) from None
            except UnknownVersionError as error:
                raise LaneRefusedError(f"{self}: {error}") from None
            except (KafkaError, OSError, TimeoutError) as error:
                log.warning("%s: %s: %s; starting it anew", self, type(error).__name__, error)
                self._metrics.transactions.labels(self.stage.name, "failed").inc()
                await asyncio.sleep(_RETRY_SECONDS)
            finally:
                self.ready = False
                self._settings.alignment.leave(self)
                await self._close()

    async def drain(self) -> tuple[Position, int]:
        """Handle all that the input holds by now, outside any group, and let go.

        Returns where that ends, and how many records it were. Raises as `run` does, and Kafka's errors.
        """
        try:
            await self._open()
            handled = await self._catch_up(self._end_at_open)
            return self._position(self.position, self._watermark), handled
        finally:
            await self._close()

    def __str__(self) -> str:
        return f"{self.stage.name} {self.tp.topic}/{self.tp.partition}"

    async def _open(self) -> None:
        name = transactional_id(self._settings.group, self.stage.name, self.tp)
        self._transactions = Transactions(self._settings.bootstrap, name)
        async with asyncio.timeout(_COMMIT_SECONDS):
            await self._transactions.start()
        self.stage.forget()
        position = await self._restore()
        self.position, self._watermark, self._cuts = position.offset, position.watermark, position.cuts
        self.stage.restored(position.watermark, len(position.cuts))
        if not self._settings.clock.is_told:
            await self._commit(
                Effects(watermark=position.watermark), self._position(position.offset, position.watermark)
            )
        self.progress_at = time.monotonic()
        self.ready = True

    async def _close(self) -> None:
        transactions, self._transactions = self._transactions, None
        if transactions is not None:
            await at_most(_CLOSE_SECONDS, transactions.close())

    async def _restore(self) -> Position:
        """Read the state topic to its end. Nobody else writes it: the fence stands before the ends are asked for."""
        started = told = time.monotonic()
        state = TopicPartition(self.stage.state_topic, self.tp.partition)
        position = Position(0)
        self.restored_records = 0
        ends = await ends_of(self._settings.bootstrap, (state, self.tp))
        self._input = (await topic_ids(self._settings.bootstrap, [self.tp.topic])).get(self.tp.topic, "")
        async with reader(self._settings.bootstrap, bare=True) as consumer:
            async for records in stretch(consumer, state, None, ends[state]):
                self.stage.restore(records)
                self.restored_records += len(records)
                crash.passing("worker.in_restore")
                position = newest_position(records) or position
                if time.monotonic() - told > _TELL_SECONDS:
                    told = time.monotonic()
                    log.info("%s: restoring, at %d of %d", self, records[-1].offset, ends[state])
        self._end_at_open = ends[self.tp]
        refuse_strange(self.stage, self.tp, position, ends[self.tp], self._input, self._settings.partitions)
        seconds = time.monotonic() - started
        log.info("%s: restored %d keys in %.2f s, goes on at %d", self, len(self.stage), seconds, position.offset)
        return position

    def refuse_other_input(self, topic_id: str) -> None:
        """Raise LaneRefusedError where the input is another topic than the one with this id."""
        refuse_other_input(self.stage, self.tp, topic_id, self._input)

    async def _work(self) -> None:
        self._first, self._stood = True, False
        self._quiet_since = time.monotonic()
        while True:
            await self._going.wait()
            if self._stood:
                await self._go_on()
            if not self._inbox:
                self._rest()
                await self._inbox.arrival(self._settings.sweep_seconds)
            if self._inbox:
                await asyncio.sleep(self._inbox.seconds_left)
            async with self._working:
                if self._stood:
                    continue
                if self._inbox:
                    await self._take()
                elif self._is_passed_over():
                    await self._take_passed_over()
                if self._going.is_set():
                    await self._sweep()
            self.progress_at = time.monotonic()

    async def _go_on(self) -> None:
        """Show by a transaction that nobody else has had the partition meanwhile. Raises _OvertakenError."""
        async with self._working:
            if not self._going.is_set():
                return
            self._stood = False
            try:
                await self._commit(Effects(watermark=self._watermark), self._position(self.position, self._watermark))
            except ProducerFenced:
                raise _OvertakenError from None

    async def _take(self) -> None:
        """Handle all chunks that wait in one transaction, so that it holds more the more there is to do; what lies
        before the first one before them. What is left where the lane is to stand still comes again.
        """
        taken = self._taken = self._inbox.take()
        self._emptied()
        try:
            if self._first:
                await self._take_passed_over(taken[0].records[0].offset)
            await self._handle([record for chunk in taken for record in chunk.records])
            if self._going.is_set():
                self._first = False
                for chunk in taken:
                    chunk.done()
                self._quiet_since = time.monotonic()
        finally:
            self._taken = []

    def _is_passed_over(self) -> bool:
        """Whether nothing comes, though records were there at the start: the group's offset is ahead of the state's."""
        quiet = time.monotonic() - self._quiet_since > _IDLE_SECONDS
        return self._first and quiet and self._end_at_open > self.position

    async def _take_passed_over(self, until: int | None = None) -> None:
        """Handle what the group's offset has passed, up to what was there at the start or to what has come."""
        passed = await self._catch_up(self._end_at_open if until is None else until)
        if passed:
            log.warning("%s: %d records that the group's offset had passed", self, passed)
        if until is None and self._going.is_set():
            # What lies before it and is no record are markers of transactions.
            self._end_at_open = self.position

    async def _catch_up(self, until: int) -> int:
        """Handle what lies between our own position and an offset that is ahead of us; how many records that were."""
        handled = 0
        if until <= self.position:
            return handled
        async with (
            reader(self._settings.bootstrap) as consumer,
            aclosing(stretch(consumer, self.tp, self.position, until)) as found,
        ):
            async for records in found:
                if not self._going.is_set():
                    break
                handled += len(records)
                await self._handle(records)
        return handled

    async def _handle(self, records: Sequence[Any]) -> None:
        """Fold a chunk and commit it. What the state contains already is passed over."""
        started = time.perf_counter()
        if records[0].offset < self.position:
            records = [record for record in records if record.offset >= self.position]
            if not records:
                return
        while records:
            portion = records[: self._folds.most]
            effects = await self._folds.fold(len(portion), partial(self._begin, portion))
            if effects is None:
                break
            if not effects.taken:
                await self._settings.alignment.changed()
                continue
            after = records[effects.taken - 1].offset + 1
            await self._commit(effects, self._position(after, effects.watermark))
            self.position, self._watermark = after, effects.watermark
            records = records[effects.taken :]
            self.progress_at = time.monotonic()
        self._metrics.chunk_seconds.labels(self.stage.name).observe(time.perf_counter() - started)

    def _begin(self, records: Sequence[Any]) -> Pieces:
        self.progress_at = time.monotonic()
        gate = self._align(records[0].timestamp) if self.stage.aligned else None
        return self.stage.pieces(records, self._settings.clock.now_ms(), gate)

    def _position(self, offset: int, watermark: int) -> Position:
        return Position(offset, watermark, self._settings.partitions, self.stage.policy, self._input, self._cuts)

    def _align(self, emitted_ms: int) -> Gate | None:
        self._settings.alignment.move(self, emitted_ms, self._watermark)
        return self._settings.alignment.gate(self)

    def _rest(self) -> None:
        """Nothing is here to do: say so to the lanes that keep together, or that records are on their way."""
        if self.stage.aligned:
            coming = max(self._end() or 0, self._end_at_open) > self.position
            self._settings.alignment.move(self, 0 if coming else None, self._watermark)

    async def _sweep(self) -> None:
        """Do what time alone does, as of now where the stream is live or quiet, else as of the stream's own time."""
        wall = self._settings.clock.now_ms()
        live = wall - self._watermark < _LIVE_MS or time.monotonic() - self._quiet_since > _IDLE_SECONDS
        now = wall if live else self._watermark
        while not self._inbox and self._going.is_set():
            effects = self.stage.sweep(now, wall)
            if effects is None:
                return
            if effects.state or effects.outputs:
                await self._commit(effects, None)
            else:
                await asyncio.sleep(0)

    async def _commit(self, effects: Effects, position: Position | None) -> None:
        transactions, outputs = self._transactions, effects.outputs
        assert transactions is not None
        state: list[Output] = [(key.encode(), value, []) for key, value in effects.state.items()]
        if position is not None:
            state.append((POSITION_KEY, pack_position(position), []))
        # Not aborted here when it fails: the lane opens anew, and the fence aborts it, whatever the broker's state.
        async with asyncio.timeout(_COMMIT_SECONDS):
            since, now = steady_ms(), self._settings.clock.now_ms()
            if crash.is_wanted("worker.after_outputs") and outputs:
                await transactions.write(outputs, now)
                crash.passing("worker.after_outputs")
                outputs = {}
            place = (self.stage.state_topic, self.tp.partition)
            written = (await transactions.write({**outputs, place: state}, now)).get(place)
            crash.passing("worker.after_state")
            if written and written.at_ms >= 0:
                self._settings.clock.told(written.at_ms, since, steady_ms())
            crash.passing("worker.before_commit")
            await transactions.commit()
            crash.passing("worker.after_commit")
        self.stage.settle(effects)
        self._metrics.count(effects.counts)
        self._metrics.transactions.labels(self.stage.name, "committed").inc()

"""The worker's composition root: from settings to a Faust app whose agents feed one lane per input partition."""

import asyncio
import logging
import time
from functools import partial
from typing import Any

import faust
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from faust.types import TP

from journey.account import free_domains
from journey.rules import Rules
from schemas import topic
from schemas.settings import Settings
from sinks import crash
from sinks.waiting import at_most, ended
from streams.alignment import Alignment
from streams.chunk import ChunkTransport
from streams.clock import Clock
from streams.inbox import Chunk
from streams.intake import IntakeStage
from streams.journeys import JourneyStage
from streams.lane import Lane, LaneFencedError, LaneSettings
from streams.metrics import Metrics
from streams.redirects import Redirects
from streams.refusal import LaneRefusedError
from streams.resolver import ResolverStage
from streams.stage import Stage
from streams.starvation import Starvation, StarvedError
from streams.topics import topic_ids

log = logging.getLogger(__name__)
INPUTS = (*topic.RAW, topic.LINKS, topic.TOUCHPOINTS)
# What was killed is noticed so much later; a worker that is still there says so fourteen times meanwhile.
SESSION_SECONDS, _HEARTBEAT_SECONDS = 7.0, 0.5
# Longest that a worker which is alive, and does not come to a rebalance, holds the others up: Faust's default is 60.
REBALANCE_SECONDS = 15.0
# So many times the most bytes of a chunk may wait behind the one that a lane works on.
_MOST_WAITING_CHUNKS = 2
# Others wait for this worker to let go: less than the session.
_STILL_SECONDS, _END_SECONDS = 3.0, 5.0
_LEAVE_SECONDS = 2.0
_WATCH_SECONDS, _STARVED_SECONDS = 5.0, 15.0
# Longer than a rebalance takes in which another member is not heard of.
_WITHOUT_SECONDS = 30.0
# Kafka is silent, or gone: whoever looks on gives up and looks again.
_WATCHED_SECONDS = 30.0


class LaneStuckError(Exception):
    """A partition that goes to another worker is not let go of: the process must end. The message says which."""


class Worker:
    """One worker process: a Faust app for all stages, and the lanes of the partitions it owns now."""

    def __init__(self, settings: Settings, rules: Rules, inputs: dict[str, str]) -> None:
        """`inputs` are the ids of the topics that are read, as far as they are known."""
        self.settings = settings
        self.rules = rules
        self.metrics = Metrics()
        self.redirects = Redirects(settings.kafka)
        self.lanes: dict[TP, Lane] = {}
        self.failed: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._most_waiting = _MOST_WAITING_CHUNKS * settings.chunk_bytes
        self._starvation = Starvation(settings.kafka)
        self._free = free_domains(settings.free_mail)
        self._tasks: dict[TP, asyncio.Task[None]] = {}
        self._inputs = inputs
        # Topics that were not there at the last look.
        self._gone: set[str] = set()
        # Since when the group owes this worker an answer to what it is to read; None where it has one.
        self._without_since: float | None = time.monotonic()
        self._lane_settings = LaneSettings(
            settings.kafka,
            settings.group,
            settings.partitions,
            settings.sweep_seconds,
            # What is half a correction window apart is still corrected, though it was late itself.
            Alignment(rules.correction_ms // 2),
            Clock(),
        )
        self.app = build_app(settings, self)

    async def feed(self, stream: Any) -> None:
        """An agent's body: hand each chunk to its lane, and keep a lane's backlog short by pausing its partition."""
        async for event in stream.noack().events():
            tp = TP(event.message.topic, event.message.partition)
            lane = self.lanes.get(tp)
            if lane is None:
                continue
            lane.put(Chunk(event.value, event.ack))
            if lane.waiting_bytes >= self._most_waiting:
                self.app.consumer.on_buffer_full(tp)

    async def assigned(self, sender: Any, partitions: set[TP], **_: Any) -> None:
        """End the lanes whose partitions are gone, go on with those that stay, start one for each that is new here."""
        stay = set(self.lanes) & partitions
        self._without_since = None
        log.info("%d partitions, %d of them stay", len(partitions), len(stay))
        await self._end(set(self.lanes) - stay)
        for lane in self.lanes.values():
            lane.go_on()
        for tp in partitions:
            self._read_on(tp)
        for tp in partitions - set(self.lanes):
            lane = Lane(
                self._stage(tp),
                TopicPartition(tp.topic, tp.partition),
                self._lane_settings,
                self.metrics,
                partial(self._end_of, tp),
                partial(self._read_on, tp),
            )
            self.lanes[tp] = lane
            self._tasks[tp] = asyncio.create_task(lane.run(), name=str(lane))
            self._tasks[tp].add_done_callback(self._ended)

    async def revoked(self, sender: Any, partitions: set[TP], **_: Any) -> None:
        """Stand still until it is known who goes on with what. A lane that is not open yet, or does not come to rest,
        is ended.
        """
        self._without_since = time.monotonic()
        lanes = {tp: self.lanes[tp] for tp in partitions if tp in self.lanes}
        if not lanes:
            return
        crash.passing("worker.in_revoke")
        await self._end({tp for tp, lane in lanes.items() if not lane.ready})
        stopping = {asyncio.create_task(lane.stand_still()): tp for tp, lane in lanes.items() if tp in self.lanes}
        moving = (await asyncio.wait(stopping, timeout=_STILL_SECONDS))[1] if stopping else set()
        for task in moving:
            log.warning("%s does not come to rest in %.0f s", self.lanes[stopping[task]], _STILL_SECONDS)
            task.cancel()
        await self._end({stopping[task] for task in moving})

    async def _end(self, partitions: set[TP]) -> None:
        """Abandon the open transaction and drop the state of partitions that go to another worker."""
        tasks = [self._tasks.pop(tp) for tp in partitions if tp in self._tasks]
        for tp in partitions:
            self.lanes.pop(tp, None)
        if not await ended(tasks, _END_SECONDS):
            still = ", ".join(sorted(task.get_name() for task in tasks if not task.done()))
            self._fail(LaneStuckError(f"{still} will not end; leaving, to join the group anew"))

    async def stop(self, for_good: bool) -> None:
        """End every lane, then Faust. Where it is `for_good` the group hears of it, and others take over at once."""
        await self.revoked(self.app, set(self.lanes))
        await self._end(set(self.lanes))
        if for_good:
            await at_most(_LEAVE_SECONDS, self.app.consumer.leave())
        await self.app.stop()

    def _read_on(self, tp: TP) -> None:
        self.app.consumer.on_buffer_drop(tp)

    def _end_of(self, tp: TP) -> int | None:
        """The end of an input partition, as far as the consumer has heard; None where it has not.

        Between two assignments the consumer, in a thread of its own, may have none while the lanes are still there.
        """
        try:
            end: int | None = self.app.consumer.highwater(tp)
        except (AssertionError, AttributeError):
            return None
        return end

    def _stage(self, tp: TP) -> Stage:
        if tp.topic == topic.TOUCHPOINTS:
            return JourneyStage(self.rules, tp.partition, self.settings.partitions)
        settings = self.settings
        if tp.topic == topic.LINKS:
            return ResolverStage(settings.partitions, self.rules.label)
        return IntakeStage(
            tp.topic,
            settings.partitions,
            self.rules.future_ms,
            settings.phone_region,
            self._free,
            self.redirects.customer_of,
        )

    def _ended(self, task: "asyncio.Task[None]") -> None:
        if task.cancelled() or self.failed.done():
            return
        error = task.exception()
        if error is not None:
            if not isinstance(error, LaneRefusedError | LaneFencedError):
                log.error("%s ended", task.get_name(), exc_info=error)
            self._fail(error)

    def lag(self) -> dict[str, int]:
        """Records not yet handled, by input topic."""
        behind: dict[str, int] = {}
        for tp, lane in self.lanes.items():
            end = self._end_of(tp) or 0
            behind[tp.topic] = behind.get(tp.topic, 0) + max(0, end - lane.position)
        return behind

    def stuck_seconds(self) -> float:
        """How long the slowest lane with a backlog has not moved; 0 where none waits."""
        return max((lane.stuck_seconds for lane in self.lanes.values()), default=0.0)

    async def watch(self) -> None:
        """Fail where records wait behind an idle lane and are not fetched, an input was re-created, or the group gives
        no answer though Kafka does.

        Ends only by being cancelled.
        """
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            idle = {lane.tp: lane.position for lane in self.lanes.values() if lane.ready and not lane.backlog}
            try:
                async with asyncio.timeout(_WATCHED_SECONDS):
                    await self._refuse_other_inputs()
                    waiting = await self._starvation.look(idle)
            except (KafkaError, OSError, TimeoutError) as error:
                log.warning("nobody knows whether records wait: %s: %s", type(error).__name__, error)
                if self._without_since is not None:
                    self._without_since = time.monotonic()
                continue
            if self._without_since is not None and time.monotonic() - self._without_since > _WITHOUT_SECONDS:
                what = f"the group has not said for {_WITHOUT_SECONDS:.0f} s what is to be read here"
                self._fail(StarvedError(f"{what}; leaving, to join it anew"))
            starved = [
                f"{place.topic}/{place.partition}" for place, since in waiting.items() if since > _STARVED_SECONDS
            ]
            if starved and not self.failed.done():
                consumer = self.app.consumer
                log.error(
                    "the consumer: flowing %s, active %s, paused %s, full %s",
                    consumer.flow_active, consumer._active_partitions, consumer._paused_partitions,
                    consumer._buffered_partitions,
                )  # fmt: skip
                what = f"records wait in {', '.join(starved)} and nothing fetches them; leaving, to join the group anew"
                self._fail(StarvedError(what))

    async def _refuse_other_inputs(self) -> None:
        """Fail where a topic is another one than before, whose offsets mean other records, or is gone.

        Of a topic that is gone the group assigns nothing, and goes on as if there were none, also when it is back.
        """
        found = await topic_ids(self.settings.kafka, INPUTS)
        for tp, lane in self.lanes.items():
            try:
                lane.refuse_other_input(found.get(tp.topic, ""))
            except LaneRefusedError as error:
                self._fail(error)
        # A broker that has just started may not know of every topic yet: gone is what is gone twice.
        gone = set(INPUTS) - set(found)
        lost = gone & self._gone | {name for name in found if found[name] != self._inputs.get(name, found[name])}
        self._gone, self._inputs = gone, {**found, **self._inputs}
        if lost:
            self._fail(StarvedError(f"{', '.join(sorted(lost))}: gone, or made anew; leaving, to look at it anew"))

    def _fail(self, error: BaseException) -> None:
        if not self.failed.done():
            self.failed.set_exception(error)


def build_app(settings: Settings, worker: Worker) -> faust.App:
    """A Faust app that reads the raw topics, the links and journey.touchpoints by chunks into the worker's lanes."""
    app = faust.App(
        f"{settings.group}.worker",
        broker=f"kafka://{settings.kafka}",
        autodiscover=False,
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=settings.worker_id,
        consumer_max_fetch_size=settings.chunk_bytes,
        broker_max_poll_records=settings.chunk_records,
        broker_session_timeout=SESSION_SECONDS,
        broker_heartbeat_interval=_HEARTBEAT_SECONDS,
        broker_rebalance_timeout=REBALANCE_SECONDS,
        broker_request_timeout=30.0,
        broker_commit_interval=1.0,
        stream_buffer_maxsize=64,
        stream_wait_empty=False,
        datadir=str(settings.data / "faust"),
    )
    app.transport = ChunkTransport(app.conf.broker_consumer, app)
    for name in INPUTS:
        channel = app.topic(name, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
        app.agent(channel, name=f"{settings.group}.{name}")(worker.feed)
    app.on_partitions_assigned.connect(worker.assigned)
    app.on_partitions_revoked.connect(worker.revoked)
    return app

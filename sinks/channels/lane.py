"""One channel's deliveries, one after the other as they fall due. A failing receiver holds up only its lane."""

import asyncio
import heapq
import itertools
import logging
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Literal, Protocol

import msgspec
from msgspec.structs import replace

from sinks import crash
from sinks.alert import Alert, decode_alert, is_past
from sinks.channels.journal import Delivery, Journal
from sinks.channels.outcome import Delivered, Failed, Gone, Outcome
from sinks.channels.retry import Retry
from sinks.metrics import NotifierMetrics
from sinks.waiting import happens

log = logging.getLogger(__name__)
Settled = Literal["delivered", "gave_up", "past", "disabled"]


class Channel(Protocol):
    """A way to a receiver. `target` changes when the receiver does."""

    @property
    def name(self) -> str: ...
    @property
    def target(self) -> str: ...
    async def deliver(self, alert: Alert) -> Outcome: ...


class Lane:
    """What waits for one channel. At most one delivery is under way, so a crash repeats at most that one."""

    def __init__(
        self,
        channel: Channel,
        journal: Journal,
        metrics: NotifierMetrics,
        retry: Retry,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.channel = channel
        self._journal = journal
        self._metrics = metrics
        self._retry = retry
        self._now = now
        self._waiting: list[tuple[float, int, Delivery]] = []
        self._known: set[str] = set()
        self._order = itertools.count()
        self._woken = asyncio.Event()
        self._idle = asyncio.Lock()
        self._disabled = False
        self._off = f"target:{channel.target}"

    @property
    def pending(self) -> int:
        """Deliveries that wait for a first or another attempt."""
        return len(self._waiting)

    async def restore(self, known: Iterable[Delivery]) -> None:
        """Forget everything and take over what the journal knows, once the delivery under way is settled."""
        async with self._idle:
            self._waiting.clear()
            self._known.clear()
            self._disabled = False
            for delivery in known:
                if delivery.channel == self.channel.name:
                    self._take_over(delivery)
        self._woken.set()

    async def offer(self, alert: Alert, raw: bytes, partition: int) -> None:
        """Remember an alert durably and deliver it soon; one that is known already is passed over."""
        first = Delivery(self.channel.name, alert.id, partition, "due", next_at=self._now(), alert=msgspec.Raw(raw))
        if first.key in self._known:
            return
        if is_past(alert, self._moment()):
            self._told("past")
        elif self._disabled:
            self._told("disabled")
        else:
            self._known.add(first.key)
            await self._journal.write(first)
            self._wait_for(first)

    async def run(self) -> None:
        """Deliver what is due, for ever."""
        while True:
            pause = self._waiting[0][0] - self._now() if self._waiting else None
            if pause is not None and pause <= 0:
                async with self._idle:
                    if self._waiting:
                        await self._attempt(heapq.heappop(self._waiting)[2])
                self._measure()
                continue
            await happens(self._woken, pause)
            self._woken.clear()

    async def stop(self) -> None:
        """Return when the delivery under way is settled; no other begins."""
        await self._idle.acquire()

    async def _attempt(self, delivery: Delivery) -> None:
        alert = decode_alert(delivery.alert)
        if self._disabled:
            await self._settle(delivery, "disabled")
        elif not delivery.failures and is_past(alert, self._moment()):
            await self._settle(delivery, "past")
        else:
            await self._conclude(delivery, await self._tried(alert))

    async def _tried(self, alert: Alert) -> Outcome:
        try:
            outcome = await self.channel.deliver(alert)
            crash.passing("notifier.after_post")
            return outcome
        # One alert that a channel cannot bear must not end the lane.
        except Exception as error:
            log.exception("%s: alert %s", self.channel.name, alert.id)
            return Failed(f"{type(error).__name__}: {error}")

    async def _conclude(self, delivery: Delivery, outcome: Outcome) -> None:
        match outcome:
            case Delivered():
                await self._settle(delivery, "delivered")
            case Gone():
                log.warning("%s: the receiver answered 410 Gone: switched off until its URL changes", self.channel.name)
                self._disabled = True
                await self._journal.write(
                    Delivery(self.channel.name, self._off, delivery.partition, "channel_disabled")
                )
                await self._settle(delivery, "disabled")
            case Failed(reason, asked):
                await self._fail(delivery, reason, asked)

    async def _fail(self, delivery: Delivery, reason: str, asked: float | None) -> None:
        failures = delivery.failures + 1
        pause = self._retry.pause(failures, asked)
        if pause is None:
            log.error("%s: gave up alert %s after %s attempts: %s", self.channel.name, delivery.id, failures, reason)
            await self._settle(delivery, "gave_up")
            return
        log.warning("%s: alert %s failed (%s), again in %.0f s", self.channel.name, delivery.id, reason, pause)
        self._told("failed")
        again = replace(delivery, failures=failures, next_at=self._now() + pause)
        await self._journal.write(again)
        self._wait_for(again)

    async def _settle(self, delivery: Delivery, state: Settled) -> None:
        self._told(state)
        await self._journal.write(
            Delivery(delivery.channel, delivery.id, delivery.partition, state, failures=delivery.failures)
        )

    def _take_over(self, delivery: Delivery) -> None:
        if delivery.state == "channel_disabled":
            self._disabled = self._disabled or delivery.id == self._off
            return
        self._known.add(delivery.key)
        if delivery.state == "due":
            self._wait_for(delivery)

    def _wait_for(self, delivery: Delivery) -> None:
        heapq.heappush(self._waiting, (delivery.next_at, next(self._order), delivery))
        self._woken.set()
        self._measure()

    def _told(self, outcome: str) -> None:
        self._metrics.alerts.labels(self.channel.name, outcome).inc()

    def _measure(self) -> None:
        self._metrics.pending.labels(self.channel.name).set(len(self._waiting))

    def _moment(self) -> datetime:
        return datetime.fromtimestamp(self._now(), UTC)

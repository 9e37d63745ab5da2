"""One partition's deliveries through one channel, one after the other as they fall due."""

import asyncio
import heapq
import itertools
import logging
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

import msgspec
from msgspec.structs import replace

from sinks import crash
from sinks.alert import Alert, decode_alert, is_past
from sinks.channels.journal import Delivery, Journal, State
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


class Switch:
    """Whether a channel is on. All its lanes share one: what its receiver says to one of them holds for all."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.id = f"target:{channel.target}"
        self.off = False


class Lane:
    """What of one partition waits for one channel, from one assignment to the next.

    At most one delivery is under way, so a crash repeats at most that one, and a customer's alerts keep their order.
    """

    def __init__(
        self,
        switch: Switch,
        partition: int,
        journal: Journal,
        metrics: NotifierMetrics,
        retry: Retry,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.channel = switch.channel
        self._switch = switch
        self._partition = partition
        self._journal = journal
        self._metrics = metrics
        self._retry = retry
        self._now = now
        self._waiting: list[tuple[float, int, Delivery]] = []
        self._known: set[str] = set()
        self._order = itertools.count()
        self._woken = asyncio.Event()
        self._idle = asyncio.Lock()
        self._stopped = False

    @property
    def pending(self) -> int:
        """Deliveries that wait for a first or another attempt."""
        return len(self._waiting)

    def restore(self, known: Iterable[Delivery]) -> None:
        """Take over what the journal knows of this lane."""
        for delivery in known:
            if (delivery.channel, delivery.partition) == (self.channel.name, self._partition):
                self._take_over(delivery)

    async def offer(self, alert: Alert, raw: bytes) -> None:
        """Remember an alert durably and deliver it soon; one that is known already is passed over."""
        first = self._delivery(alert.id, "due", next_at=self._now(), alert=msgspec.Raw(raw))
        if first.key in self._known:
            return
        if is_past(alert, self._moment()):
            self._told("past")
        elif self._switch.off:
            self._told("disabled")
        else:
            self._known.add(first.key)
            await self._journal.write(first)
            self._wait_for(first)

    async def run(self) -> None:
        """Deliver what is due, until the lane is stopped."""
        while not self._stopped:
            pause = self._waiting[0][0] - self._now() if self._waiting else None
            if pause is not None and pause <= 0:
                async with self._idle:
                    await self._attempt(heapq.heappop(self._waiting)[2])
                continue
            await happens(self._woken, pause)
            self._woken.clear()

    async def stop(self) -> None:
        """Return when the delivery under way is settled; no other begins."""
        self._stopped = True
        self._woken.set()
        async with self._idle:
            pass

    async def _attempt(self, delivery: Delivery) -> None:
        alert = decode_alert(delivery.alert)
        if self._switch.off:
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
                self._switch.off = True
                await self._journal.write(self._delivery(self._switch.id, "channel_disabled"))
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
        await self._journal.write(self._delivery(delivery.id, state, failures=delivery.failures))

    def _take_over(self, delivery: Delivery) -> None:
        if delivery.state == "channel_disabled":
            self._switch.off |= delivery.id == self._switch.id
            return
        self._known.add(delivery.key)
        if delivery.state == "due":
            self._wait_for(delivery)

    def _wait_for(self, delivery: Delivery) -> None:
        heapq.heappush(self._waiting, (delivery.next_at, next(self._order), delivery))
        self._woken.set()

    def _told(self, outcome: str) -> None:
        self._metrics.alerts.labels(self.channel.name, outcome).inc()

    def _delivery(self, alert_id: str, state: State, **more: Any) -> Delivery:
        return Delivery(self.channel.name, alert_id, self._partition, state, **more)

    def _moment(self) -> datetime:
        return datetime.fromtimestamp(self._now(), UTC)

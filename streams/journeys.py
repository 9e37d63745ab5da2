"""The journey stage of one partition: fold each chunk's touchpoints into the customers' packed journeys."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from heapq import heapify, heappop, heappush
from typing import Any

import msgspec

from journey.alert import alerts
from journey.correction import Outcome, arrive, begin
from journey.fact import instant
from journey.rules import Rules
from journey.state import Journey
from journey.touch import Touch
from schemas import rejection, topic
from streams.alignment import Gate
from streams.stage import Effects
from streams.stored import NOTHING, POSITION_KEY, due_of, pack, unpack
from streams.wire import decode, touch_of

_MOST_SWEPT = 2000
_encode = msgspec.json.Encoder().encode


class JourneyStage:
    """State of one partition: packed journeys by customer, and a schedule of what is due.

    A customer with something due stands in the schedule at that time or earlier: an entry that comes too early is put
    off when it is reached, since most touchpoints only put off what is due.
    """

    name = "journey"
    state_topic = topic.STATE
    aligned = False

    def __init__(self, rules: Rules, partition: int) -> None:
        self._rules = rules
        self.policy = rules.digest
        self._partition = partition
        self._journeys: dict[str, bytes] = {}
        self._schedule: list[tuple[int, str]] = []
        self.watermark = 0

    def __len__(self) -> int:
        return len(self._journeys)

    def packed(self) -> Iterable[tuple[str, bytes]]:
        """Every customer and its packed journey."""
        return self._journeys.items()

    def forget(self) -> None:
        """Drop all state."""
        self._journeys, self._schedule, self.watermark = {}, [], 0

    def restore(self, records: Iterable[Any]) -> None:
        """Take packed journeys as they are: none is unpacked before its customer is touched."""
        journeys = self._journeys
        for record in records:
            if record.key == POSITION_KEY:
                continue
            customer_id = record.key.decode()
            if record.value is None:
                journeys.pop(customer_id, None)
            else:
                journeys[customer_id] = record.value

    def restored(self, watermark: int) -> None:
        """Build the schedule."""
        self.watermark = watermark
        self._schedule = [(due, customer_id) for customer_id, value in self._journeys.items() if (due := due_of(value))]
        heapify(self._schedule)

    def fold(self, records: Sequence[Any], wall_ms: int, gate: Gate | None = None) -> Effects:
        """Group a chunk by customer, fold each customer once, write each changed journey once."""
        effects = Effects(taken=len(records))
        arrivals: dict[str, list[Touch]] = {}
        recorded_at = instant(wall_ms)
        read, watermark = self._rules.names_read, self.watermark
        for record in records:
            if record.value is None:
                continue
            try:
                wire = decode(record.value)
            except msgspec.MsgspecError as error:
                _reject(effects, record, str(error), recorded_at)
                continue
            touch = touch_of(wire, read)
            watermark = max(watermark, touch.at)
            if wire.customer_id:
                arrivals.setdefault(wire.customer_id, []).append(touch)
        effects.watermark = min(watermark, wall_ms)
        for customer_id, touches in arrivals.items():
            self._take(customer_id, touches, effects.watermark, recorded_at, effects)
        effects.count("folded", by=sum(map(len, arrivals.values())))
        return effects

    def sweep(self, now_ms: int, wall_ms: int) -> Effects | None:
        """What time alone did to customers nobody touched, some of it at a time."""
        schedule = self._schedule
        if not schedule or schedule[0][0] > now_ms:
            return None
        effects, recorded_at = Effects(watermark=self.watermark), instant(wall_ms)
        while schedule and schedule[0][0] <= now_ms and len(effects.state) < _MOST_SWEPT:
            _, customer_id = entry = heappop(schedule)
            due = due_of(self._journeys.get(customer_id, NOTHING))
            if not due or customer_id in effects.state or (schedule and schedule[0] == entry):
                continue
            if due <= now_ms:
                self._take(customer_id, [], now_ms, recorded_at, effects)
                due = due_of(effects.state[customer_id])
            if due:
                heappush(schedule, (due, customer_id))
        return effects if effects.state else None

    def settle(self, effects: Effects) -> None:
        """Make the changed journeys the current ones, and note what is due next in them."""
        self.watermark = max(self.watermark, effects.watermark)
        for customer_id, value in effects.state.items():
            due, scheduled = due_of(value), due_of(self._journeys.get(customer_id, NOTHING))
            self._journeys[customer_id] = value
            if due and not 0 < scheduled <= due:
                heappush(self._schedule, (due, customer_id))

    def _take(
        self, customer_id: str, touches: list[Touch], now_ms: int, recorded_at: datetime, effects: Effects
    ) -> None:
        value = self._journeys.get(customer_id)
        journey = begin(self._rules) if value is None else unpack(value)
        outcome = arrive(journey, customer_id, touches, now_ms, self._rules)
        effects.state[customer_id] = pack(journey)
        if outcome.facts:
            self._say(customer_id.encode(), journey, outcome, recorded_at, effects)
        if outcome.duplicates:
            effects.count("duplicates", by=outcome.duplicates)
        if outcome.too_late:
            effects.count("too_late", by=outcome.too_late)

    def _say(self, key: bytes, journey: Journey, outcome: Outcome, recorded_at: datetime, effects: Effects) -> None:
        version = journey.version
        facts = effects.outputs.setdefault((topic.FACTS, self._partition), [])
        for fact in outcome.facts:
            fact.version, fact.recorded_at = version, recorded_at
            facts.append((key, _encode(fact), []))
        for alert in alerts(outcome, recorded_at):
            effects.write(topic.ALERTS, self._partition, key, _encode(alert), [])


def _reject(effects: Effects, record: Any, detail: str, recorded_at: datetime) -> None:
    why = rejection.Rejection("not_a_touchpoint", f"on {record.topic}: {detail}")
    origin = f"{record.topic}/{record.partition}/{record.offset}"
    value, headers = rejection.record(why, record.value, origin, recorded_at.isoformat())
    effects.write(topic.REJECTED, 0, record.key, value, headers)
    effects.count("rejected", why.reason)

"""The journeys of one partition twice: as the workers keep them, and folded anew from journey.touchpoints."""

from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from journey.correction import arrive, begin
from journey.fact import Correction, Fact
from journey.rules import Rules
from journey.state import Journey, pack_head
from journey.touch import Touch
from schemas import topic
from streams.journeys import JourneyStage
from streams.reading import end_of, stretch
from streams.stored import Position, newest_position, unpack
from streams.wire import decode, touch_of

Progress = Callable[[int], None]


@dataclass
class Refold:
    """What a partition's state should be, and what it is. `facts` are the current ones, by id."""

    partition: int
    position: int = 0
    touchpoints: int = 0
    distinct: set[tuple[str, str, str]] = field(default_factory=set)
    facts: dict[str, Fact] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    lost: int = 0
    doubled: int = 0
    differences: list[str] = field(default_factory=list)


async def refold(consumer: AIOKafkaConsumer, partition: int, rules: Rules, told: Progress) -> Refold:
    """Fold every touchpoint of a partition up to the state's own position, and hold the state against it."""
    live, position = await _live(consumer, partition, rules)
    found = Refold(partition, position.offset)
    journeys: dict[str, Journey] = {}
    tp = TopicPartition(topic.TOUCHPOINTS, partition)
    async for records in stretch(consumer, tp, None, position.offset):
        arrivals: dict[str, list[Touch]] = {}
        for record in records:
            if record.value is None:
                continue
            try:
                wire = decode(record.value)
            except msgspec.MsgspecError:
                # The journey stage has rejected it.
                continue
            found.touchpoints += 1
            found.distinct.add((wire.customer_id, wire.source, wire.id))
            if wire.customer_id:
                arrivals.setdefault(wire.customer_id, []).append(touch_of(wire, rules.names_read))
        for customer_id, touches in arrivals.items():
            journey = journeys.get(customer_id) or begin(rules)
            journeys[customer_id] = journey
            _publish(arrive(journey, customer_id, touches, 0, rules).facts, found)
        told(len(records))
    for customer_id in live.keys() | journeys.keys():
        _compare(customer_id, journeys.get(customer_id), live.get(customer_id), rules, found)
    return found


async def _live(consumer: AIOKafkaConsumer, partition: int, rules: Rules) -> tuple[dict[str, Journey], Position]:
    stage, position = JourneyStage(rules, partition, 0), Position(0)
    tp = TopicPartition(topic.STATE, partition)
    async for records in stretch(consumer, tp, None, await end_of(consumer, tp)):
        stage.restore(records)
        position = newest_position(records) or position
    return {customer_id: unpack(value) for customer_id, value in stage.packed()}, position


def _publish(facts: list[Fact], found: Refold) -> None:
    for fact in facts:
        if fact.deleted:
            found.facts.pop(fact.id, None)
        else:
            found.facts[fact.id] = fact


def _compare(customer_id: str, expected: Journey | None, live: Journey | None, rules: Rules, found: Refold) -> None:
    if expected is None or live is None:
        which = "no touchpoint stands behind its state" if expected is None else "it has no state"
        found.differences.append(f"customer {customer_id}: {which}")
        found.doubled += expected is None and live is not None and live.head.seen
        found.lost += live is None and expected is not None and expected.head.seen
        return
    found.versions[customer_id] = live.version
    if live.head.fired > expected.head.fired:
        _publish(arrive(expected, customer_id, [], live.head.fired, rules).facts, found)
    found.lost += max(0, expected.head.seen - live.head.seen)
    found.doubled += max(0, live.head.seen - expected.head.seen)
    if pack_head(expected.head) != pack_head(live.head):
        names = [
            name for name in expected.head.__struct_fields__ if getattr(expected.head, name) != getattr(live.head, name)
        ]
        found.differences.append(f"customer {customer_id}: {', '.join(names)} differ from a fold of its touchpoints")
    if expected.too_late != live.too_late:
        found.differences.append(f"customer {customer_id}: {live.too_late} too late, a fold finds {expected.too_late}")


def is_compared(fact: Fact) -> bool:
    """Corrections tell how things came about, which depends on how touchpoints were grouped: they are not compared."""
    return not isinstance(fact, Correction)

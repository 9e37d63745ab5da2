"""Journeys of all partitions twice: as the workers keep them, and folded anew from journey.touchpoints.

A journey that was never merged nor rebuilt is replayed in the order of arrival, as its worker did. Every other one is
folded in event order from all touchpoints of all derived ids that belong to it: what it should have ended at.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from journey.correction import arrive, begin
from journey.fact import Correction, Fact, Merge, Rebuilt
from journey.packed import pack_head
from journey.rebuild import fold_history
from journey.rules import Rules
from journey.state import Journey
from journey.touch import Touch
from schemas import topic
from streams.census import told_in
from streams.position import Position
from streams.reading import reader, stretch
from streams.snapshot import Snapshot, ends_between_transactions, snapshot
from streams.stored import is_redirect, unpack
from streams.touches import touch_of
from streams.wire import WireTouchpoint, decode

Progress = Callable[[int], None]
Wanted = Callable[[str], bool]


def everybody(_: str) -> bool:
    """Whoever it is."""
    return True


class Difference(NamedTuple):
    """What is otherwise than it should be with a customer: in words, and touchpoints too few or too many."""

    customer_id: str
    what: str
    lost: int = 0
    doubled: int = 0


@dataclass
class Refold:
    """What a partition's state should be, and what it is. `facts` are the current ones, by id.

    Customers of `rebuilding` wait for a rebuild, each for a history up to this offset; those of `in_order` were folded
    in event order, on their own or with whom they were merged into: nothing was too late.
    """

    partition: int
    position: int = 0
    touchpoints: int = 0
    customers: int = 0
    facts: dict[str, Fact] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    rebuilding: dict[str, int] = field(default_factory=dict)
    in_order: set[str] = field(default_factory=set)
    differences: list[Difference] = field(default_factory=list)

    @property
    def lost(self) -> int:
        """Touchpoints that journeys have not seen."""
        return sum(each.lost for each in self.differences)

    @property
    def doubled(self) -> int:
        """Touchpoints that journeys have seen more than once."""
        return sum(each.doubled for each in self.differences)


async def refold(
    bootstrap: str, partitions: int, rules: Rules, told: Progress, wanted: Wanted = everybody
) -> list[Refold]:
    """Fold the touchpoints of customers that are `wanted` up to the state's own positions, and hold the state against
    it, partition by partition. `told` gets the number of records read.
    """
    ends = await ends_between_transactions(bootstrap, range(partitions))
    async with reader(bootstrap, bare=True) as consumer:
        live = [await snapshot(consumer, partition, ends[partition]) for partition in range(partitions)]
        return await _held_against(consumer, live, rules, told, wanted)


async def _held_against(
    consumer: AIOKafkaConsumer, live: Sequence[Snapshot], rules: Rules, told: Progress, wanted: Wanted
) -> list[Refold]:
    folding = _Everybody({key: packed for each in live for key, packed in each.journeys.items()}, rules, wanted)
    found = [Refold(partition, each.position.offset) for partition, each in enumerate(live)]
    for to, start, end in _in_order(found, [each.position for each in live]):
        async for records in stretch(consumer, TopicPartition(topic.TOUCHPOINTS, to.partition), start, end):
            folding.read(records, to)
            told(len(records))
    for each, to in zip(live, found, strict=True):
        for customer_id, packed in each.journeys.items():
            if wanted(customer_id):
                folding.compare(customer_id, unpack(packed), to)
    for partition, customer_id in folding.left():
        found[partition].differences.append(Difference(customer_id, "it has no state", lost=1))
    return found


def _in_order(found: Sequence[Refold], positions: Sequence[Position]) -> Iterator[tuple[Refold, int | None, int]]:
    """Stretches of the partitions, from (None: the first offset) and up to. All that was before the number of
    partitions changed comes before all that was after: a customer may have been on another one then.
    """
    for generation in range(1 + max(len(position.cuts) for position in positions)):
        for to, position in zip(found, positions, strict=True):
            marks = (0, *position.cuts, position.offset)
            for start, end in pairwise(marks[generation : generation + 2]):
                if start < end:
                    yield to, start or None, end


class _Everybody:
    """Who belongs to whom, what is replayed so far, and what is gathered for a fold in order."""

    def __init__(self, live: dict[str, bytes], rules: Rules, wanted: Wanted) -> None:
        self._live = live
        self._rules = rules
        self._wanted = wanted
        self._owners = {key: unpack(packed).redirect for key, packed in live.items() if is_redirect(packed)}
        self._moved = {key for key, packed in live.items() if wanted(key) and _was_moved(unpack(packed))}
        self._replayed: dict[str, tuple[int, Journey]] = {}
        self._said: dict[str, dict[str, Fact]] = {}
        self._gathered: dict[str, dict[tuple[str, str], tuple[Any, Touch]]] = {}

    def read(self, records: Iterable[Any], found: Refold) -> None:
        """Take a stretch of a partition in: accounts' copies are replayed, other controls move nothing of their own."""
        arrivals: dict[str, list[Touch]] = {}
        accounts: set[str] = set()
        for record, it, to_account in told_in(records):
            owner = it.customer_id if to_account else self._owner(it.derived_id or it.customer_id)
            if not self._wanted(owner):
                continue
            try:
                wire = decode(record.value)
            except msgspec.MsgspecError:
                # The journey stage has rejected it.
                continue
            if to_account:
                accounts.add(wire.customer_id)
            else:
                found.touchpoints += 1
            if wire.customer_id:
                self._take(wire, owner, (record.timestamp, found.partition, record.offset), arrivals)
        for customer_id, touches in arrivals.items():
            _, journey = self._replayed.setdefault(
                customer_id, (found.partition, begin(self._rules.accounts if customer_id in accounts else self._rules))
            )
            outcome = arrive(journey, customer_id, touches, 0, self._rules_of(journey))
            _publish(outcome.facts, self._said.setdefault(customer_id, {}))

    def compare(self, customer_id: str, live: Journey, found: Refold) -> None:
        """Hold one customer's live journey against what it should be."""
        found.versions[customer_id] = live.version
        if live.redirect:
            found.in_order.add(customer_id)
            return
        found.customers += not live.account
        if live.rebuild:
            found.rebuilding[customer_id] = live.rebuild
            return
        rules = self._rules_of(live)
        if _was_moved(live):
            touches = [touch for _, touch in sorted(self._gathered.pop(customer_id, {}).values(), key=_first)]
            found.in_order.add(customer_id)
            expected, facts = fold_history(touches, customer_id, rules, live.head.fired)
            said = {fact.id: fact for fact in facts}
        else:
            _, replayed = self._replayed.pop(customer_id, (0, None))
            if replayed is None:
                if live.head.seen:
                    what = "no touchpoint stands behind its state"
                    found.differences.append(Difference(customer_id, what, doubled=live.head.seen))
                return
            expected, said = replayed, self._said.pop(customer_id, {})
            if live.head.fired > expected.head.fired:
                _publish(arrive(expected, customer_id, [], live.head.fired, rules).facts, said)
        found.facts.update(said)
        _differ(customer_id, expected, live, found)

    def left(self) -> Iterable[tuple[int, str]]:
        """Customers with touchpoints and without state, each with its partition."""
        return [
            (partition, customer_id)
            for customer_id, (partition, journey) in self._replayed.items()
            if journey.head.seen and customer_id not in self._live
        ]

    def _take(self, wire: WireTouchpoint, owner: str, received: Any, arrivals: dict[str, list[Touch]]) -> None:
        if owner in self._moved:
            wire.customer_id = owner
            touch = touch_of(wire, self._rules.names_read)
            known = self._gathered.setdefault(owner, {}).get((wire.source, wire.id))
            if known is None or received < known[0]:
                self._gathered[owner][wire.source, wire.id] = received, touch
        else:
            arrivals.setdefault(wire.customer_id, []).append(touch_of(wire, self._rules.names_read))

    def _owner(self, derived_id: str) -> str:
        return self._owners.get(derived_id, derived_id)

    def _rules_of(self, journey: Journey) -> Rules:
        return self._rules.accounts if journey.account else self._rules


def _was_moved(journey: Journey) -> bool:
    return bool(journey.rebuilt or journey.members or journey.rebuild)


def _first(gathered: tuple[Any, Touch]) -> Any:
    return gathered[0]


def _publish(facts: list[Fact], said: dict[str, Fact]) -> None:
    for fact in facts:
        if fact.deleted:
            said.pop(fact.id, None)
        else:
            said[fact.id] = fact


def _differ(customer_id: str, expected: Journey, live: Journey, found: Refold) -> None:
    lost, doubled = expected.head.seen - live.head.seen, live.head.seen - expected.head.seen
    if pack_head(expected.head) != pack_head(live.head):
        names = [
            name for name in expected.head.field_names() if getattr(expected.head, name) != getattr(live.head, name)
        ]
        what = f"{', '.join(names)} differ from a fold of its touchpoints"
        found.differences.append(Difference(customer_id, what, max(0, lost), max(0, doubled)))
    if expected.too_late != live.too_late:
        what = f"{live.too_late} too late, a fold finds {expected.too_late}"
        found.differences.append(Difference(customer_id, what))


def is_compared(fact: Fact) -> bool:
    """What tells how things came about depends on how touchpoints were grouped: it is not compared."""
    return not isinstance(fact, Correction | Merge | Rebuilt)

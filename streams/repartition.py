"""More partitions under a state that is there: each customer's journey goes to the partition that its id has now.

Nothing of the past is rewritten. Topics grow where they are, so every offset that anybody has noted still holds. What
moves is `journey.state`; at the end all positions say the new number at once, and no lane starts before that. Until
then any step may be cut off: run again, all of them together do what is left.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from aiokafka import TopicPartition
from msgspec.structs import replace

from journey.merge import want_rebuild
from journey.rules import Rules
from schemas import topic
from sinks import crash
from streams.alignment import Alignment
from streams.clock import Clock
from streams.effects import Output
from streams.intake import IntakeStage
from streams.journeys import JourneyStage
from streams.lane import Lane, LaneSettings
from streams.metrics import Metrics
from streams.placement import partition_of
from streams.position import POLICIES_KEY, POSITION_KEY, Position, pack_position, unpack_position
from streams.reading import compacted, ends_of, reader
from streams.resolver import ResolverStage
from streams.stored import pack, unpack
from streams.transaction import Transactions, transactional_id

# What holds positions, and grows first: no lane may find a new input partition and no word on where it stands.
STATES = (topic.STATE, *(topic.positions_of(raw) for raw in topic.RAW))
_NOT_CUSTOMERS = (POSITION_KEY, POLICIES_KEY)
_AT_ONCE = 1000

Told = Callable[[str, int], None]
State = dict[bytes, bytes]


@dataclass
class Moved:
    """How many customers and accounts there are, and how many of them belong to another partition than before."""

    customers: int = 0
    moved: int = 0


@dataclass
class Repartition:
    """One move from `before` partitions to `after`. `rules` are those of the first policy, as a worker has them.

    Nobody may read as a worker or a rebuilder meanwhile. `told(step, count)` hears of progress. Every step raises
    Kafka's errors; LaneRefusedError where the state does not belong to the input or to the rules.
    """

    bootstrap: str
    group: str
    rules: Rules
    before: int
    after: int
    told: Told
    _positions: dict[int, Position] = field(default_factory=dict)
    _policies: bytes = b""

    async def keep_out(self) -> None:
        """Let no lane begin that has no position yet: it gets one that says the number of before."""
        ends = await ends_of(self.bootstrap, [place for name in STATES for place in self._places(name, self.after)])
        value = pack_position(Position(0, 0, self.before))
        async with self._transactions() as transactions:
            await transactions.write(
                {(place.topic, place.partition): [(POSITION_KEY, value, [])] for place, end in ends.items() if not end},
                _now_ms(),
            )
            await transactions.commit()

    async def fence(self) -> None:
        """Refuse whatever a worker still writes that does not know yet that it has lost its partitions."""
        inputs = [(JourneyStage.name, topic.TOUCHPOINTS), *((IntakeStage.name, raw) for raw in topic.RAW)]
        places = [(name, place) for name, read in inputs for place in self._places(read, self.before)]
        for name, place in (*places, (ResolverStage.name, TopicPartition(topic.LINKS, 0))):
            async with Transactions(self.bootstrap, transactional_id(self.group, name, place)):
                self.told("fencing", 1)

    async def drain(self) -> None:
        """Fold what the journeys have not read yet, as the worker would have, until nothing is left anywhere."""
        settings = LaneSettings(self.bootstrap, self.group, self.before, 1.0, Alignment(0), Clock())
        read: dict[TopicPartition, int] = {}
        while True:
            ends = await ends_of(self.bootstrap, self._places(topic.TOUCHPOINTS, self.before))
            open_ = [place for place, end in ends.items() if end > read.get(place, -1)]
            if not open_:
                return
            for place in open_:
                stage = JourneyStage(self.rules, place.partition, self.before)
                self._positions[place.partition], handled = await Lane(stage, place, settings, Metrics()).drain()
                read[place] = ends[place]
                self.told("folding", handled)

    async def move(self) -> Moved:
        """Bring each journey to its partition; a transaction takes some of them away here and puts them there."""
        found = Moved()
        async with self._transactions() as transactions:
            # New partitions first: they hold something only where a move to another number was cut off.
            for place in reversed(self._places(topic.STATE, self.after)):
                state = await _state_of(self.bootstrap, place)
                if place.partition < self.before:
                    self._policies = state.get(POLICIES_KEY, self._policies)
                going = self._going(state, place)
                # Those that go where it is still to be read are counted there.
                found.customers += _customers(state) - sum(to < place.partition for to in going.values())
                keys = list(going)
                for first in range(0, len(keys), _AT_ONCE):
                    some = {key: state[key] for key in keys[first : first + _AT_ONCE]}
                    crash.passing("repartition.in_move")
                    await self._send_away(transactions, place, some)
                    found.moved += len(some)
                    self.told("moving", len(some))
        return found

    async def count(self) -> Moved:
        """What `move` would find, and nothing is touched."""
        found = Moved()
        for place in self._places(topic.STATE, self.before):
            state = await _state_of(self.bootstrap, place, settled=False)
            found.moved += len(self._going(state, place))
            found.customers += _customers(state)
            self.told("counting", _customers(state))
        return found

    async def switch(self) -> None:
        """Have every position say the new number, all in one transaction: from then on lanes may start."""
        outputs = self._journeys_outputs()
        for raw in topic.RAW:
            for place in self._places(topic.positions_of(raw), self.after):
                outputs[place] = [self._moved_on(await _state_of(self.bootstrap, place))]
        decided = TopicPartition(topic.IDENTITIES, 0)
        outputs[decided] = [self._moved_on(await _state_of(self.bootstrap, decided))]
        crash.passing("repartition.before_switch")
        async with self._transactions() as transactions:
            await transactions.write(outputs, _now_ms())
            await transactions.commit()

    def _journeys_outputs(self) -> dict[TopicPartition, list[Output]]:
        watermark = max(position.watermark for position in self._positions.values())
        outputs: dict[TopicPartition, list[Output]] = {}
        for place in self._places(topic.STATE, self.after):
            known = self._positions.get(place.partition, Position(0, policy=self.rules.digest))
            position = _cut(replace(known, watermark=watermark), self.after, self._generation())
            outputs[place] = [(POSITION_KEY, pack_position(position), [])]
            if self._policies and place.partition >= self.before:
                outputs[place].append((POLICIES_KEY, self._policies, []))
        return outputs

    def _generation(self) -> int:
        """How often the number has changed, this time with it."""
        return 1 + max(len(position.cuts) for position in self._positions.values())

    def _moved_on(self, state: State) -> Output:
        known = state.get(POSITION_KEY)
        position = unpack_position(known) if known else Position(0)
        return POSITION_KEY, pack_position(_cut(position, self.after, self._generation())), []

    def _going(self, state: State, place: TopicPartition) -> dict[bytes, int]:
        """Who belongs to another partition, and to which."""
        places = {key: partition_of(key.decode(), self.after) for key in state if key not in _NOT_CUSTOMERS}
        return {key: to for key, to in places.items() if to != place.partition}

    async def _send_away(self, transactions: Transactions, place: TopicPartition, some: State) -> None:
        arriving: dict[int, list[Output]] = {}
        for key, value in some.items():
            arriving.setdefault(partition_of(key.decode(), self.after), []).append((key, _elsewhere(value), []))
        gone: list[Output] = [(key, None, []) for key in some]
        arriving[place.partition] = gone
        await transactions.write({(topic.STATE, partition): some for partition, some in arriving.items()}, _now_ms())
        await transactions.commit()

    def _places(self, name: str, partitions: int) -> list[TopicPartition]:
        return [TopicPartition(name, number) for number in range(partitions)]

    def _transactions(self) -> Transactions:
        return Transactions(self.bootstrap, f"{self.group}.repartition")


async def made_with(bootstrap: str, found: Mapping[str, int]) -> int:
    """With how many partitions the state was made; `found` is how many each topic has."""
    counts: set[int] = set()
    for raw in topic.RAW:
        name = topic.positions_of(raw)
        for number in range(found[name]):
            value = (await _state_of(bootstrap, TopicPartition(name, number), settled=False)).get(POSITION_KEY)
            if value is not None:
                counts.add(unpack_position(value).partitions)
    # Raw topics grow last: where nothing was ever taken in, they tell.
    return max(counts, default=found[topic.RAW_MARKETING])


async def _state_of(bootstrap: str, place: TopicPartition, settled: bool = True) -> State:
    """What a partition of a compacted topic says by now. Not `settled` is one with a transaction that may be open."""
    async with reader(bootstrap) as consumer:
        end = (await (ends_of(bootstrap, [place]) if settled else consumer.end_offsets([place])))[place]
        return await compacted(consumer, place, end)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _customers(state: State) -> int:
    return len(state) - sum(key in state for key in _NOT_CUSTOMERS)


def _elsewhere(value: bytes) -> bytes:
    """A packed journey for another partition. One that waits for a rebuild has noted offsets, which mean nothing there:
    whatever history is read from now on holds all that was before.
    """
    journey = unpack(value)
    if not journey.rebuild:
        return value
    want_rebuild(journey, 0)
    return pack(journey)


def _cut(position: Position, partitions: int, generation: int) -> Position:
    """The same position with another number of partitions from here on; one without a past has been nowhere."""
    cuts = (*position.cuts, position.offset)
    return replace(position, partitions=partitions, cuts=(0,) * (generation - len(cuts)) + cuts)

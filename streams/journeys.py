"""The journey stage of one partition: fold each chunk's touchpoints into the customers' packed journeys."""

from collections.abc import Iterable, Sequence
from typing import Any

from journey.rules import Rules
from schemas import topic
from streams.effects import Effects, Pieces
from streams.folding import Folding
from streams.gate import Gate
from streams.policies import under
from streams.position import POLICIES_KEY, POSITION_KEY, unpack_policies
from streams.schedule import Schedule
from streams.stage import Stage
from streams.stored import NOTHING, due_of, refuse_other_version

# One slice of a sweep folds so many customers, or looks at so many who are not due after all: some milliseconds.
_MOST_SWEPT, _MOST_LOOKED_AT = 30, 4000
_MOST_REVIEWED = 50
_POLICIES = POLICIES_KEY.decode()
_NONE_ADOPTED: list[tuple[int, str]] = []


class JourneyStage(Stage):
    """State of one partition: packed journeys by customer, and a schedule of what is due."""

    name = "journey"
    state_topic = topic.STATE
    aligned = False

    def __init__(self, rules: Rules, partition: int, partitions: int) -> None:
        self._rules = rules
        self.policy = rules.digest
        self._place = partition, partitions
        self._journeys: dict[str, bytes] = {}
        self._schedule = Schedule(self._due_of)
        self._first, self._adopted = rules, _NONE_ADOPTED
        self._to_review: list[str] = []
        self.watermark = 0

    def __len__(self) -> int:
        return len(self._journeys)

    def packed(self) -> Iterable[tuple[str, bytes]]:
        """Every customer and its packed journey."""
        return self._journeys.items()

    def forget(self) -> None:
        """Drop all state."""
        self._journeys, self._schedule, self.watermark = {}, Schedule(self._due_of), 0
        self._rules, self._adopted, self._to_review = self._first, _NONE_ADOPTED, []

    def restore(self, records: Iterable[Any]) -> None:
        """Take packed journeys as they are: none is unpacked before its customer is touched."""
        journeys = self._journeys
        for record in records:
            if record.key == POSITION_KEY:
                continue
            if record.key == POLICIES_KEY:
                self._agree(record.value)
                continue
            customer_id = record.key.decode()
            if record.value is None:
                journeys.pop(customer_id, None)
            else:
                journeys[customer_id] = record.value

    def restored(self, watermark: int, generation: int = 0) -> None:
        """Build the schedule. Raises UnknownVersionError where another release's worker has written here."""
        self.watermark = watermark
        for first in {value[0] for value in self._journeys.values()}:
            refuse_other_version(bytes([first]))
        self._schedule.fill((due_of(value), customer_id) for customer_id, value in self._journeys.items())
        if self._adopted:
            self._to_review = list(self._journeys)

    def pieces(self, records: Sequence[Any], wall_ms: int, gate: Gate | None = None) -> Pieces:
        """Group a chunk by customer, fold each customer once, write each changed journey once."""
        return self._folding(wall_ms).chunk(records)

    def sweep(self, now_ms: int, wall_ms: int) -> Effects | None:
        """What time alone did to customers nobody touched, one slice of it. Effects are empty where nobody was due."""
        if self._to_review:
            return self._review(wall_ms)
        schedule = self._schedule
        if not schedule.reached(now_ms):
            return None
        folding = self._folding(wall_ms)
        effects = folding.effects
        effects.watermark = self.watermark
        looked_at = 0
        while schedule.reached(now_ms) and len(effects.state) < _MOST_SWEPT and looked_at < _MOST_LOOKED_AT:
            looked_at += 1
            customer_id = schedule.next(now_ms)
            if customer_id is None or customer_id in effects.state:
                continue
            folding.due(customer_id, now_ms)
            due = due_of(effects.state[customer_id])
            if due:
                schedule.add(due, customer_id)
        # What is left is another slice's: the loop gets its turn before.
        return effects if effects.state or schedule.reached(now_ms) else None

    def settle(self, effects: Effects) -> None:
        """Make the changed journeys the current ones, and note what is due next in them."""
        self.watermark = max(self.watermark, effects.watermark)
        for customer_id, value in effects.state.items():
            if customer_id == _POLICIES:
                self._agree(value)
                self._to_review = list(self._journeys)
                continue
            due, scheduled = due_of(value), due_of(self._journeys.get(customer_id, NOTHING))
            self._journeys[customer_id] = value
            if due and not 0 < scheduled <= due:
                self._schedule.add(due, customer_id)

    def _due_of(self, customer_id: str) -> int:
        return due_of(self._journeys.get(customer_id, NOTHING))

    def _folding(self, wall_ms: int) -> Folding:
        return Folding(self._journeys.get, self._rules, self._adopted, self._place, wall_ms, self.watermark)

    def _agree(self, packed: bytes) -> None:
        """Take the adopted policies as they are kept, on top of the first one."""
        self._adopted = unpack_policies(packed)
        self._rules = under(self._first, self._adopted)

    def _review(self, wall_ms: int) -> Effects:
        """Look through some of the customers for journeys that a policy concerns which they did not know of."""
        folding = self._folding(wall_ms)
        folding.effects.watermark = self.watermark
        some = self._to_review[-_MOST_REVIEWED:]
        del self._to_review[-_MOST_REVIEWED:]
        for customer_id in some:
            folding.review(customer_id)
        return folding.effects

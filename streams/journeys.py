"""The journey stage of one partition: fold each chunk's touchpoints into the customers' packed journeys."""

from collections.abc import Iterable, Sequence
from heapq import heapify, heappop, heappush
from typing import Any

from journey.rules import Rules
from schemas import topic
from streams.alignment import Gate
from streams.folding import Folding
from streams.stage import Effects
from streams.stored import NOTHING, POSITION_KEY, due_of

_MOST_SWEPT = 2000


class JourneyStage:
    """State of one partition: packed journeys by customer, and a schedule of what is due.

    A customer with something due stands in the schedule at that time or earlier: an entry that comes too early is put
    off when it is reached, since most touchpoints only put off what is due.
    """

    name = "journey"
    state_topic = topic.STATE
    aligned = False

    def __init__(self, rules: Rules, partition: int, partitions: int) -> None:
        self._rules = rules
        self.policy = rules.digest
        self._place = partition, partitions
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
        return self._folding(wall_ms).chunk(records)

    def sweep(self, now_ms: int, wall_ms: int) -> Effects | None:
        """What time alone did to customers nobody touched, some of it at a time."""
        schedule = self._schedule
        if not schedule or schedule[0][0] > now_ms:
            return None
        folding = self._folding(wall_ms)
        effects = folding.effects
        effects.watermark = self.watermark
        while schedule and schedule[0][0] <= now_ms and len(effects.state) < _MOST_SWEPT:
            _, customer_id = entry = heappop(schedule)
            due = due_of(self._journeys.get(customer_id, NOTHING))
            if not due or customer_id in effects.state or (schedule and schedule[0] == entry):
                continue
            if due <= now_ms:
                folding.due(customer_id, now_ms)
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

    def _folding(self, wall_ms: int) -> Folding:
        return Folding(self._journeys.get, self._rules, self._place, wall_ms, self.watermark)

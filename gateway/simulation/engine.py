"""The simulation itself: everybody's journey side by side on one clock, written down in the order of arrival.

Pure: seed, customers, days and end decide every byte. Nothing here reads a clock, waits or sends.
"""

from collections.abc import Generator, Iterable, Iterator
from heapq import heappop, heappush, heapreplace
from typing import Any, NamedTuple

import msgspec

from gateway.simulation import spelling
from gateway.simulation.chance import Dice
from gateway.simulation.journeys.buying import lifetime
from gateway.simulation.journeys.nurturing import nurture
from gateway.simulation.journeys.spending import spend
from gateway.simulation.noise import BAD_SHARE, bad_event
from gateway.simulation.people import Person, populate
from gateway.simulation.rhythm import DAY, MINUTE
from gateway.simulation.world import CAMPAIGNS, Draft, Pending, World
from schemas.topic import RAW_MARKETING, RAW_SALES

Actor = Generator[int, int, None]
_TOPICS = {"marketing": RAW_MARKETING, "sales": RAW_SALES}
# Live, weeks pass in minutes: so do the delays.
_LIVE_DELAY_DIVISOR, _LIVE_DELAY_MOST = 2000, 10 * MINUTE


class Record(NamedTuple):
    """One Kafka record as a tool would produce it. `at` is the epoch ms of its arrival."""

    at: int
    topic: str
    key: bytes | None
    value: bytes | None
    bad: bool


class Simulation:
    """`customers` people over the `days` days that end at `until` (epoch ms, UTC)."""

    def __init__(self, seed: int, customers: int, days: float, until: int) -> None:
        self.seed = seed
        self.until = until
        since = until - int(days * DAY)
        run = f"{Dice(f'{seed}/{since}').below(36**5):05x}"
        self._world = World(Dice(seed), since, run)
        self.people: list[Person] = list(populate(self._world.dice, customers, run))
        self._actors: list[tuple[int, int, Actor]] = []
        for actor in self._everybody(since, int(days * DAY)):
            heappush(self._actors, (next(actor), len(self._actors), actor))
        self._written = 0

    def history(self) -> Iterator[Record]:
        """Everything that arrived up to `until`, in order of arrival."""
        for pending in self._arrivals():
            if pending[0] > self.until:
                heappush(self._world.pending, pending)
                return
            yield from self._records(pending, pending[0])

    def live(self, moments: Iterable[int]) -> Iterator[Record]:
        """One record for every moment (epoch ms) given: the same people go on, faster, stamped with the moment.

        Two evenings that start at different moments share no touchpoint.
        """
        moments = iter(moments)
        moment = next(moments, None)
        if moment is None:
            return
        evening = f"{moment:x}"
        self._world.dice.reseed(f"{self.seed}/{evening}")
        for pending in self._arrivals():
            self._move_to(pending, moment, evening)
            for record in self._records(pending, moment):
                yield record._replace(at=moment)
                moment = next(moments, None)
                if moment is None:
                    return

    def _everybody(self, since: int, length: int) -> Iterator[Actor]:
        for person in self.people:
            yield lifetime(self._world, person, since, length)
            yield nurture(self._world, person, since)
        for campaign in CAMPAIGNS:
            yield spend(self._world, campaign, since)

    def _arrivals(self) -> Iterator[Pending]:
        actors, pending = self._actors, self._world.pending
        while actors:
            at, number, actor = actors[0]
            while pending and pending[0][0] <= at:
                yield heappop(pending)
            heapreplace(actors, (actor.send(at), number, actor))

    def _records(self, pending: Pending, at: int) -> Iterator[Record]:
        _, _, draft, repeated = pending
        dice, touchpoint = self._world.dice, draft.touchpoint
        if draft.stamp is None:
            draft.stamp = spelling.moment(draft.occurred_ms, draft.offset_hours)
            touchpoint["occurred_at"] = draft.stamp
        elif draft.person is not None and repeated and dice.happens(0.3):
            touchpoint = {**touchpoint, "customer": self._world.customer(draft.person, draft.tool)}
        topic = _TOPICS[draft.tool.team]
        key = _key(draft)
        if dice.happens(BAD_SHARE):
            self._written += 1
            name = f"{draft.tool.source}-{self._world.run}-x{self._written:x}"
            # Some clients refuse a record with neither key nor value.
            yield Record(at, topic, key or b"bad", bad_event(dice, touchpoint, at, name), True)
        yield Record(at, topic, key, msgspec.json.encode(touchpoint), False)

    def _move_to(self, pending: Pending, moment: int, evening: str) -> None:
        arrives, _, draft, _ = pending
        if draft.stamp is None and draft.occurred_ms > self.until:
            delay = min((arrives - draft.occurred_ms) // _LIVE_DELAY_DIVISOR, _LIVE_DELAY_MOST)
            draft.occurred_ms = moment - delay
            # Another evening tells another story: under an earlier one's id it would be taken for a duplicate.
            draft.touchpoint["id"] = f"{draft.touchpoint['id']}-{evening}"


def _key(draft: Draft) -> bytes | None:
    customer: Any = draft.touchpoint.get("customer")
    if draft.tool.key == "none" or not customer:
        return None
    return str(customer.get("email") or customer["anonymous_id"]).encode()

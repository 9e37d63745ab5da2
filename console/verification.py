"""Live state and ClickHouse held against journey.touchpoints: every touchpoint counted, and customers folded anew.

The count is of everything, and shows that nothing is lost and nothing doubled. The fold shows that what is said of a
customer is right. It takes twenty times as long: above a number of touchpoints a share of the customers is folded,
drawn anew each time, and besides every customer whose count does not agree.
"""

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from secrets import randbelow
from typing import Any

from aiokafka import TopicPartition

from console.analyst import Analyst
from console.catching_up import Patience
from console.parity import CIRCLE, Choice, Found, Parity, Scene
from console.tally import Tally, sums, tally
from schemas import topic
from streams.apart import Apart, Here, apart
from streams.census import Census, Count, Counted, Stranger, Sum
from streams.reading import ends_of

MOST_FOLDED = 1_000_000
# Another process pays from so many records on.
_RECORDS_COUNTED_APART, _RECORDS_FOLDED_APART = 200_000, 40_000
_MOST_TOLD = 20
_TELL_SECONDS = 0.2

# What is being done, and how many records of how many are read for it.
Told = Callable[[str, int, int], None]


@dataclass
class Verdict:
    """What was compared and what was found; `differences` counts, `told` are the first ones in words.

    Of `customers` and their `touchpoints` all were counted, `folded_customers` with `folded_touchpoints` were folded
    anew too: all, or the `share` of them. `behind` says what had not arrived when the waiting ended; empty where
    everything had. `rebuilding` counts customers that wait for a rebuild and are not compared, `moving` what has moved
    on since. `partitions` has for each what the topic, its journeys and ClickHouse count.
    """

    touchpoints: int = 0
    customers: int = 0
    lost: int = 0
    doubled: int = 0
    differences: int = 0
    moving: int = 0
    rebuilding: int = 0
    behind: str = ""
    share: float = 1.0
    folded_touchpoints: int = 0
    folded_customers: int = 0
    partitions: list[dict[str, Any]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Everything has arrived, and nothing is lost, doubled or different."""
        return not (self.behind or self.rebuilding or self.lost or self.doubled or self.differences)

    def differs(self, what: str) -> None:
        """Count a difference, and keep the first ones."""
        self.differences += 1
        if len(self.told) < _MOST_TOLD:
            self.told.append(what)


async def verify(scene: Scene, analyst: Analyst, waits: Patience, told: Told, most_folded: int | None) -> Verdict:
    """Count everything, fold at most so many touchpoints anew (None: all), and compare; live traffic may go on.

    Each partition is compared as of the position that its state had; ClickHouse, as of these. Where customers differ
    they are compared once more a moment later: what was on its way from one partition to another has arrived by then.
    """
    verdict = Verdict()
    records = await _records(scene)
    parts = _processes(records // _RECORDS_COUNTED_APART, scene.partitions)
    mine = [list(range(part, scene.partitions, parts)) for part in range(parts)]
    with apart(Census, [(scene.bootstrap, some, scene.partitions) for some in mine]) as censuses:
        arrived = await asyncio.to_thread(waits.folded)
        suspects = await _count(scene, mine, censuses, analyst, waits, told, records, verdict)
    verdict.share = min(1.0, most_folded / max(1, verdict.touchpoints)) if most_folded is not None else 1.0
    chosen = Choice(randbelow(CIRCLE), round(CIRCLE * verdict.share), suspects)
    found = await _fold(scene, chosen, waits, told, records) if chosen else []
    verdict.folded_touchpoints = sum(each.touchpoints for each in found)
    verdict.folded_customers = sum(each.customers for each in found)
    verdict.moving = sum(each.moving for each in found)
    differing = frozenset(difference.customer_id for each in found for difference in each.differences)
    if differing:
        await asyncio.to_thread(waits.folded)
        found = [_without(differing, each) for each in found]
        found += await _fold(scene, Choice(0, 0, differing), waits, told, records)
    _conclude(found, arrived, verdict)
    verdict.behind = waits.behind
    return verdict


async def _records(scene: Scene) -> int:
    places = [TopicPartition(topic.TOUCHPOINTS, partition) for partition in range(scene.partitions)]
    return sum((await ends_of(scene.bootstrap, places)).values())


def _processes(wanted: int, most: int) -> int:
    return max(1, min(wanted + 1, most, os.cpu_count() or 1))


async def _count(
    scene: Scene,
    mine: Sequence[Sequence[int]],
    censuses: Sequence[Apart | Here],
    analyst: Analyst,
    waits: Patience,
    told: Told,
    records: int,
    verdict: Verdict,
) -> frozenset[str]:
    """The census, and ClickHouse against it. Answers the customers whose journeys have seen another number."""
    read = await _telling(censuses, _all(censuses, "read"), lambda done: told("counted", done, records))
    positions = {partition: offset for each in read for partition, offset in each.items()}
    storing = asyncio.create_task(asyncio.to_thread(_stored, analyst, waits, positions))
    strangers: dict[int, list[Stranger]] = {}
    for each in await _all(censuses, "strangers"):
        for home, some in each.items():
            strangers.setdefault(home, []).extend(some)
    for holder, some in zip(censuses, mine, strict=True):
        await holder.ask("take", {home: strangers.get(home, []) for home in some})
    counted: list[Counted] = await _all(censuses, "counted")
    counts = sorted((count for each in counted for count in each.counts), key=lambda count: count.partition)
    holders = {partition: holder for holder, some in zip(censuses, mine, strict=True) for partition in some}
    _note(counts, await tally(analyst, counts, holders, await storing), verdict)
    return _suspects(counted)


def _stored(analyst: Analyst, waits: Patience, positions: Mapping[int, int]) -> dict[int, Sum]:
    waits.stored()
    return sums(analyst, positions)


def _suspects(counted: Iterable[Counted]) -> frozenset[str]:
    gone = {derived_id: number for each in counted for derived_id, number in each.gone.items()}
    suspects = {customer_id for each in counted for customer_id in each.suspects}
    for each in counted:
        for merged in each.merged:
            if merged.own + sum(gone.get(member, 0) for member in merged.members) != merged.seen:
                suspects.add(merged.customer_id)
    return frozenset(suspects)


def _note(counts: Sequence[Count], stored: Tally, verdict: Verdict) -> None:
    for count in counts:
        verdict.touchpoints += count.records
        verdict.customers += count.customers
        number, total = stored.sums[count.partition]
        verdict.partitions.append(
            {
                "partition": count.partition,
                "position": count.position,
                "touchpoints": count.touchpoints,
                "customers": count.customers,
                "hash": f"{count.hash:016x}",
                "clickhouse": {"touchpoints": number, "hash": f"{total:016x}"},
            }
        )
    verdict.lost += stored.missing
    verdict.doubled += stored.doubled
    for derived_id, source, touchpoint_id in stored.lost:
        verdict.differs(f"touchpoint {source}/{touchpoint_id} of {derived_id} is not in ClickHouse")
    for derived_id, source, touchpoint_id in stored.strange:
        verdict.differs(f"touchpoint {source}/{touchpoint_id} of {derived_id} is in ClickHouse only")


async def _fold(scene: Scene, chosen: Choice, waits: Patience, told: Told, records: int) -> list[Found]:
    expected = records * max(chosen.width / CIRCLE, 0.001)
    choices = chosen.parted(_processes(int(expected) // _RECORDS_FOLDED_APART, 64))
    with apart(Parity, [(scene, each) for each in choices]) as folds:
        folding = _all(folds, "fold")
        await _telling(folds, folding, lambda done: told("folded", done // len(choices), records))
        await asyncio.to_thread(waits.stored)
        found: list[Found] = await _all(folds, "compare")
        return found


def _without(customers: frozenset[str], found: Found) -> Found:
    rebuilding = {
        partition: {customer_id: upto for customer_id, upto in waiting.items() if customer_id not in customers}
        for partition, waiting in found.rebuilding.items()
    }
    return Found(rebuilding=rebuilding)


def _conclude(found: Sequence[Found], arrived: Mapping[int, int] | None, verdict: Verdict) -> None:
    for each in found:
        for partition, rebuilding in each.rebuilding.items():
            for upto in rebuilding.values():
                # Who came to wait meanwhile has a rebuild on its way.
                if arrived is None or upto <= arrived[partition]:
                    verdict.rebuilding += 1
                else:
                    verdict.moving += 1
        for difference in each.differences:
            verdict.lost += difference.lost
            verdict.doubled += difference.doubled
            verdict.differs(f"customer {difference.customer_id}: {difference.what}")


async def _all(asked: Sequence[Apart | Here], method: str) -> Any:
    return await asyncio.gather(*(each.ask(method) for each in asked))


async def _telling(asked: Sequence[Apart | Here], work: Any, told: Callable[[int], None]) -> Any:
    """What the work answers when it is done; meanwhile tell how many records were read for it."""
    task = asyncio.ensure_future(work)
    while not task.done():
        await asyncio.wait([task], timeout=_TELL_SECONDS)
        told(sum(each.heard for each in asked))
    return await task

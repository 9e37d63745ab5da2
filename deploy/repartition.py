"""More partitions for an instance whose workers are stopped: topics grow, journeys move, positions switch."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from deploy.kafka.topics import grow_topics, members_of, partitions_of
from journey.rules import Rules
from schemas import topic
from sinks import crash
from streams.repartition import STATES, Moved, Repartition, Told, made_with

# A member that was killed is in its group until its session has run out.
_LEAVE_SECONDS, _POLL_SECONDS = 15.0, 0.5
_READERS = ("worker", "rebuilder")


class CannotRepartitionError(RuntimeError):
    """Why not, and what to do."""


@dataclass(frozen=True)
class Standing:
    """With how many partitions the state was made, and how many each partitioned topic has."""

    before: int
    topics: dict[str, int]


async def look(bootstrap: str, partitions: int) -> Standing:
    """How things are. Raises CannotRepartitionError where they cannot be brought to so many partitions."""
    found = await asyncio.to_thread(partitions_of, bootstrap)
    missing = [each.name for each in topic.TOPICS if each.name not in found]
    if missing:
        raise CannotRepartitionError(
            f"there is no topic {missing[0]}: set THROUGHLINE_PARTITIONS={partitions} at the first start instead"
        )
    topics = {each.name: found[each.name] for each in topic.TOPICS if each.partitioned}
    before, most = await made_with(bootstrap, found), max(topics.values())
    if partitions < most:
        raise CannotRepartitionError(f"there are {most} partitions, and Kafka takes none away: name more than {most}")
    if before == partitions == min(topics.values()):
        raise CannotRepartitionError(
            f"there are {partitions} partitions already: start with THROUGHLINE_PARTITIONS={partitions}"
        )
    return Standing(before, topics)


async def repartition(
    bootstrap: str, group: str, rules: Rules, standing: Standing, after: int, told: Told, written: Callable[[], None]
) -> Moved:
    """Bring topics and state to `after` partitions; cut off at any moment, it is run again.

    `written` returns when ClickHouse has all that Kafka has; `told(step, count)` hears of progress. Raises
    CannotRepartitionError where somebody still reads, LaneRefusedError, TimeoutError and Kafka's errors.
    """
    work = Repartition(bootstrap, group, rules, standing.before, after, told)
    await _until_nobody_reads(bootstrap, group, told)
    await asyncio.to_thread(grow_topics, bootstrap, after, STATES)
    crash.passing("repartition.after_growth")
    await work.keep_out()
    # The raw ones last: until they have grown they tell how many there were.
    others = [name for name in standing.topics if name not in (*STATES, *topic.RAW)]
    await asyncio.to_thread(grow_topics, bootstrap, after, [*others, *topic.RAW])
    await work.fence()
    await work.drain()
    # What a journey says on its new partition may take back what it said on the old one.
    await asyncio.to_thread(written)
    moved = await work.move()
    await work.switch()
    return moved


async def _until_nobody_reads(bootstrap: str, group: str, told: Told) -> None:
    deadline = time.monotonic() + _LEAVE_SECONDS
    for reader in _READERS:
        while members := await asyncio.to_thread(members_of, bootstrap, f"{group}.{reader}"):
            if time.monotonic() > deadline:
                raise CannotRepartitionError(
                    f"{', '.join(members)} of the group {group}.{reader} still read: stop them; nothing was changed"
                )
            told("waiting for readers to leave", 0)
            await asyncio.sleep(_POLL_SECONDS)

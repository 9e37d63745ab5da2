"""Every accepted touchpoint counted and none folded: how many of which each partition and each customer has.

Per partition it gives a number of touchpoints and a sum of their hashes, which ClickHouse works out as well (`HASH`,
`HOME`): where both agree, both have the same touchpoints. Per customer it holds the number against what its journey has
seen. A touchpoint counts once, for the partition of the derived id that it is of, wherever and how often it stands.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import uvloop
from aiokafka import TopicPartition
from xxhash import xxh64_intdigest

from schemas import topic
from streams.control import ACCOUNT, kind_of
from streams.placement import partition_of
from streams.reading import reader, stretch
from streams.snapshot import Snapshot, ends_between_transactions, snapshot
from streams.stored import glance, is_redirect

# What `hash_of` and `partition_of` say, of a row of `touchpoints`.
HASH = "xxHash64(concat(customer_id, '\\0', source, '\\0', id))"
HOME = "kafkaMurmurHash(customer_id) % {partitions:UInt32}"
# Touchpoints are compared by the highest byte of their hash first.
SHARE_BITS = 56
MASK = (1 << 64) - 1

# Who a touchpoint is of, by its own identifiers; and which one it is.
Distinct = tuple[str, str, str]
# A derived id, the hash of a touchpoint of it, and whether it is an account's.
Stranger = tuple[str, int, bool]
Sum = tuple[int, int]
Heard = Callable[[int], None]


class Brief(msgspec.Struct, gc=False):
    """Of a record of journey.touchpoints what says which touchpoint it is, and whose."""

    id: str
    source: str
    customer_id: str
    derived_id: str = ""


brief = msgspec.json.Decoder(Brief).decode


def hash_of(derived_id: str, source: str, touchpoint_id: str) -> int:
    """64 bits that stand for a touchpoint: two of a billion have the same in one of forty cases."""
    return xxh64_intdigest(f"{derived_id}\0{source}\0{touchpoint_id}".encode())


def told_in(records: Iterable[Any]) -> Iterator[tuple[Any, Brief, bool]]:
    """Of records of journey.touchpoints those that tell of a touchpoint and can be read, and whether to an account.

    Other controls tell of none, and what was passed on stands elsewhere already.
    """
    for record in records:
        headers, value = record.headers, record.value
        kind = kind_of(headers) if headers else b""
        if value is None or (kind and kind != ACCOUNT):
            continue
        try:
            it = brief(value)
        except msgspec.MsgspecError:
            continue
        yield record, it, bool(kind)


@dataclass
class Count:
    """One partition: records below the journey stage's position, distinct touchpoints, the sum of their hashes."""

    partition: int
    position: int = 0
    records: int = 0
    touchpoints: int = 0
    hash: int = 0
    customers: int = 0


@dataclass
class Merged:
    """A customer with derived ids of other partitions: how many touchpoints it has seen, and the own ones there are."""

    customer_id: str
    seen: int
    own: int
    members: list[str]


@dataclass
class Counted:
    """What some partitions give. `suspects` are customers that have seen another number of touchpoints than there are,
    `gone` how many there are of derived ids that belong to another customer.
    """

    counts: list[Count] = field(default_factory=list)
    suspects: list[str] = field(default_factory=list)
    merged: list[Merged] = field(default_factory=list)
    gone: dict[str, int] = field(default_factory=dict)


class Census:
    """Counts some of the partitions. `read`, then `take` what the others found for these, then ask."""

    def __init__(self, heard: Heard, bootstrap: str, mine: Collection[int], partitions: int) -> None:
        """`heard` gets the number of records read, bit by bit; `partitions` is how many there are in all."""
        self._heard = heard
        self._bootstrap = bootstrap
        self._partitions = partitions
        self._snapshots: dict[int, Snapshot] = {}
        self._counts = {partition: Count(partition) for partition in mine}
        self._known: dict[int, set[int]] = {partition: set() for partition in mine}
        self._of_accounts: set[int] = set()
        self._of: Counter[str] = Counter()
        self._strangers: dict[int, list[Stranger]] = {}

    def read(self) -> dict[int, int]:
        """Read state and touchpoints; answers by partition the position up to which it has."""
        uvloop.run(self._read())
        return {count.partition: count.position for count in self._counts.values()}

    def strangers(self) -> dict[int, list[Stranger]]:
        """Touchpoints that count for another partition than the one where they stand."""
        return self._strangers

    def take(self, strangers: Mapping[int, Iterable[Stranger]]) -> None:
        """Count those that are of these partitions."""
        for partition, known in self._known.items():
            for derived_id, token, of_account in strangers.get(partition, ()):
                self._add(self._of_accounts if of_account else known, derived_id, token)

    def counted(self) -> Counted:
        """Everything held against the journeys."""
        found = Counted()
        for partition, count in self._counts.items():
            known = self._known[partition]
            count.touchpoints, count.hash = len(known), sum(known) & MASK
            for customer_id, value in self._snapshots[partition].journeys.items():
                self._hold(customer_id, value, count, found)
            found.counts.append(count)
        stateless = self._of.keys() - {each for kept in self._snapshots.values() for each in kept.journeys} - {""}
        found.suspects += sorted(stateless)
        return found

    def shares(self, partition: int) -> dict[int, Sum]:
        """By the highest byte of the hash: how many touchpoints of a partition there are, and the sum of the hashes."""
        found: dict[int, list[int]] = {}
        for token in self._known[partition]:
            each = found.setdefault(token >> SHARE_BITS, [0, 0])
            each[0] += 1
            each[1] += token
        return {share: (number, total & MASK) for share, (number, total) in found.items()}

    def tokens(self, partition: int, shares: Collection[int]) -> list[int]:
        """The hashes of a partition's touchpoints whose highest byte is one of these."""
        return [token for token in self._known[partition] if token >> SHARE_BITS in shares]

    def named(self, tokens: Collection[int]) -> list[Distinct]:
        """The touchpoints that these hashes stand for, by reading all once more; what the journey stage rejects is
        none."""
        return uvloop.run(self._named(frozenset(tokens)))

    async def _read(self) -> None:
        ends = await ends_between_transactions(self._bootstrap, self._counts)
        await asyncio.gather(*(self._read_partition(partition, ends[partition]) for partition in self._counts))

    async def _read_partition(self, partition: int, end: int) -> None:
        count, known = self._counts[partition], self._known[partition]
        async with reader(self._bootstrap, bare=True) as consumer:
            kept = self._snapshots[partition] = await snapshot(consumer, partition, end)
            count.position = kept.position.offset
            place = TopicPartition(topic.TOUCHPOINTS, partition)
            async for records in stretch(consumer, place, None, count.position):
                self._count(records, count, known, max(kept.position.cuts, default=0))
                self._heard(len(records))

    def _count(self, records: Iterable[Any], count: Count, known: set[int], moved_below: int) -> None:
        """Below `moved_below` there were fewer partitions: who stands here may have its place elsewhere now."""
        new: list[str] = []
        number = 0
        strangers, here = self._strangers, count.partition
        for record, it, to_account in told_in(records):
            if to_account:
                token, home = hash_of(it.customer_id, it.source, it.id), here
                if record.offset < moved_below:
                    home = partition_of(it.customer_id, self._partitions)
                if home == here:
                    self._add(self._of_accounts, it.customer_id, token)
                else:
                    strangers.setdefault(home, []).append((it.customer_id, token, True))
                continue
            number += 1
            customer_id = it.customer_id
            derived_id = it.derived_id or customer_id
            token = hash_of(derived_id, it.source, it.id)
            if derived_id != customer_id or not derived_id or record.offset < moved_below:
                strangers.setdefault(partition_of(derived_id, self._partitions), []).append((derived_id, token, False))
            elif token not in known:
                known.add(token)
                new.append(derived_id)
        count.records += number
        self._of.update(new)

    def _add(self, known: set[int], derived_id: str, token: int) -> None:
        if token not in known:
            known.add(token)
            self._of[derived_id] += 1

    def _hold(self, customer_id: str, value: bytes, count: Count, found: Counted) -> None:
        own = self._of.get(customer_id, 0)
        if is_redirect(value):
            found.gone[customer_id] = own
            return
        journey = glance(value)
        count.customers += not journey.account
        if journey.rebuild:
            return
        if journey.members:
            found.merged.append(Merged(customer_id, journey.seen, own, list(journey.members)))
        elif journey.seen != own:
            found.suspects.append(customer_id)

    async def _named(self, tokens: frozenset[int]) -> list[Distinct]:
        found: set[Distinct] = set()
        async with reader(self._bootstrap, bare=True) as consumer:
            for partition, count in self._counts.items():
                place = TopicPartition(topic.TOUCHPOINTS, partition)
                async for records in stretch(consumer, place, None, count.position):
                    found.update(_wanted(records, tokens))
        return sorted(found)


def _wanted(records: Iterable[Any], tokens: frozenset[int]) -> Iterable[Distinct]:
    # All rules come with it: to count needs none.
    from streams.wire import decode

    for record, it, to_account in told_in(records):
        derived_id = it.derived_id or it.customer_id
        if not to_account and hash_of(derived_id, it.source, it.id) in tokens:
            try:
                decode(record.value)
            except msgspec.MsgspecError:
                # The journey stage has rejected it.
                continue
            yield derived_id, it.source, it.id

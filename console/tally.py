"""The touchpoints of ClickHouse held against a census: sums first, and the touchpoints themselves where they differ."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from console.analyst import Analyst
from streams.apart import Apart, Here
from streams.census import HASH, HOME, MASK, SHARE_BITS, Count, Distinct, Sum

_MOST_NAMED = 20
# Derived ids are UUIDs, and the table is sorted by them: each query reads a part, in a time that an analyst has.
_BOUNDS = ("", *"123456789abcdef", "~")
_PARTS = tuple(pairwise(_BOUNDS))
_PART = "customer_id >= {low:String} AND customer_id < {high:String}"
_COUNTED = (
    "topic = 'journey.touchpoints'"
    " AND offset < transform(partition, {numbers:Array(UInt32)}, {positions:Array(UInt64)}, toUInt64(0))"
)
_SUMS = f"""
    SELECT {HOME} AS home, count() AS touchpoints, sum({HASH}) AS hash FROM touchpoints FINAL
    WHERE {_PART} AND {_COUNTED} GROUP BY home
"""  # noqa: S608
_SHARES = f"""
    SELECT bitShiftRight({HASH}, {SHARE_BITS}) AS share, count() AS touchpoints, sum({HASH}) AS hash
    FROM touchpoints FINAL WHERE {_PART} AND {HOME} = {{home:UInt32}} AND {_COUNTED} GROUP BY share
"""  # noqa: S608
_TOKENS = f"""
    SELECT {HASH} AS token, count() AS rows, max({_COUNTED}) AS counted FROM touchpoints FINAL
    WHERE {_PART} AND {HOME} = {{home:UInt32}} AND bitShiftRight({HASH}, {SHARE_BITS}) IN {{shares:Array(UInt64)}}
    GROUP BY token
"""  # noqa: S608
_NAMES = f"""
    SELECT DISTINCT customer_id, source, id FROM touchpoints WHERE {_PART} AND {HASH} IN {{tokens:Array(UInt64)}}
    ORDER BY customer_id, source, id
"""  # noqa: S608


@dataclass
class Tally:
    """By partition what ClickHouse has below the census's positions; what it lacks, has too much or more than once.

    `missing` and `extra` number the touchpoints, of which `lost` and `strange` name the first ones.
    """

    sums: dict[int, Sum] = field(default_factory=dict)
    missing: int = 0
    extra: int = 0
    doubled: int = 0
    lost: list[Distinct] = field(default_factory=list)
    strange: list[Distinct] = field(default_factory=list)


def sums(analyst: Analyst, positions: Mapping[int, int]) -> dict[int, Sum]:
    """By partition how many touchpoints ClickHouse has below the positions, and the sum of their hashes."""
    found = dict.fromkeys(positions, (0, 0))
    for row in _rows(analyst, _SUMS, _below(positions)):
        _sum(found, row["home"], row)
    return found


async def tally(
    analyst: Analyst, counts: Sequence[Count], holders: Mapping[int, Apart | Here], stored: dict[int, Sum]
) -> Tally:
    """Compare with what is `stored` by `sums`. `holders` are the censuses by partition."""
    counted = _below({count.partition: count.position for count in counts})
    found = Tally(stored)
    lost: list[int] = []
    extra: list[int] = []
    for count in counts:
        if found.sums[count.partition] != (count.touchpoints, count.hash):
            await _look_into(count.partition, counted, analyst, holders[count.partition], found, lost, extra)
    if lost:
        named = sorted({each for holder in set(holders.values()) for each in await holder.ask("named", lost)})
        found.missing, found.lost = len(named), named[:_MOST_NAMED]
    if extra:
        rows = _rows(analyst, _NAMES, {"tokens": extra[:_MOST_NAMED]})
        found.extra, found.strange = len(extra), [(row["customer_id"], row["source"], row["id"]) for row in rows]
    return found


async def _look_into(
    home: int,
    counted: dict[str, object],
    analyst: Analyst,
    holder: Apart | Here,
    found: Tally,
    lost: list[int],
    extra: list[int],
) -> None:
    """Find the hashes that only one side has. A touchpoint may stand in ClickHouse by a later arrival elsewhere."""
    mine: dict[int, Sum] = await holder.ask("shares", home)
    asked = {**counted, "home": home}
    theirs: dict[int, Sum] = {}
    for row in _rows(analyst, _SHARES, asked):
        _sum(theirs, row["share"], row)
    shares = [share for share in mine.keys() | theirs.keys() if mine.get(share) != theirs.get(share)]
    rows = {row["token"]: row for row in _rows(analyst, _TOKENS, {**asked, "shares": shares})}
    known = set(await holder.ask("tokens", home, shares))
    lost += known - rows.keys()
    extra += [token for token, row in rows.items() if row["counted"] and token not in known]
    found.doubled += sum(row["rows"] - 1 for row in rows.values())


def _below(positions: Mapping[int, int]) -> dict[str, object]:
    return {"numbers": list(positions), "positions": list(positions.values()), "partitions": len(positions)}


def _rows(analyst: Analyst, sql: str, parameters: dict[str, object]) -> Iterator[dict[str, Any]]:
    for low, high in _PARTS:
        yield from analyst.ask(sql, {**parameters, "low": low, "high": high})


def _sum(sums: dict[int, Sum], key: int, row: dict[str, Any]) -> None:
    number, total = sums.get(key, (0, 0))
    sums[key] = number + row["touchpoints"], (total + row["hash"]) & MASK

"""Some customers' journeys and facts held against a fold of their touchpoints: live state, and what ClickHouse says."""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import uvloop

from console.analyst import Analyst
from journey.fact import Fact, Ref
from journey.policy.reading import read
from journey.rules import Rules
from schemas.settings import ClickHouseRun
from streams.census import HOME
from streams.policies import under
from streams.refold import Difference, Refold, is_compared, refold

# What is compared of each fact: the table, and fields that are columns by the same name.
COMPARED = {
    "Transition": ("transitions", ("customer_id", "track", "kind", "from_stage", "to_stage", "rule", "at", "dwell_ms")),
    "Position": (
        "positions",
        ("customer_id", "track", "stage", "entered_at", "furthest", "owner_team", "owner_actor", "persona", "fit"),
    ),
    "Handoff": ("handoffs", ("customer_id", "kind", "from_team", "to_team", "at", "latency_ms", "business_ms")),
    "Overlap": ("overlaps", ("customer_id", "kind", "subject", "status", "severity", "precedence", "last_at")),
    "Clock": ("clocks", ("customer_id", "name", "state", "started_at", "due_at", "stopped_at", "late_ms")),
    "Stalled": ("stalled", ("customer_id", "kind", "status", "stage", "since", "escalated_at", "resolved_at")),
    "TooLate": ("too_late", ("customer_id", "at", "behind_ms")),
    "Feedback": ("feedback", ("customer_id", "disposition", "reason", "campaign", "persona", "mql_rule", "mql_at")),
    "Deal": ("deals", ("customer_id", "deal", "status", "amount", "currency", "created_at", "closed_at", "reopened")),
}
CIRCLE = 1 << 32
_CHOSEN = (
    f"((CRC32(customer_id) + {CIRCLE} - {{start:UInt64}}) % {CIRCLE} < {{width:UInt64}}"
    " OR customer_id IN {also:Array(String)})"
)
# Rows of one version are all looked at: which of them a reader gets is not said.
_NEWEST = "version = max(version) OVER (PARTITION BY customer_id, id)"


@dataclass(frozen=True)
class Choice:
    """Which customers: those whose hash lies within so many of 2^32 from a start on, and these besides."""

    start: int
    width: int
    also: frozenset[str] = frozenset()

    def __call__(self, customer_id: str) -> bool:
        """Whether it is one of them."""
        return self._is_drawn(customer_id) or customer_id in self.also

    def __bool__(self) -> bool:
        return bool(self.width or self.also)

    def parted(self, number: int) -> list["Choice"]:
        """The same customers in so many parts."""
        bounds = [self.width * part // number for part in range(number + 1)]
        others = sorted(each for each in self.also if not self._is_drawn(each))
        return [
            Choice((self.start + low) % CIRCLE, high - low, frozenset(others[part::number]))
            for part, (low, high) in enumerate(pairwise(bounds))
        ]

    def _is_drawn(self, customer_id: str) -> bool:
        return (zlib.crc32(customer_id.encode()) - self.start) % CIRCLE < self.width


@dataclass(frozen=True)
class Scene:
    """What is compared. `adopted` are the policies after the first one, as they are kept with state."""

    bootstrap: str
    partitions: int
    policy: str
    adopted: tuple[tuple[int, str], ...]
    clickhouse: ClickHouseRun

    def rules(self) -> Rules:
        """The rules by all the policies."""
        return under(Rules(read(self.policy)), self.adopted)


@dataclass
class Found:
    """What came of it. `rebuilding` is by partition: who waits for a rebuild, each for a history up to this offset."""

    touchpoints: int = 0
    customers: int = 0
    moving: int = 0
    rebuilding: dict[int, dict[str, int]] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)


class Parity:
    """Folds the chosen customers anew, then compares. May be in a process of its own."""

    def __init__(self, told: Callable[[int], None], scene: Scene, chosen: Choice) -> None:
        """`told` gets the number of records read, bit by bit."""
        self._told = told
        self._scene = scene
        self._chosen = chosen
        self._refolds: list[Refold] = []
        self._found = Found()

    def fold(self) -> None:
        """Fold anew, and hold the live journeys against it."""
        scene = self._scene
        self._refolds = uvloop.run(refold(scene.bootstrap, scene.partitions, scene.rules(), self._told, self._chosen))

    def compare(self) -> Found:
        """Hold ClickHouse against it too. Facts of customers that have moved on since are passed over: `moving`."""
        found, analyst = self._found, Analyst(self._scene.clickhouse)
        try:
            for refolded in self._refolds:
                found.touchpoints += refolded.touchpoints
                found.customers += refolded.customers
                found.rebuilding[refolded.partition] = refolded.rebuilding
                found.differences += refolded.differences
                for kind, (table, fields) in COMPARED.items():
                    facts = {
                        key: fact
                        for key, fact in refolded.facts.items()
                        if type(fact).__name__ == kind and is_compared(fact)
                    }
                    self._compare(table, fields, facts, refolded, analyst)
        finally:
            analyst.close()
        return found

    def _compare(
        self, table: str, fields: tuple[str, ...], facts: dict[str, Fact], refolded: Refold, analyst: Analyst
    ) -> None:
        chosen = self._chosen
        rows = analyst.table(
            f"SELECT DISTINCT id, version, is_deleted, {', '.join(fields)} FROM {table}"  # noqa: S608
            f" WHERE {HOME} = {{partition:UInt32}} AND {_CHOSEN} QUALIFY {_NEWEST}",
            {
                "partition": refolded.partition,
                "partitions": self._scene.partitions,
                "start": chosen.start,
                "width": chosen.width,
                "also": sorted(chosen.also),
            },
        )[1]
        unseen = facts.keys() - {row[0] for row in rows}
        for key, version, deleted, *values in rows:
            customer_id = values[0]
            fact = facts.get(key)
            if version > refolded.versions.get(customer_id, 0) or customer_id in refolded.rebuilding:
                self._found.moving += 1
            elif fact is None:
                if not deleted and not (table == "too_late" and customer_id in refolded.in_order):
                    self._differs(customer_id, f"{table} {key} is in ClickHouse, a fold does not say it")
            elif deleted or list(plain(fact, fields)) != [text(value) for value in values]:
                self._differs(customer_id, f"{table} {key} reads otherwise in ClickHouse")
        for key in sorted(unseen):
            self._differs(facts[key].customer_id, f"{table} {key} is not in ClickHouse")

    def _differs(self, customer_id: str, what: str) -> None:
        self._found.differences.append(Difference(customer_id, what))


def plain(fact: Fact, fields: tuple[str, ...]) -> Iterator[Any]:
    """These fields of a fact in the form that `text` gives to columns."""
    for name in fields:
        value = getattr(fact, name)
        yield text(f"{value.source}/{value.id}" if isinstance(value, Ref) else value)


def text(value: Any) -> Any:
    """One form for what both sides write differently: an absent text is empty, a time is in UTC."""
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    return "" if value is None else value

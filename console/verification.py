"""Live state and ClickHouse held against a fold of the whole journey.touchpoints topic."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from console.analyst import Analyst
from journey.fact import Fact, Ref
from journey.rules import Rules
from streams.refold import Distinct, Refold, is_compared, refold

_MOST_TOLD = 20
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


@dataclass
class Verdict:
    """What was compared and what was found; `differences` counts, `told` are the first ones in words.

    `behind` says what had not arrived when the waiting ended; empty where everything had. `rebuilding` counts customers
    that wait for a rebuild, and are not compared.
    """

    touchpoints: int = 0
    customers: int = 0
    lost: int = 0
    doubled: int = 0
    differences: int = 0
    moving: int = 0
    rebuilding: int = 0
    behind: str = ""
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


async def verify(
    bootstrap: str,
    partitions: int,
    rules: Rules,
    analyst: Analyst,
    told: Callable[[int], None],
    settle: Callable[[], None],
) -> Verdict:
    """Fold every partition anew and compare. `told` gets the number of records read since it was last called.

    `settle` waits until ClickHouse has what Kafka has: called once the state is read, as time alone may have moved
    it a moment before. Facts of customers that moved on while this ran are passed over and counted as `moving`.
    """
    verdict = Verdict()
    refolds = await refold(bootstrap, partitions, rules, told)
    await asyncio.to_thread(settle)
    _compare_touchpoints(refolds, analyst, verdict)
    for found in refolds:
        verdict.touchpoints += found.touchpoints
        verdict.customers += found.customers
        verdict.lost += found.lost
        verdict.doubled += found.doubled
        verdict.rebuilding += len(found.rebuilding)
        for difference in found.differences:
            verdict.differs(difference)
        for kind, (table, fields) in COMPARED.items():
            facts = {
                key: fact for key, fact in found.facts.items() if type(fact).__name__ == kind and is_compared(fact)
            }
            _compare_facts(table, fields, facts, found, analyst, verdict)
    return verdict


def _compare_touchpoints(refolds: Sequence[Refold], analyst: Analyst, verdict: Verdict) -> None:
    """Each touchpoint once, whichever of its arrivals the table keeps: a repeated one may be on another partition."""
    stored: set[Distinct] = set()
    for found in refolds:
        stored |= set(
            analyst.table(
                "SELECT customer_id, source, id FROM touchpoints WHERE topic = 'journey.touchpoints'"
                " AND partition = {partition:UInt32} AND offset < {offset:UInt64}",
                {"partition": found.partition, "offset": found.position},
            )[1]
        )
    told: set[Distinct] = set().union(*(found.distinct for found in refolds))
    lost, extra = told - stored, stored - told
    view = analyst.table("SELECT count(), uniqExact(customer_id, source, id) FROM touchpoints FINAL")[1][0]
    verdict.lost += len(lost)
    verdict.doubled += view[0] - view[1]
    for derived_id, source, touchpoint_id in sorted(lost)[:_MOST_TOLD]:
        verdict.differs(f"touchpoint {source}/{touchpoint_id} of {derived_id} is not in ClickHouse")
    for derived_id, source, touchpoint_id in sorted(extra)[:_MOST_TOLD]:
        verdict.differs(f"touchpoint {source}/{touchpoint_id} of {derived_id} is in ClickHouse only")


def _compare_facts(
    table: str, fields: tuple[str, ...], facts: dict[str, Fact], found: Refold, analyst: Analyst, verdict: Verdict
) -> None:
    columns = ", ".join(fields)
    rows = analyst.table(
        f"SELECT id, version, is_deleted, {columns} FROM {table} WHERE partition = {{partition:UInt32}}"  # noqa: S608
        " ORDER BY version DESC LIMIT 1 BY customer_id, id",
        {"partition": found.partition},
    )[1]
    unseen = dict(facts)
    for key, version, deleted, *values in rows:
        fact = unseen.pop(key, None)
        moved = version > found.versions.get(values[0], 0)
        if moved or values[0] in found.rebuilding:
            verdict.moving += 1
        elif fact is None:
            if not deleted and not (table == "too_late" and values[0] in found.in_order):
                verdict.differs(f"{table} {key} of {values[0]} is in ClickHouse, a fold does not say it")
        elif deleted or list(plain(fact, fields)) != [text(value) for value in values]:
            verdict.differs(f"{table} {key} of {values[0]} reads otherwise in ClickHouse")
    for key, fact in unseen.items():
        verdict.differs(f"{table} {key} of {fact.customer_id} is not in ClickHouse")


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

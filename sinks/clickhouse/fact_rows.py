"""A fact of `journey.facts` as a row of the table of its kind. Absent texts are empty; times are ms since 1970.

The mappers return plain tuples in the order of FACT_COLUMNS.
"""

from collections.abc import Callable
from typing import Any

from sinks.clickhouse.columns import Row
from sinks.clickhouse.fact_struct import (
    Clock,
    Correction,
    Deal,
    Fact,
    Feedback,
    Handoff,
    IdentityConflict,
    Merge,
    Overlap,
    Position,
    Rebuilt,
    Ref,
    Stalled,
    TooLate,
    Transition,
    decode_fact,
)
from sinks.clickhouse.record import Record
from sinks.clickhouse.value import milliseconds, milliseconds_or_none, money

Head = tuple[str, str, int, int, str, int, int]
Place = tuple[str, int, int]
_HEAD = ("customer_id", "id", "version", "is_deleted", "policy", "at", "recorded_at")
_PLACE = ("topic", "partition", "offset")


def _columns(*own: str) -> tuple[str, ...]:
    return (*_HEAD, *own, *_PLACE)


# Table -> columns in the order of its rows: what every fact has, its own, and the record that told it.
FACT_COLUMNS = {
    "transitions": _columns("track", "kind", "from_stage", "to_stage", "dwell_ms", "rule", "source", "touchpoint_id"),
    "positions": _columns(
        "track",
        "stage",
        "entered_at",
        "furthest",
        "visits",
        "dwell_ms",
        "owner_team",
        "owner_actor",
        "owner_since",
        "persona",
        "fit",
        "engagement",
        "probability",
        "last_touch",
    ),
    "handoffs": _columns(
        "kind",
        "from_team",
        "to_team",
        "actor",
        "reason",
        "offered_at",
        "latency_ms",
        "business_ms",
        "source",
        "touchpoint_id",
    ),
    "overlaps": _columns(
        "kind",
        "subject",
        "status",
        "severity",
        "teams",
        "precedence",
        "precedence_rule",
        "opened_at",
        "last_at",
        "resolved_at",
        "resolution",
        "touchpoints",
    ),
    "clocks": _columns(
        "name",
        "state",
        "team",
        "started_at",
        "due_at",
        "stopped_at",
        "late_ms",
        "started_by_source",
        "started_by_id",
        "stopped_by_source",
        "stopped_by_id",
    ),
    "stalled": _columns(
        "kind",
        "status",
        "track",
        "stage",
        "team",
        "since",
        "entered_at",
        "last_counted_at",
        "last_counted_source",
        "last_counted_id",
        "escalated_at",
        "resolved_at",
    ),
    "corrections": _columns("source", "touchpoint_id", "published", "retracted"),
    "too_late": _columns("source", "touchpoint_id", "behind_ms"),
    "merges": _columns("into", "number"),
    "identity_conflicts": _columns("kind", "value", "kept_by", "refused", "reason", "source", "touchpoint_id"),
    "rebuilds": _columns("reason", "touchpoints", "published"),
    "feedback": _columns(
        "disposition",
        "reason",
        "rating",
        "team",
        "actor",
        "campaign",
        "content",
        "persona",
        "mql_rule",
        "mql_policy",
        "mql_at",
        "source",
        "touchpoint_id",
    ),
    "deals": _columns(
        "deal",
        "status",
        "amount",
        "currency",
        "created_at",
        "expected_close_at",
        "closed_at",
        "reopened",
        "owner_team",
        "owner_actor",
        "source",
        "touchpoint_id",
    ),
}


def fact_row(record: Record) -> tuple[str, Row]:
    """The table and the row of a record. Raises msgspec.MsgspecError or MappingError where it cannot be one."""
    fact = decode_fact(record.value or b"")
    table, mapper = _MAPPERS[type(fact)]
    head = (
        fact.customer_id,
        fact.id,
        fact.version,
        int(fact.deleted),
        fact.policy,
        milliseconds(fact.at),
        milliseconds(fact.recorded_at),
    )
    return table, mapper(head, fact, (record.topic, record.partition, record.offset))


def _transition(head: Head, it: Transition, place: Place) -> Row:
    ref = _pair(it.touchpoint)
    return (*head, it.track, it.kind, it.from_stage or "", it.to_stage, it.dwell_ms, it.rule, *ref, *place)


def _position(head: Head, it: Position, place: Place) -> Row:
    return (
        *head,
        it.track,
        it.stage,
        milliseconds(it.entered_at),
        it.furthest or "",
        it.visits,
        it.dwell_ms,
        it.owner_team,
        it.owner_actor or "",
        milliseconds(it.owner_since),
        it.persona or "",
        it.fit,
        it.engagement,
        it.probability,
        {team: milliseconds(at) for team, at in it.last_touch.items()},
        *place,
    )


def _handoff(head: Head, it: Handoff, place: Place) -> Row:
    return (
        *head,
        it.kind,
        it.from_team,
        it.to_team,
        it.actor or "",
        it.reason or "",
        milliseconds_or_none(it.offered_at),
        it.latency_ms,
        it.business_ms,
        *_pair(it.touchpoint),
        *place,
    )


def _overlap(head: Head, it: Overlap, place: Place) -> Row:
    return (
        *head,
        it.kind,
        it.subject or "",
        it.status,
        it.severity,
        it.teams,
        it.precedence,
        it.precedence_rule,
        milliseconds(it.opened_at),
        milliseconds(it.last_at),
        milliseconds_or_none(it.resolved_at),
        it.resolution or "",
        [(ref.source, ref.id) for ref in it.touchpoints],
        *place,
    )


def _clock(head: Head, it: Clock, place: Place) -> Row:
    return (
        *head,
        it.name,
        it.state,
        it.team,
        milliseconds(it.started_at),
        milliseconds(it.due_at),
        milliseconds_or_none(it.stopped_at),
        it.late_ms,
        *_pair(it.started_by),
        *_pair(it.stopped_by),
        *place,
    )


def _stalled(head: Head, it: Stalled, place: Place) -> Row:
    return (
        *head,
        it.kind,
        it.status,
        it.track,
        it.stage,
        it.team,
        milliseconds(it.since),
        milliseconds(it.entered_at),
        milliseconds_or_none(it.last_counted_at),
        *_pair(it.last_counted),
        milliseconds_or_none(it.escalated_at),
        milliseconds_or_none(it.resolved_at),
        *place,
    )


def _correction(head: Head, it: Correction, place: Place) -> Row:
    return (*head, *_pair(it.touchpoint), it.published, it.retracted, *place)


def _too_late(head: Head, it: TooLate, place: Place) -> Row:
    return (*head, *_pair(it.touchpoint), it.behind_ms, *place)


def _merge(head: Head, it: Merge, place: Place) -> Row:
    return (*head, it.into, it.number, *place)


def _identity_conflict(head: Head, it: IdentityConflict, place: Place) -> Row:
    return (*head, it.kind, it.value, it.kept_by, it.refused, it.reason, *_pair(it.touchpoint), *place)


def _rebuilt(head: Head, it: Rebuilt, place: Place) -> Row:
    return (*head, it.reason, it.touchpoints, it.published, *place)


def _feedback(head: Head, it: Feedback, place: Place) -> Row:
    return (
        *head,
        it.disposition,
        it.reason or "",
        it.rating,
        it.team,
        it.actor or "",
        it.campaign or "",
        it.content or "",
        it.persona or "",
        it.mql_rule or "",
        it.mql_policy or "",
        milliseconds_or_none(it.mql_at),
        *_pair(it.touchpoint),
        *place,
    )


def _deal(head: Head, it: Deal, place: Place) -> Row:
    return (
        *head,
        it.deal,
        it.status,
        None if it.amount is None else money(it.amount),
        it.currency or "",
        milliseconds_or_none(it.created_at),
        milliseconds_or_none(it.expected_close_at),
        milliseconds_or_none(it.closed_at),
        it.reopened,
        it.owner_team,
        it.owner_actor or "",
        *_pair(it.touchpoint),
        *place,
    )


def _pair(ref: Ref | None) -> tuple[str, str]:
    return (ref.source, ref.id) if ref else ("", "")


_MAPPERS: dict[type[Fact], tuple[str, Callable[[Head, Any, Place], Row]]] = {
    Transition: ("transitions", _transition),
    Position: ("positions", _position),
    Handoff: ("handoffs", _handoff),
    Overlap: ("overlaps", _overlap),
    Clock: ("clocks", _clock),
    Stalled: ("stalled", _stalled),
    Correction: ("corrections", _correction),
    TooLate: ("too_late", _too_late),
    Merge: ("merges", _merge),
    IdentityConflict: ("identity_conflicts", _identity_conflict),
    Rebuilt: ("rebuilds", _rebuilt),
    Feedback: ("feedback", _feedback),
    Deal: ("deals", _deal),
}

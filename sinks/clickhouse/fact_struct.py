"""The facts of `journey.facts` as msgspec decodes them: the fields of `schemas.fact`, which a test holds them to."""

from typing import Annotated

import msgspec
from msgspec import Meta

from sinks.clickhouse.record import Instant

Count = Annotated[int, Meta(ge=0, le=2**32 - 1)]
UnsignedLong = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Long = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]


class Ref(msgspec.Struct, gc=False):
    """A touchpoint's identity."""

    source: str
    id: str


class _Fact(msgspec.Struct, tag_field="fact", kw_only=True):
    id: str
    version: UnsignedLong
    customer_id: str
    policy: str
    at: Instant
    recorded_at: Instant
    deleted: bool = False


class Transition(_Fact, tag="transition", kw_only=True):
    """See schemas.fact.Transition."""

    track: str
    kind: str
    from_stage: str | None = None
    to_stage: str
    dwell_ms: Long | None = None
    rule: str
    touchpoint: Ref | None = None


class Position(_Fact, tag="position", kw_only=True):
    """See schemas.fact.Position."""

    track: str
    stage: str
    entered_at: Instant
    furthest: str | None = None
    visits: dict[str, Count]
    dwell_ms: dict[str, UnsignedLong]
    owner_team: str
    owner_actor: str | None = None
    owner_since: Instant


class Handoff(_Fact, tag="handoff", kw_only=True):
    """See schemas.fact.Handoff."""

    kind: str
    from_team: str
    to_team: str
    actor: str | None = None
    reason: str | None = None
    offered_at: Instant | None = None
    latency_ms: Long | None = None
    business_ms: Long | None = None
    touchpoint: Ref


class Overlap(_Fact, tag="overlap", kw_only=True):
    """See schemas.fact.Overlap."""

    kind: str
    subject: str | None = None
    status: str
    severity: str
    teams: list[str]
    precedence: str
    precedence_rule: str
    opened_at: Instant
    last_at: Instant
    resolved_at: Instant | None = None
    resolution: str | None = None
    touchpoints: list[Ref]


class Clock(_Fact, tag="clock", kw_only=True):
    """See schemas.fact.Clock."""

    name: str
    state: str
    team: str
    started_at: Instant
    due_at: Instant
    stopped_at: Instant | None = None
    late_ms: Long | None = None
    started_by: Ref
    stopped_by: Ref | None = None


class Stalled(_Fact, tag="stalled", kw_only=True):
    """See schemas.fact.Stalled."""

    kind: str
    status: str
    track: str
    stage: str
    team: str
    since: Instant
    entered_at: Instant
    last_counted_at: Instant | None = None
    last_counted: Ref | None = None
    escalated_at: Instant | None = None
    resolved_at: Instant | None = None


class Correction(_Fact, tag="correction", kw_only=True):
    """See schemas.fact.Correction."""

    touchpoint: Ref
    published: Count
    retracted: Count


class TooLate(_Fact, tag="too_late", kw_only=True):
    """See schemas.fact.TooLate."""

    touchpoint: Ref
    behind_ms: Long


Fact = Transition | Position | Handoff | Overlap | Clock | Stalled | Correction | TooLate
STRUCTS: tuple[type[Fact], ...] = (Transition, Position, Handoff, Overlap, Clock, Stalled, Correction, TooLate)
decode_fact = msgspec.json.Decoder(Fact).decode

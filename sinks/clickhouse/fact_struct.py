"""The facts of `journey.facts` as msgspec decodes them: the fields of `schemas.fact`, which a test holds them to."""

from decimal import Decimal
from typing import Annotated, get_args

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
    persona: str | None = None
    fit: float = 0.0
    engagement: float = 0.0
    probability: float | None = None
    last_touch: dict[str, Instant] = {}


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


class Merge(_Fact, tag="merge", kw_only=True):
    """See schemas.fact.Merge."""

    into: str
    number: UnsignedLong


class IdentityConflict(_Fact, tag="identity_conflict", kw_only=True):
    """See schemas.fact.IdentityConflict."""

    kind: str
    value: str
    kept_by: str
    refused: str
    touchpoint: Ref
    reason: str = "two_known"


class Rebuilt(_Fact, tag="rebuilt", kw_only=True):
    """See schemas.fact.Rebuilt."""

    reason: str
    touchpoints: UnsignedLong
    published: UnsignedLong


class Feedback(_Fact, tag="feedback", kw_only=True):
    """See schemas.fact.Feedback."""

    disposition: str
    reason: str | None = None
    rating: float | None = None
    team: str
    actor: str | None = None
    campaign: str | None = None
    content: str | None = None
    persona: str | None = None
    mql_rule: str | None = None
    mql_policy: str | None = None
    mql_at: Instant | None = None
    touchpoint: Ref


class Deal(_Fact, tag="deal", kw_only=True):
    """See schemas.fact.Deal."""

    deal: str
    status: str
    amount: Decimal | None = None
    currency: str | None = None
    created_at: Instant | None = None
    expected_close_at: Instant | None = None
    closed_at: Instant | None = None
    reopened: Count
    owner_team: str
    owner_actor: str | None = None
    touchpoint: Ref


Fact = (
    Transition
    | Position
    | Handoff
    | Overlap
    | Clock
    | Stalled
    | Correction
    | TooLate
    | Merge
    | IdentityConflict
    | Rebuilt
    | Feedback
    | Deal
)
STRUCTS: tuple[type[Fact], ...] = get_args(Fact)
decode_fact = msgspec.json.Decoder(Fact).decode

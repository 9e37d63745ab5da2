"""The facts of schemas/fact.py and their alerts as structs, built fast in the fold; a test holds both to one form."""

from datetime import datetime
from decimal import Decimal
from typing import get_args

import msgspec

from journey.saying import EPOCH

_NEVER = EPOCH


class Ref(msgspec.Struct, gc=False):
    """A touchpoint's identity."""

    source: str
    id: str


class Fact(msgspec.Struct, tag_field="fact", kw_only=True, gc=False):
    """What all facts carry; `version` and `recorded_at` are set when it is published."""

    schema_version: int = 1
    id: str
    version: int = 0
    deleted: bool = False
    customer_id: str
    policy: str
    at: datetime
    recorded_at: datetime = _NEVER


class Transition(Fact, tag="transition", gc=False):
    track: str
    kind: str
    from_stage: str | None
    to_stage: str
    dwell_ms: int | None
    rule: str
    touchpoint: Ref | None


class Position(Fact, tag="position", gc=False):
    track: str
    stage: str
    entered_at: datetime
    furthest: str | None
    visits: dict[str, int]
    dwell_ms: dict[str, int]
    owner_team: str
    owner_actor: str | None
    owner_since: datetime
    persona: str | None = None
    fit: float = 0.0
    engagement: float = 0.0
    probability: float | None = None
    last_touch: dict[str, datetime] = {}


class Handoff(Fact, tag="handoff", gc=False):
    kind: str
    from_team: str
    to_team: str
    actor: str | None
    reason: str | None
    offered_at: datetime | None
    latency_ms: int | None
    business_ms: int | None
    touchpoint: Ref


class Overlap(Fact, tag="overlap", gc=False):
    kind: str
    subject: str | None
    status: str
    severity: str
    teams: list[str]
    precedence: str
    precedence_rule: str
    opened_at: datetime
    last_at: datetime
    resolved_at: datetime | None
    resolution: str | None
    touchpoints: list[Ref]


class Clock(Fact, tag="clock", gc=False):
    name: str
    state: str
    team: str
    started_at: datetime
    due_at: datetime
    stopped_at: datetime | None
    late_ms: int | None
    started_by: Ref
    stopped_by: Ref | None


class Stalled(Fact, tag="stalled", gc=False):
    kind: str
    status: str
    track: str
    stage: str
    team: str
    since: datetime
    entered_at: datetime
    last_counted_at: datetime | None
    last_counted: Ref | None
    escalated_at: datetime | None
    resolved_at: datetime | None


class Correction(Fact, tag="correction", gc=False):
    touchpoint: Ref
    published: int
    retracted: int


class TooLate(Fact, tag="too_late", gc=False):
    touchpoint: Ref
    behind_ms: int


class Merge(Fact, tag="merge", gc=False):
    into: str
    number: int


class IdentityConflict(Fact, tag="identity_conflict", gc=False):
    kind: str
    value: str
    kept_by: str
    refused: str
    reason: str
    touchpoint: Ref


class Rebuilt(Fact, tag="rebuilt", gc=False):
    reason: str
    touchpoints: int
    published: int


class Feedback(Fact, tag="feedback", gc=False):
    disposition: str
    reason: str | None
    rating: float | None
    team: str
    actor: str | None
    campaign: str | None
    content: str | None
    persona: str | None
    mql_rule: str | None
    mql_policy: str | None
    mql_at: datetime | None
    touchpoint: Ref


class Deal(Fact, tag="deal", gc=False):
    deal: str
    status: str
    amount: Decimal | None
    currency: str | None
    created_at: datetime | None
    expected_close_at: datetime | None
    closed_at: datetime | None
    reopened: int
    owner_team: str
    owner_actor: str | None
    touchpoint: Ref


AnyFact = (
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
FACTS: tuple[type[Fact], ...] = get_args(AnyFact)


class Alert(msgspec.Struct, gc=False):
    """One alert as on journey.alerts."""

    id: str
    type: str
    customer_id: str
    fact_id: str
    policy: str
    at: datetime
    recorded_at: datetime
    data: Fact
    schema_version: int = 1

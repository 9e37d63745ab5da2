"""What the journey stage says: one model per fact on `journey.facts`. Never computes anything.

Every fact has a deterministic `id`. A later message with the same id and a higher `version` replaces it;
`deleted` takes it back. So the newest version per id is what is known now, and the topic is what was known when.
"""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Team = str


class TouchpointRef(BaseModel):
    """The identity of a touchpoint."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    source: str
    id: str


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    schema_version: Literal[1] = 1
    id: str = Field(description="32 hex digits, derived from what the fact is about")
    version: int = Field(description="Higher replaces lower, per id")
    deleted: bool = Field(False, description="True takes the fact back")
    customer_id: str
    policy: str = Field(description="name@version of the policy that made it")
    at: AwareDatetime = Field(description="Event time the fact is about")
    recorded_at: AwareDatetime = Field(description="When the journey stage said it")


class Transition(_Fact):
    """A customer moved on a track."""

    fact: Literal["transition"] = "transition"
    track: str
    kind: Literal["enter", "advance", "skip", "regress", "recycle", "re-enter", "exit"]
    from_stage: str | None
    to_stage: str
    dwell_ms: int | None = Field(description="Milliseconds spent in from_stage on this visit")
    rule: str = Field(description="The policy's rule that moved it")
    touchpoint: TouchpointRef | None = Field(description="None when time alone moved it")


class Position(_Fact):
    """Where a customer is on a track now, and who owns the customer. One per customer and track."""

    fact: Literal["position"] = "position"
    track: str
    stage: str
    entered_at: AwareDatetime
    furthest: str | None
    visits: dict[str, int]
    dwell_ms: dict[str, int] = Field(description="Closed milliseconds per stage, the running visit excluded")
    owner_team: Team
    owner_actor: str | None
    owner_since: AwareDatetime


class Handoff(_Fact):
    """Ownership offered, taken, refused or given back between the teams."""

    fact: Literal["handoff"] = "handoff"
    kind: Literal["offered", "accepted", "rejected", "handed_back", "assigned", "claimed", "released"]
    from_team: Team
    to_team: Team
    actor: str | None
    reason: str | None
    offered_at: AwareDatetime | None
    latency_ms: int | None = Field(description="Calendar milliseconds since the offer")
    business_ms: int | None = Field(description="Business milliseconds since the offer")
    touchpoint: TouchpointRef


class Overlap(_Fact):
    """Both teams on one thing at once: opened, perhaps extended, resolved."""

    fact: Literal["overlap"] = "overlap"
    kind: Literal["subject", "conflict", "off_turf", "double_owner", "pressure", "account"]
    subject: str | None
    status: Literal["open", "resolved"]
    severity: Literal["low", "medium", "high"]
    teams: list[Team]
    precedence: Team
    precedence_rule: Literal["claim", "subject_owner"]
    opened_at: AwareDatetime
    last_at: AwareDatetime
    resolved_at: AwareDatetime | None
    resolution: Literal["claim", "release", "decision", "expiry"] | None
    touchpoints: list[TouchpointRef] = Field(description="The first and the latest ones, 16 at most")


class Clock(_Fact):
    """A response limit: running, then met, breached or cancelled."""

    fact: Literal["clock"] = "clock"
    name: str
    state: Literal["running", "met", "breached", "cancelled"]
    team: Team
    started_at: AwareDatetime
    due_at: AwareDatetime
    stopped_at: AwareDatetime | None
    late_ms: int | None = Field(description="How long after due_at the stop of a breached clock came")
    started_by: TouchpointRef
    stopped_by: TouchpointRef | None


class Stalled(_Fact):
    """A prospect that stands still: no counted activity, or no progress, for longer than the stage allows."""

    fact: Literal["stalled"] = "stalled"
    kind: Literal["no_activity", "no_progress"]
    status: Literal["open", "resolved"]
    track: str
    stage: str
    team: Team = Field(description="The customer's owner when it opened")
    since: AwareDatetime = Field(description="When the limit passed")
    entered_at: AwareDatetime = Field(description="When the customer entered the stage")
    last_counted_at: AwareDatetime | None
    last_counted: TouchpointRef | None
    escalated_at: AwareDatetime | None
    resolved_at: AwareDatetime | None


class Correction(_Fact):
    """A late touchpoint changed what had been said: how many facts were published anew, how many taken back."""

    fact: Literal["correction"] = "correction"
    touchpoint: TouchpointRef
    published: int
    retracted: int


class TooLate(_Fact):
    """A touchpoint older than the correction window: kept in the history, not yet part of the journey."""

    fact: Literal["too_late"] = "too_late"
    touchpoint: TouchpointRef
    behind_ms: int = Field(description="Milliseconds behind the customer's newest touchpoint")


Fact = Annotated[
    Transition | Position | Handoff | Overlap | Clock | Stalled | Correction | TooLate, Field(discriminator="fact")
]
FACTS: tuple[type[_Fact], ...] = (Transition, Position, Handoff, Overlap, Clock, Stalled, Correction, TooLate)

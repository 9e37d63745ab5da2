"""What the journey stage says: one model per fact on `journey.facts`. Never computes anything.

Every fact has a deterministic `id`. A later message with the same id and a higher `version` replaces it;
`deleted` takes it back. So the newest version per id is what is known now, and the topic is what was known when.
"""

from decimal import Decimal
from typing import Annotated, Literal, get_args

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
    persona: str | None = Field(None, description="The persona that the latest traits fit")
    fit: float = Field(0, description="Fit points of the latest traits")
    engagement: float = Field(0, description="Engagement points as of `at`")
    probability: float | None = Field(None, description="Of winning a deal from this stage, 0 to 1, by the policy")
    last_touch: dict[Team, AwareDatetime] = Field(
        default_factory=dict, description="Each team's latest touchpoint as of `at`"
    )


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


class Merge(_Fact):
    """`customer_id` is gone: whatever it was is part of `into`. Taken back when the merge is undone."""

    fact: Literal["merge"] = "merge"
    into: str = Field(description="The customer that it belongs to now")
    number: int = Field(description="The identity decision's number")


class IdentityConflict(_Fact):
    """An identifier that does not join a customer it was named with: two known people share it, or it is too many."""

    fact: Literal["identity_conflict"] = "identity_conflict"
    kind: Literal["phone", "anonymous_id", "email", "crm_id", "customer_id"]
    value: str = Field(description="The identifier, normalised")
    kept_by: str = Field(description="The customer that it stays with")
    refused: str = Field(description="The customer that it does not join")
    reason: Literal["two_known", "too_many"] = Field(
        "two_known", description="Both are known people, or together they have too many identifiers for one"
    )
    touchpoint: TouchpointRef = Field(description="The touchpoint that named both")


class Rebuilt(_Fact):
    """A journey was folded anew from the whole history; what was said before and not again is void."""

    fact: Literal["rebuilt"] = "rebuilt"
    reason: Literal["too_late", "merge", "unmerge", "policy", "asked"]
    touchpoints: int = Field(description="Touchpoints that were folded")
    published: int = Field(description="Facts that were said anew")


class Feedback(_Fact):
    """What sales made of a lead, and what had led to it: the touchpoint that made the MQL, its rule and policy."""

    fact: Literal["feedback"] = "feedback"
    disposition: Literal["accepted", "rejected", "recycled", "lost", "rated"]
    reason: str | None
    rating: float | None
    team: Team
    actor: str | None
    campaign: str | None
    content: str | None
    persona: str | None
    mql_rule: str | None = Field(description="The policy's rule by which the customer last became an MQL")
    mql_policy: str | None = Field(description="name@version of the policy by which it did")
    mql_at: AwareDatetime | None
    touchpoint: TouchpointRef


class Deal(_Fact):
    """A deal as it stands: open, won or lost. One per customer and deal."""

    fact: Literal["deal"] = "deal"
    deal: str = Field(description="Its key among the customer's deals")
    status: Literal["open", "won", "lost"]
    amount: Decimal | None
    currency: str | None
    created_at: AwareDatetime | None = Field(description="None where nothing said that it was created")
    expected_close_at: AwareDatetime | None
    closed_at: AwareDatetime | None
    reopened: int = Field(description="How often it was reopened")
    owner_team: Team
    owner_actor: str | None
    touchpoint: TouchpointRef = Field(description="The one that changed it last")


_AnyFact = (
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
Fact = Annotated[_AnyFact, Field(discriminator="fact")]
FACTS: tuple[type[_Fact], ...] = get_args(_AnyFact)

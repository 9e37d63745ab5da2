"""The policy file: what marketing and sales sign, field by field. Form only; meaning is in journey/rules."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from journey.policy.duration import Duration

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Names = Annotated[list[str], Field(min_length=1)]
OneOrMore = str | Names


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Match(_Part):
    """A test on one value; every given test must hold."""

    equals: Any = None
    one_of: list[Any] | None = Field(None, alias="in")
    starts_with: str | None = None
    at_least: float | None = None
    at_most: float | None = None
    exists: bool | None = None

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, given: Any) -> Any:
        if isinstance(given, list):
            return {"in": given}
        return given if isinstance(given, dict) else {"equals": given}


class Condition(_Part):
    """What a touchpoint, and the journey so far, must be like. All given fields must hold; {} holds always."""

    type: OneOrMore | None = Field(None, description="A type or several; `email.*` is every e-mail type")
    team: OneOrMore | None = None
    channel: OneOrMore | None = None
    direction: OneOrMore | None = None
    subject: OneOrMore | None = None
    campaign: OneOrMore | None = None
    content: OneOrMore | None = None
    actor: OneOrMore | None = None
    source: OneOrMore | None = None
    properties: dict[str, Match] = Field(default_factory=dict, description="Dotted path into properties -> test")
    count: int | None = Field(None, ge=2, description="This is at least the n-th such touchpoint ...")
    within: Duration | None = Field(None, description="... within this time; without it, ever")
    score: dict[Literal["fit", "engagement"], Match] = Field(default_factory=dict)
    stage: dict[str, Names] = Field(default_factory=dict, description="Track -> stages or detours it must be in")
    furthest: dict[str, str] = Field(default_factory=dict, description="Track -> stage reached at some time")
    all_of: list["Condition"] = Field(default_factory=list, alias="all")
    any_of: list["Condition"] = Field(default_factory=list, alias="any")
    none_of: "Condition | None" = Field(None, alias="not")

    @model_validator(mode="after")
    def _within_counts(self) -> Self:
        if self.within is not None and self.count is None:
            raise ValueError("within: says nothing without count; add count: 2 or more")
        return self


class Stage(_Part):
    """One stage of a track, in order from the first to the last."""

    stage: Name
    kind: Literal["inventory", "gate", "sla"] = "inventory"
    team: Name | None = Field(None, description="The team that owns the stage")
    enter: list[Condition] = Field(default_factory=list, description="Any of these enters it")
    no_activity: Duration | None = Field(None, description="Stalled after this long without counted activity")
    no_progress: Duration | None = Field(None, description="Stalled after this long in the stage")


class Back(_Part):
    """How a customer comes back from a detour to a stage."""

    when: Condition = Condition()
    stages: Names | None = Field(None, description="Only by the entry rules of these stages; default all")
    to: Name | None = Field(None, description="Always to this stage, whatever the touchpoint matches")


class After(_Part):
    """A move by time alone."""

    no_activity: Duration
    stages: Names


class Detour(_Part):
    """A place beside the stages: recycled, inactive, lost, disqualified."""

    detour: Name
    move: Literal["recycle", "exit"]
    when: list[Condition] = Field(default_factory=list)
    after: After | None = None
    back: list[Back] = Field(default_factory=list)
    cancels_clocks: bool = False


class Regress(_Part):
    """The only way back among stages."""

    when: Condition
    from_stages: Names = Field(alias="from")
    to: Name


class Track(_Part):
    """A lifecycle that a customer moves on; several at once."""

    stages: Annotated[list[Stage], Field(min_length=1)]
    detours: list[Detour] = Field(default_factory=list)
    regress: list[Regress] = Field(default_factory=list)


class Calendar(_Part):
    """Opening hours of a zone: business time runs only inside them."""

    zone: str = "UTC"
    hours: dict[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], list[str]] = Field(
        description='Weekday -> intervals "09:00-17:00"'
    )
    holidays: list[str] = Field(default_factory=list, description="ISO dates that are closed")


class Points(_Part):
    """Engagement points of a touchpoint."""

    when: Condition
    points: float


class Engagement(_Part):
    half_life: Duration
    points: list[Points]


class FitPoints(_Part):
    """Fit points of a trait's latest known value."""

    trait: str
    test: Match
    points: float


class Score(_Part):
    engagement: Engagement
    traits: str = Field("traits", description="The property that holds the traits")
    fit: list[FitPoints] = Field(default_factory=list)


class Entering(_Part):
    """The moment of entering a stage or a detour of a track."""

    track: str
    stage: str


class Ownership(_Part):
    """One move of ownership."""

    when: Condition
    to: str = Field(description="A team, or properties.NAME that names one")
    called: Literal["accepted", "rejected", "handed_back", "assigned"]
    owner: list[Literal["property", "actor"]] = Field(
        default_factory=list, description="Who in the team: properties.owner, the actor, in this order; else nobody"
    )


class Owners(_Part):
    """Who owns the customer, and how that changes."""

    first: Name = Field(description="The team that owns a new customer")
    moves: list[Ownership]
    offered_on: Entering
    claim: Condition
    claim_lasts: Duration
    release: Condition
    calendar: str


class Turf(_Part):
    """From `start` on (None: from the beginning) a subject belongs to `team`, or to the customer's `owner`."""

    start: str | None = Field(None, alias="from")
    team: str


class Subjects(_Part):
    """Which team owns which subject at which stage."""

    track: str
    watched: Names
    owners: dict[str, list[Turf]]
    in_detour: dict[str, str] = Field(description="Subject -> team in a detour; `else` for all others")


class WhileOpen(_Part):
    """Something that stays open from one touchpoint until another, `within` at most."""

    opened_by: Condition
    closed_by: Condition
    within: Duration


class Overlaps(_Part):
    """When two teams are on one thing."""

    subject_within: Duration
    conflict: WhileOpen
    conflict_by: Condition
    reply: Condition = Field(description="Touchpoints that answer the customer are nobody's off turf")
    reply_within: Duration = Field(description="... nor those so soon after the customer spoke of the subject")
    pressure_more_than: int = Field(ge=1)
    pressure_within: Duration
    decision: Condition
    expire_after: Duration
    severity: dict[
        Literal["subject", "conflict", "off_turf", "double_owner", "pressure", "account"],
        Literal["low", "medium", "high"],
    ]


class ClockStart(_Part):
    enter: Entering | None = None
    when: Condition | None = None
    stopped: str | None = Field(None, description="The touchpoint that stopped this other clock")


class ClockStop(_Part):
    when: Condition | None = None
    leave: Entering | None = None


class Clock(_Part):
    """A response limit with a team that answers for it."""

    clock: Name
    start: ClockStart
    stop: ClockStop
    limit: Duration
    calendar: str | None = None
    team: Name


class Stalls(_Part):
    """What counts as activity, and when a stall is raised once more."""

    counted: Condition
    escalate_at: int = Field(2, ge=2, description="Escalated at so many times the limit")


class Windows(_Part):
    correction: Duration
    deduplication: Duration
    future: Duration


class Policy(_Part):
    """The whole agreement."""

    policy: Name
    version: int = Field(ge=1)
    teams: Annotated[list[Name], Field(min_length=2)]
    windows: Windows
    calendars: dict[str, Calendar]
    tracks: Annotated[dict[Name, Track], Field(min_length=1)]
    score: Score
    owners: Owners
    subjects: Subjects
    overlaps: Overlaps
    clocks: list[Clock]
    stalled: Stalls

    @property
    def label(self) -> str:
        """`name@version`, as every fact carries it."""
        return f"{self.policy}@{self.version}"

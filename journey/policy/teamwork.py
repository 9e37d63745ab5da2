"""How the teams work together: who owns customer and subject, what an overlap is, who answers by when."""

from typing import Literal

from pydantic import Field

from journey.policy.condition import Condition
from journey.policy.duration import Duration
from journey.policy.part import Entering, Name, Names, Part


class Ownership(Part):
    """One move of ownership."""

    when: Condition
    to: str = Field(description="A team, or properties.NAME that names one")
    called: Literal["accepted", "rejected", "handed_back", "assigned"]
    owner: list[Literal["property", "actor"]] = Field(
        default_factory=list, description="Who in the team: properties.owner, the actor, in this order; else nobody"
    )


class Owners(Part):
    """Who owns the customer, and how that changes."""

    first: Name = Field(description="The team that owns a new customer")
    moves: list[Ownership]
    offered_on: Entering
    claim: Condition
    claim_lasts: Duration
    release: Condition
    calendar: str


class Turf(Part):
    """From `start` on (None: from the beginning) a subject belongs to `team`, or to the customer's `owner`."""

    start: str | None = Field(None, alias="from")
    team: str


class Subjects(Part):
    """Which team owns which subject at which stage."""

    track: str
    watched: Names
    owners: dict[str, list[Turf]]
    in_detour: dict[str, str] = Field(description="Subject -> team in a detour; `else` for all others")


class WhileOpen(Part):
    """Something that stays open from one touchpoint until another, `within` at most."""

    opened_by: Condition
    closed_by: Condition
    within: Duration


class Overlaps(Part):
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


class ClockStart(Part):
    enter: Entering | None = None
    when: Condition | None = None
    stopped: str | None = Field(None, description="The touchpoint that stopped this other clock")


class ClockStop(Part):
    when: Condition | None = None
    leave: Entering | None = None


class Clock(Part):
    """A response limit with a team that answers for it."""

    clock: Name
    start: ClockStart
    stop: ClockStop
    limit: Duration
    calendar: str | None = None
    team: Name


class Stalls(Part):
    """What counts as activity, and when a stall is raised once more."""

    counted: Condition
    escalate_at: int = Field(2, ge=2, description="Escalated at so many times the limit")

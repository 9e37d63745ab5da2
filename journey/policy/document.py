"""The policy file: what marketing and sales sign, field by field. Form only; meaning is in journey/rules."""

from typing import Annotated, Literal

from pydantic import Field

from journey.policy.aims import Agreement, Attribution, Definition, Goal, Party, Persona, Quota, Shares
from journey.policy.condition import Absent, Amount, Condition, Match
from journey.policy.duration import Duration
from journey.policy.lifecycle import After, Back, Detour, Regress, Stage, Track
from journey.policy.part import Entering, Name, Part
from journey.policy.routing import Alerts, Digest, QuietHours, Route
from journey.policy.selling import Deals, Disposition, Feedback
from journey.policy.teamwork import (
    Clock,
    ClockStart,
    ClockStop,
    Overlaps,
    Owners,
    Ownership,
    Stalls,
    Subjects,
    Turf,
    WhileOpen,
)

__all__ = [
    "Absent",
    "After",
    "Agreement",
    "Alerts",
    "Amount",
    "Attribution",
    "Back",
    "Calendar",
    "Clock",
    "ClockStart",
    "ClockStop",
    "Condition",
    "Deals",
    "Definition",
    "Detour",
    "Digest",
    "Disposition",
    "Engagement",
    "Entering",
    "Feedback",
    "FitPoints",
    "Goal",
    "Match",
    "Overlaps",
    "Owners",
    "Ownership",
    "Part",
    "Party",
    "Persona",
    "Points",
    "Policy",
    "QuietHours",
    "Quota",
    "Regress",
    "Route",
    "Score",
    "Shares",
    "Stage",
    "Stalls",
    "Subjects",
    "Track",
    "Turf",
    "WhileOpen",
    "Windows",
]  # fmt: skip


class Calendar(Part):
    """Opening hours of a zone: business time runs only inside them."""

    zone: str = "UTC"
    hours: dict[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], list[str]] = Field(
        description='Weekday -> intervals "09:00-17:00"'
    )
    holidays: list[str] = Field(default_factory=list, description="ISO dates that are closed")


class Points(Part):
    """Engagement points of a touchpoint."""

    when: Condition
    points: float


class Engagement(Part):
    half_life: Duration
    points: list[Points]


class FitPoints(Part):
    """Fit points of a trait's latest known value."""

    trait: str
    test: Match
    points: float


class Score(Part):
    engagement: Engagement
    traits: str = Field("traits", description="The property that holds the traits")
    fit: list[FitPoints] = Field(default_factory=list)


class Windows(Part):
    correction: Duration
    deduplication: Duration
    future: Duration


class Policy(Part):
    """The whole agreement."""

    policy: Name
    version: int = Field(ge=1)
    agreement: Agreement = Agreement()
    teams: Annotated[list[Name], Field(min_length=2)]
    windows: Windows
    calendars: dict[str, Calendar]
    tracks: Annotated[dict[Name, Track], Field(min_length=1)]
    personas: list[Persona] = Field(default_factory=list)
    definitions: list[Definition] = Field(default_factory=list)
    score: Score
    owners: Owners
    subjects: Subjects
    overlaps: Overlaps
    clocks: list[Clock]
    stalled: Stalls
    feedback: Feedback | None = None
    deals: Deals | None = None
    goals: list[Goal] = Field(default_factory=list)
    quotas: list[Quota] = Field(default_factory=list)
    attribution: Attribution = Attribution()
    alerts: Alerts = Alerts()

    @property
    def label(self) -> str:
        """`name@version`, as every fact carries it."""
        return f"{self.policy}@{self.version}"

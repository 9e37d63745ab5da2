"""Tracks as people write them: stages in order, detours beside them, and the ways between."""

from typing import Annotated, Literal

from pydantic import Field

from journey.policy.condition import Condition
from journey.policy.duration import Duration
from journey.policy.part import Name, Names, Part


class Stage(Part):
    """One stage of a track, in order from the first to the last."""

    stage: Name
    kind: Literal["inventory", "gate", "sla"] = "inventory"
    team: Name | None = Field(None, description="The team that owns the stage")
    enter: list[Condition] = Field(default_factory=list, description="Any of these enters it")
    no_activity: Duration | None = Field(None, description="Stalled after this long without counted activity")
    no_progress: Duration | None = Field(None, description="Stalled after this long in the stage")
    probability: float | None = Field(None, ge=0, le=1, description="Of winning a deal from here, 0 to 1")


class Back(Part):
    """How a customer comes back from a detour to a stage."""

    when: Condition = Condition()
    stages: Names | None = Field(None, description="Only by the entry rules of these stages; default all")
    to: Name | None = Field(None, description="Always to this stage, whatever the touchpoint matches")


class After(Part):
    """A move by time alone."""

    no_activity: Duration
    stages: Names


class Detour(Part):
    """A place beside the stages: recycled, inactive, lost, disqualified."""

    detour: Name
    move: Literal["recycle", "exit"]
    when: list[Condition] = Field(default_factory=list)
    after: After | None = None
    back: list[Back] = Field(default_factory=list)
    cancels_clocks: bool = False


class Regress(Part):
    """The only way back among stages."""

    when: Condition
    from_stages: Names = Field(alias="from")
    to: Name


class Track(Part):
    """A lifecycle that a customer moves on; several at once."""

    stages: Annotated[list[Stage], Field(min_length=1)]
    detours: list[Detour] = Field(default_factory=list)
    regress: list[Regress] = Field(default_factory=list)

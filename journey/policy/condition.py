"""Conditions as people write them: what a touchpoint, and the journey so far, must be like."""

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from journey.policy.duration import Duration
from journey.policy.part import Names, OneOrMore, Part


class Match(Part):
    """A test on one value; every given test must hold."""

    equals: Any = None
    one_of: list[Any] | None = Field(None, alias="in", min_length=1)
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

    @model_validator(mode="after")
    def _can_hold(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("a test that tests nothing; write a value, a list, or at_least, starts_with, exists")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError(f"no number is at least {self.at_least:g} and at most {self.at_most:g}; swap them")
        return self


class Amount(Part):
    """A test on the touchpoint's `value`; {} only asks that it has one."""

    at_least: float | None = None
    at_most: float | None = None
    currency: OneOrMore | None = Field(None, description="ISO 4217; without it, an amount of any currency")

    @model_validator(mode="after")
    def _can_hold(self) -> Self:
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError(f"no amount is at least {self.at_least:g} and at most {self.at_most:g}; swap them")
        return self


class Absent(Part):
    """No touchpoint that fulfils `when` came before this one, within so long."""

    when: "Condition" = Field(description="Of the touchpoint alone: its fields, properties and value")
    within: Duration | None = Field(None, description="Without it, ever")


class Condition(Part):
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
    value: Amount | None = Field(None, description="The touchpoint's amount of money")
    count: int | None = Field(None, ge=2, description="This is at least the n-th such touchpoint ...")
    within: Duration | None = Field(None, description="... within this time; without it, ever")
    absent: Absent | None = Field(None, description="There was no such touchpoint before this one")
    persona: OneOrMore | None = Field(None, description="The persona that the traits known so far make")
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

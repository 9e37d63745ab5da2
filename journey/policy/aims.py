"""What both teams agree on besides the rules: the paper itself, personas, lead terms, goals, quotas, attribution."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from journey.policy.condition import Condition, Match
from journey.policy.duration import Duration
from journey.policy.part import Entering, Name, Names, Part, Words


class Party(Part):
    """Who signs for a team."""

    team: Name
    name: str | None = Field(None, description="What the team is called on paper")
    signed_by: list[str] = Field(default_factory=list, description="Roles or people, a signature line each")


class Agreement(Part):
    """The paper's own words."""

    title: Words | None = None
    purpose: str | None = None
    in_force_from: str | None = Field(None, description="An ISO date, as it is printed")
    review: str | None = Field(None, description="When both teams look at it again")
    parties: list[Party] = Field(default_factory=list)


class Persona(Part):
    """A kind of buyer that both teams mean by one name."""

    persona: Name
    title: str | None = None
    means: str | None = Field(None, description="In a sentence, for readers")
    when: list[dict[str, Match]] = Field(min_length=1, description="Trait -> test; all of any one entry")


class Definition(Part):
    """A term that both teams use, in words, and what carries it out."""

    term: Words
    name: str | None = Field(None, description="Spelled out")
    means: Words
    reached: Entering | None = Field(None, description="The stage or detour that is the term")
    rule: int | None = Field(None, ge=1, description="Only this one of the stage's entry rules, counted from 1")


Metric = Literal["entered", "touchpoints", "deals_won", "revenue"]
Rate = Literal[
    "lead_acceptance", "leakage", "recycle_rate", "win_rate", "speed_to_lead", "sla_compliance", "overlap_rate",
    "sales_velocity", "pipeline_coverage", "attainment", "average_deal_size", "cycle", "cac", "payback",
]  # fmt: skip


class Goal(Part):
    """What the teams want to reach together."""

    goal: Name
    means: Words
    teams: Names | None = Field(None, description="Whose goal; default every team's")
    metric: Rate | None = Field(None, description="What it is measured by")
    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _is_measured(self) -> Self:
        if (self.at_least, self.at_most) != (None, None) and self.metric is None:
            raise ValueError("a target says nothing without a metric; add metric, or leave at_least and at_most out")
        if self.metric is not None and self.at_least is None and self.at_most is None:
            raise ValueError("a metric says nothing without a target; add at_least or at_most")
        return self


class Quota(Part):
    """What a team is to bring in a period."""

    quota: Name
    team: Name
    metric: Metric
    entered: Entering | None = Field(None, description="With `metric: entered`: customers that enter this place")
    when: Condition | None = Field(None, description="With `metric: touchpoints`: those that fulfil this")
    period: Literal["weekly", "monthly", "quarterly"]
    amount: float = Field(gt=0)
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = Field(None, description="With `metric: revenue`")

    @model_validator(mode="after")
    def _says_what_is_counted(self) -> Self:
        needs = {"entered": self.entered, "touchpoints": self.when, "revenue": self.currency}
        fields = {"entered": "entered", "touchpoints": "when", "revenue": "currency"}
        if self.metric in needs and needs[self.metric] is None:
            raise ValueError(f"metric: {self.metric} needs {fields[self.metric]}; add it")
        for metric, given in needs.items():
            if metric != self.metric and given is not None:
                raise ValueError(f"{fields[metric]} belongs to metric: {metric}; remove it, or change the metric")
        return self


class Shares(Part):
    """Percent of a deal that the named touches get; together 100."""

    first: int = Field(ge=0, le=100)
    lead: int = Field(0, ge=0, le=100, description="The touch that made the lead")
    opportunity: int = Field(0, ge=0, le=100, description="The touch that made the deal")
    last: int = Field(0, ge=0, le=100)
    middle: int = Field(ge=0, le=100, description="All others, in equal parts")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        total = self.first + self.lead + self.opportunity + self.last + self.middle
        if total != 100:
            raise ValueError(f"the shares sum to {total}, not 100; {_correction(total)}")
        return self


def _correction(total: int) -> str:
    return f"give {100 - total} more" if total < 100 else f"take {total - 100} away"


Model = Literal["first", "last", "linear", "position", "w_shaped", "time_decay", "markov"]


class Attribution(Part):
    """Which touches are credited with a deal, and how."""

    models: list[Model] = Field(default_factory=lambda: ["position"], min_length=1)  # type: ignore[arg-type]
    default: Model | None = Field(None, description="The one that is shown first; default the first of models")
    credited: Condition = Field(Condition(), description="Touchpoints that can be credited")
    lookback: Duration = Duration.parse("90d")
    half_life: Duration = Duration.parse("7d")
    position: Shares = Shares(first=40, middle=20, last=40)
    w_shaped: Shares = Shares(first=30, lead=30, opportunity=30, middle=10)

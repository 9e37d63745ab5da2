"""Who hears of what: alerts by type, severity and team to channels, at once or gathered, and when it stays quiet."""

from typing import Annotated, Literal

from pydantic import Field

from journey.policy.part import Name, OneOrMore, Part

ALERT_TYPES = (
    "prospect.stalled",
    "prospect.escalated",
    "prospect.unstalled",
    "clock.breached",
    "overlap.opened",
    "overlap.resolved",
    "quota.at_risk",
)
Time = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["08:00"])]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WORKING_DAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")
Channel = Literal["webhook", "slack", "pagerduty", "alertmanager", "email"]


class Route(Part):
    """Alerts that fulfil everything given go to these channels; of several routes the first that fits."""

    route: Name
    type: OneOrMore | None = Field(None, description="`clock.breached`, or `overlap.*` for all of a kind")
    severity: list[Literal["low", "medium", "high"]] | None = Field(None, description="Of overlaps", min_length=1)
    team: OneOrMore | None = Field(None, description="The team that it is addressed to")
    to: list[str] = Field(description="Channels; none keeps it in the console alone")
    how: Literal["at_once", "digest"] = "at_once"
    in_quiet_hours: bool = Field(False, description="Goes out in quiet hours too")


class Digest(Part):
    """When gathered alerts go out."""

    at: Annotated[list[Time], Field(min_length=1)]
    days: list[Weekday] = Field(default_factory=lambda: [*WORKING_DAYS], min_length=1)
    zone: str = "UTC"


class QuietHours(Part):
    """A time of day in which alerts wait; past midnight where it ends before it begins."""

    start: Time = Field(alias="from")
    end: Time = Field(alias="to")
    days: Annotated[list[Weekday], Field(min_length=1)] | None = Field(None, description="Quiet all day on these days")
    zone: str = "UTC"


class Alerts(Part):
    """Who hears of what. Without routes, everything goes to every channel at once."""

    channels: dict[Name, Channel] = Field(default_factory=dict, description="Name -> the kind of channel")
    routes: list[Route] = Field(default_factory=list)
    digest: Digest | None = None
    quiet_hours: QuietHours | None = None

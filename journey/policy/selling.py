"""What sales says of leads and of deals: which touchpoints say it, and the reasons both teams know."""

from typing import Literal

from pydantic import Field

from journey.policy.condition import Condition
from journey.policy.part import Entering, Name, Part

Answer = Literal["accepted", "rejected", "recycled", "lost", "rated"]


class Disposition(Part):
    """One answer of sales to a lead."""

    when: Condition
    reasons: list[Name] = Field(
        default_factory=list, description="The reasons both teams know; others are kept as said"
    )


class Feedback(Part):
    """Sales' answers, and what they are held against: how the customer became a lead."""

    lead: Entering = Field(description="The place of a track that makes a lead: what led there is what is answered")
    led_by: Name | None = Field(
        None, description="The team whose campaigns and contents lead there; default the first owner"
    )
    dispositions: dict[Answer, Disposition] = Field(min_length=1)


class Deals(Part):
    """Which touchpoints speak of deals; the value is the touchpoint's own."""

    deal: str = Field("deal", description="The property that names the deal")
    expected_close: str = Field("expected_close_at", description="The property with the day it should close")
    created: Condition | None = None
    changed: Condition | None = None
    won: Condition | None = None
    lost: Condition | None = None
    reopened: Condition | None = None

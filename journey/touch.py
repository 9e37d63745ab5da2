"""A touchpoint as the fold sees it: instants in epoch milliseconds, only the properties that the policy reads."""

from typing import Any

from mypy_extensions import mypyc_attr

from journey.record import Record


@mypyc_attr(acyclic=True)
class Touch(Record):
    """One touchpoint. Order of journeys: (at, source, id). `of` is its derived id where that is not the customer's.

    `amount` is its value in ten-thousandths of the currency's unit, so that no cent is lost.
    """

    def __init__(
        self,
        at: int,
        source: str,
        id: str,
        type: str,
        team: str,
        direction: str,
        channel: str,
        subject: str | None = None,
        actor: str | None = None,
        campaign: str | None = None,
        content: str | None = None,
        properties: dict[str, Any] | None = None,
        of: str | None = None,
        amount: int | None = None,
        currency: str | None = None,
    ) -> None:
        self.at, self.source, self.id = at, source, id
        self.type, self.team, self.direction, self.channel, self.subject = type, team, direction, channel, subject
        self.actor, self.campaign, self.content, self.properties = actor, campaign, content, properties
        self.of, self.amount, self.currency = of, amount, currency

    @property
    def key(self) -> tuple[int, str, str]:
        """Its place in the order of the journey."""
        return self.at, self.source, self.id

    def fields(self) -> list[object]:
        """As they stand above."""
        return [
            self.at,
            self.source,
            self.id,
            self.type,
            self.team,
            self.direction,
            self.channel,
            self.subject,
            self.actor,
            self.campaign,
            self.content,
            self.properties,
            self.of,
            self.amount,
            self.currency,
        ]

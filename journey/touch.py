"""A touchpoint as the fold sees it: instants in epoch milliseconds, only the properties that the policy reads."""

from typing import Any

import msgspec


class Touch(msgspec.Struct, array_like=True, gc=False):
    """One touchpoint. Order of journeys: (at, source, id). `of` is its derived id where that is not the customer's.

    `amount` is its value in ten-thousandths of the currency's unit, so that no cent is lost.
    """

    at: int
    source: str
    id: str
    type: str
    team: str
    direction: str
    channel: str
    subject: str | None = None
    actor: str | None = None
    campaign: str | None = None
    content: str | None = None
    properties: dict[str, Any] | None = None
    of: str | None = None
    amount: int | None = None
    currency: str | None = None

    @property
    def key(self) -> tuple[int, str, str]:
        """Its place in the order of the journey."""
        return self.at, self.source, self.id

"""journey.touchpoints as the journey stage reads it: only the fields that a rule may use."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec


class WireMoney(msgspec.Struct, gc=False):
    """An amount and its currency; the amount is a text, or a number of another program's making."""

    amount: Decimal
    currency: str


class WireTouchpoint(msgspec.Struct, gc=False):
    """The part of schemas.touchpoint.AcceptedTouchpoint that the fold needs."""

    id: str
    source: str
    type: str
    team: str
    occurred_at: Annotated[datetime, msgspec.Meta(tz=True)]
    direction: str
    channel: str
    customer_id: str
    subject: str | None = None
    actor: str | None = None
    campaign: str | None = None
    content: str | None = None
    properties: dict[str, Any] | None = None
    derived_id: str = ""
    value: WireMoney | None = None


decode = msgspec.json.Decoder(WireTouchpoint).decode


def with_customer(value: bytes, customer_id: str) -> bytes:
    """An envelope for another customer; its derived id, and all else, stays."""
    fields = _decode_fields(value)
    fields.setdefault("derived_id", fields["customer_id"])
    fields["customer_id"] = msgspec.Raw(_encode(customer_id))
    return _encode(fields)


_decode_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_encode = msgspec.json.Encoder().encode

"""journey.touchpoints as the journey stage reads it: only the fields that a rule may use."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

import msgspec

from journey.condition import AMOUNT_SCALE
from journey.saying import EPOCH
from journey.touch import Touch

_MILLISECOND = timedelta(milliseconds=1)


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


def touch_of(wire: WireTouchpoint, read: frozenset[str]) -> Touch:
    """The touch for the fold: of the properties, the campaign and the content only what the policy reads by name."""
    properties = wire.properties
    if properties:
        properties = {name: value for name, value in properties.items() if name in read} or None
    money = wire.value if "value" in read else None
    return Touch(
        # Rounded down, as the tables keep it: a journey folded from them must be the same.
        (wire.occurred_at - EPOCH) // _MILLISECOND,
        wire.source,
        wire.id,
        wire.type,
        wire.team,
        wire.direction,
        wire.channel,
        wire.subject,
        wire.actor,
        wire.campaign if "campaign" in read else None,
        wire.content if "content" in read else None,
        properties or None,
        wire.derived_id if wire.derived_id not in ("", wire.customer_id) else None,
        None if money is None else int(money.amount * AMOUNT_SCALE),
        None if money is None else money.currency,
    )


def with_customer(value: bytes, customer_id: str) -> bytes:
    """An envelope for another customer; its derived id, and all else, stays."""
    fields = _decode_fields(value)
    fields.setdefault("derived_id", fields["customer_id"])
    fields["customer_id"] = msgspec.Raw(_encode(customer_id))
    return _encode(fields)


_decode_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_encode = msgspec.json.Encoder().encode

"""A raw touchpoint as intake works on it."""

from typing import Annotated, Any

import msgspec

from schemas.touchpoint import Channel, Direction

_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]


class RawCustomer(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """As schemas.touchpoint.Customer."""

    customer_id: _Text | None = None
    crm_id: _Text | None = None
    email: _Text | None = None
    phone: _Text | None = None
    anonymous_id: _Text | None = None
    account: _Text | None = None


class RawMoney(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """As schemas.touchpoint.Money."""

    amount: str
    currency: str


class RawTouchpoint(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """As schemas.touchpoint.Touchpoint: what `streams.raw_reader` finds plain is one of those, and means the same."""

    id: _Text
    source: _Text
    type: str
    team: str
    occurred_at: str
    direction: Direction
    customer: RawCustomer | None = None
    channel: Channel | None = None
    actor: _Text | None = None
    subject: _Text | None = None
    campaign: _Text | None = None
    content: _Text | None = None
    value: RawMoney | None = None
    cost: RawMoney | None = None
    properties: dict[str, Any] = msgspec.field(default_factory=dict)


encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(RawTouchpoint).decode

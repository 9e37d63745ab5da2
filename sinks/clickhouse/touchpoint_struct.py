"""An accepted touchpoint of `journey.touchpoints` as msgspec decodes it: as far as it becomes a row."""

from decimal import Decimal

import msgspec

from sinks.clickhouse.record import Instant


class Money(msgspec.Struct, gc=False):
    """See schemas.touchpoint.Money."""

    amount: Decimal
    currency: str


class Customer(msgspec.Struct, gc=False):
    """See schemas.touchpoint.Customer."""

    customer_id: str | None = None
    crm_id: str | None = None
    email: str | None = None
    phone: str | None = None
    anonymous_id: str | None = None
    account: str | None = None


class Touchpoint(msgspec.Struct, gc=False):
    """See schemas.accepted.AcceptedTouchpoint."""

    id: str
    source: str
    type: str
    team: str
    occurred_at: Instant
    received_at: Instant
    direction: str
    channel: str
    customer_id: str
    customer: Customer | None = None
    actor: str | None = None
    subject: str | None = None
    campaign: str | None = None
    content: str | None = None
    value: Money | None = None
    cost: Money | None = None
    properties: msgspec.Raw = msgspec.Raw(b"{}")
    account_id: str = ""
    origin: str = ""
    derived_id: str = ""
    generation: int = 0


decode_touchpoint = msgspec.json.Decoder(Touchpoint).decode

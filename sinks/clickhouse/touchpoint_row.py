"""An accepted touchpoint of `journey.touchpoints` as a row of `touchpoints`."""

from decimal import Decimal
from typing import Any, Final, NamedTuple

from sinks.clickhouse.record import Record
from sinks.clickhouse.touchpoint_struct import Customer, Money, decode_touchpoint
from sinks.clickhouse.value import milliseconds, money


class TouchpointRow(NamedTuple):
    """The columns of `touchpoints` in order. Absent texts are empty; times are milliseconds since 1970.

    `customer_id` is the derived id, which no merge changes.
    """

    customer_id: str
    account: str
    account_id: str
    source: str
    id: str
    type: str
    team: str
    actor: str
    channel: str
    direction: str
    subject: str
    campaign: str
    content: str
    occurred_at: int
    received_at: int
    given_customer_id: str
    crm_id: str
    email: str
    phone: str
    anonymous_id: str
    value_amount: Decimal | None
    value_currency: str
    cost_amount: Decimal | None
    cost_currency: str
    properties: bytes
    origin: str
    topic: str
    partition: int
    offset: int
    generation: int


_NOBODY: Final = Customer()
_NO_MONEY: Final[tuple[None, str]] = (None, "")


def touchpoint_row(record: Record) -> tuple[Any, ...]:
    """The TouchpointRow of a record, as a plain tuple (built five times as fast).

    Raises msgspec.MsgspecError or MappingError where it cannot be one.
    """
    it = decode_touchpoint(record.value or b"")
    who = it.customer or _NOBODY
    value_amount, value_currency = _amount(it.value) if it.value else _NO_MONEY
    cost_amount, cost_currency = _amount(it.cost) if it.cost else _NO_MONEY
    return (
        it.derived_id or it.customer_id,
        who.account or "",
        it.account_id,
        it.source,
        it.id,
        it.type,
        it.team,
        it.actor or "",
        it.channel,
        it.direction,
        it.subject or "",
        it.campaign or "",
        it.content or "",
        milliseconds(it.occurred_at),
        milliseconds(it.received_at),
        who.customer_id or "",
        who.crm_id or "",
        who.email or "",
        who.phone or "",
        who.anonymous_id or "",
        value_amount,
        value_currency,
        cost_amount,
        cost_currency,
        bytes(it.properties),
        it.origin,
        record.topic,
        record.partition,
        record.offset,
        it.generation,
    )


def _amount(given: Money) -> tuple[Decimal, str]:
    return money(given.amount), given.currency

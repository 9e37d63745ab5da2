"""An alert of `journey.alerts` as a row of `alerts`."""

from typing import NamedTuple

from sinks.alert import decode_alert
from sinks.clickhouse.record import Record
from sinks.clickhouse.value import milliseconds


class AlertRow(NamedTuple):
    """The columns of `alerts` in order. `data` is the fact as JSON; times are milliseconds since 1970."""

    customer_id: str
    id: str
    type: str
    fact_id: str
    policy: str
    at: int
    recorded_at: int
    data: bytes
    topic: str
    partition: int
    offset: int


def alert_row(record: Record) -> AlertRow:
    """The row of a record. Raises msgspec.MsgspecError or MappingError where it cannot be one."""
    it = decode_alert(record.value or b"")
    return AlertRow(
        it.customer_id,
        it.id,
        it.type,
        it.fact_id,
        it.policy,
        milliseconds(it.at),
        milliseconds(it.recorded_at),
        bytes(it.data),
        record.topic,
        record.partition,
        record.offset,
    )

"""An alert of `journey.alerts` as a row of `alerts`."""

from typing import NamedTuple

import msgspec

from sinks.clickhouse.record import Instant, Record, milliseconds


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


class _Alert(msgspec.Struct, gc=False):
    id: str
    type: str
    customer_id: str
    fact_id: str
    policy: str
    at: Instant
    recorded_at: Instant
    data: msgspec.Raw


_decode = msgspec.json.Decoder(_Alert).decode


def alert_row(record: Record) -> AlertRow:
    """The row of a record. Raises msgspec.MsgspecError or MappingError where it cannot be one."""
    it = _decode(record.value or b"")
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

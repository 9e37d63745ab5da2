"""A rejected record of `touchpoints.rejected` as a row of `rejected`; an unmappable one as a row of `sink_rejected`."""

from datetime import datetime
from typing import NamedTuple

from schemas.rejection import (
    HEADER_CUT,
    HEADER_DETAIL,
    HEADER_ORIGIN,
    HEADER_POINTER,
    HEADER_REASON,
    HEADER_RECEIVED_AT,
)
from sinks.clickhouse.record import MappingError, Record
from sinks.clickhouse.value import milliseconds


class RejectedRow(NamedTuple):
    """The columns of `rejected` in order. `bytes` is the original's size, where `value` was cut too."""

    topic: str
    partition: int
    offset: int
    reason: str
    detail: str
    pointer: str
    origin: str
    received_at: int
    value: bytes
    bytes: int


class SinkRejectedRow(NamedTuple):
    """The columns of `sink_rejected` in order."""

    topic: str
    partition: int
    offset: int
    error: str
    key: bytes
    value: bytes
    recorded_at: int


def rejected_row(record: Record) -> RejectedRow:
    """The row of a record. Raises MappingError where its headers do not say why it was rejected."""
    headers = {name: _text(content) for name, content in record.headers}
    if HEADER_REASON not in headers:
        raise MappingError(f"no header {HEADER_REASON}")
    value = record.value or b""
    return RejectedRow(
        record.topic,
        record.partition,
        record.offset,
        headers[HEADER_REASON],
        headers.get(HEADER_DETAIL, ""),
        headers.get(HEADER_POINTER, ""),
        headers.get(HEADER_ORIGIN, ""),
        _received_at(headers, record.timestamp),
        value,
        _size(headers, value),
    )


def sink_rejected_row(record: Record, error: str, recorded_at: int) -> SinkRejectedRow:
    """The row that keeps an unmappable record; `recorded_at` is milliseconds since 1970."""
    return SinkRejectedRow(
        record.topic, record.partition, record.offset, error, record.key or b"", record.value or b"", recorded_at
    )


def _text(content: bytes | None) -> str:
    return (content or b"").decode("utf-8", "replace")


def _received_at(headers: dict[str, str], fallback_ms: int) -> int:
    given = headers.get(HEADER_RECEIVED_AT)
    if given is None:
        return fallback_ms
    try:
        return milliseconds(datetime.fromisoformat(given))
    except (ValueError, TypeError) as error:
        raise MappingError(f"header {HEADER_RECEIVED_AT}: {error}") from error


def _size(headers: dict[str, str], value: bytes) -> int:
    given = headers.get(HEADER_CUT)
    if given is None:
        return len(value)
    if not given.isascii() or not given.isdigit():
        raise MappingError(f"header {HEADER_CUT}: {given!r} is not a number of bytes")
    return int(given)

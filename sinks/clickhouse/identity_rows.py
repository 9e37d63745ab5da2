"""Redirects and links of identifiers as rows of `identities` and `identity_links`."""

from typing import NamedTuple

import msgspec

from sinks.clickhouse.record import Instant, Record
from sinks.clickhouse.value import milliseconds


class IdentityRow(NamedTuple):
    """The columns of `identities` in order."""

    derived_id: str
    customer_id: str
    number: int
    kind: str
    value: str
    topic: str
    partition: int
    offset: int


class IdentityLinkRow(NamedTuple):
    """The columns of `identity_links` in order; `occurred_at` is milliseconds since 1970."""

    source: str
    touchpoint_id: str
    derived_ids: list[str]
    identifiers: list[tuple[str, str]]
    statement: str
    occurred_at: int
    topic: str
    partition: int
    offset: int


class _Redirect(msgspec.Struct, gc=False):
    derived_id: str
    customer_id: str
    number: int
    kind: str
    value: str


class _Named(msgspec.Struct, gc=False):
    kind: str
    value: str
    derived_id: str


class _Link(msgspec.Struct, gc=False):
    identifiers: list[_Named]
    statement: str
    occurred_at: Instant
    source: str
    id: str


_decode_redirect = msgspec.json.Decoder(_Redirect).decode
_decode_link = msgspec.json.Decoder(_Link).decode


def identity_row(record: Record) -> IdentityRow:
    """The row of a redirect. Raises msgspec.MsgspecError where it cannot be one."""
    it = _decode_redirect(record.value or b"")
    place = record.topic, record.partition, record.offset
    return IdentityRow(it.derived_id, it.customer_id, it.number, it.kind, it.value, *place)


def identity_link_row(record: Record) -> IdentityLinkRow:
    """The row of a link. Raises msgspec.MsgspecError or MappingError where it cannot be one."""
    it = _decode_link(record.value or b"")
    return IdentityLinkRow(
        it.source,
        it.id,
        [named.derived_id for named in it.identifiers],
        [(named.kind, named.value) for named in it.identifiers],
        it.statement,
        milliseconds(it.occurred_at),
        record.topic,
        record.partition,
        record.offset,
    )

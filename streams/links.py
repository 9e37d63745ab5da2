"""Links and redirects as they travel, the packed state of an edge, and which links intake has told lately."""

from datetime import datetime
from typing import Annotated

import msgspec

from journey.identity import Identifier
from journey.linking import SEEN, STRENGTHS, Edge, Key, Statement
from journey.saying import instant
from streams.stored import UnknownVersionError

_KIND = f"^({'|'.join(STRENGTHS)})$"
_VERSION = 1
_MOST_RECENT = 200_000


class Named(msgspec.Struct, gc=False):
    """schemas.identity.NamedIdentifier."""

    kind: Annotated[str, msgspec.Meta(pattern=_KIND)]
    value: str
    derived_id: str


class IdentityLink(msgspec.Struct, kw_only=True, gc=False):
    """schemas.identity.IdentityLink."""

    schema_version: int = 1
    identifiers: Annotated[list[Named], msgspec.Meta(min_length=2)]
    statement: Statement
    occurred_at: datetime
    source: str
    id: str

    @property
    def names(self) -> tuple[Identifier, ...]:
        """The identifiers as the graph takes them."""
        return tuple(Identifier(named.kind, named.value) for named in self.identifiers)

    @property
    def key(self) -> Key:
        """Its place in time."""
        return round(self.occurred_at.timestamp() * 1000), self.source, self.id


class IdentityRedirect(msgspec.Struct, kw_only=True, gc=False):
    """schemas.identity.IdentityRedirect."""

    schema_version: int = 1
    derived_id: str
    customer_id: str
    number: int
    kind: str
    value: str


encode = msgspec.json.Encoder().encode
decode_link = msgspec.json.Decoder(IdentityLink).decode
decode_redirect = msgspec.json.Decoder(IdentityRedirect).decode


def link_of(identifiers: tuple[Identifier, ...], statement: Statement, key: Key) -> IdentityLink:
    """A link as it travels."""
    at, source, touchpoint_id = key
    named = [Named(*identifier, identifier.derived_id) for identifier in identifiers]
    return IdentityLink(
        identifiers=named, statement=statement, occurred_at=instant(at), source=source, id=touchpoint_id
    )


_EdgeState = tuple[str, str, str, str, Key | None, tuple[Key, Statement] | None]
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(_EdgeState).decode


def pack_edge(edge: Edge) -> tuple[str, bytes]:
    """Key and value of an edge in identity.state: a version byte, then its two identifiers and what it learned."""
    named = (*edge.a.named, *edge.b.named)
    return f"{edge.a.id}/{edge.b.id}", bytes([_VERSION]) + _pack((*named, edge.seen, edge.said))


def unpack_edge(value: bytes) -> tuple[Identifier, Identifier, Key | None, tuple[Key, Statement] | None]:
    """What `Identities.recall` takes. Raises UnknownVersionError where a newer worker wrote it."""
    if value[0] != _VERSION:
        raise UnknownVersionError(f"an edge of version {value[0]}; this program reads {_VERSION}: upgrade every worker")
    one_kind, one, other_kind, other, seen, said = _unpack(value[1:])
    return Identifier(one_kind, one), Identifier(other_kind, other), seen, said


class RecentLinks:
    """The links that a partition's intake has told lately: telling one again is harmless, and costs."""

    def __init__(self) -> None:
        self._told: dict[tuple[Identifier, ...], int] = {}
        self._fresh: dict[tuple[Identifier, ...], int] = {}

    def begin(self) -> None:
        """Another chunk: what an earlier one noted and never settled was not told."""
        self._fresh = {}

    def is_news(self, identifiers: tuple[Identifier, ...], statement: Statement, at: int) -> bool:
        """Whether to tell a link; a person's statement always. Notes that it is told."""
        if statement != SEEN:
            return True
        known = self._fresh.get(identifiers, self._told.get(identifiers))
        if known is not None and known <= at:
            return False
        self._fresh[identifiers] = at
        return True

    def settle(self) -> None:
        """What was noted is told now. The ones told longest ago are forgotten."""
        told = self._told
        for identifiers, at in self._fresh.items():
            told.pop(identifiers, None)
            told[identifiers] = at
        self._fresh = {}
        while len(told) > _MOST_RECENT:
            del told[next(iter(told))]

    def forget(self) -> None:
        """Nothing is known to be told."""
        self._told, self._fresh = {}, {}

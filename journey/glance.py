"""Of a packed journey the little that tells whether it has seen everything: the rest is passed over unread."""

from typing import Final, NamedTuple

import msgspec

from journey.packed import AS_JSON


class Glance(NamedTuple):
    """Fields of a journey; `seen` is its head's."""

    seen: int
    account: bool
    rebuild: int
    members: dict[str, int]


class _Head(msgspec.Struct, array_like=True, gc=False):
    stays: msgspec.Raw
    counters: msgspec.Raw
    owner: msgspec.Raw
    seen: int


class _Journey(msgspec.Struct, array_like=True, gc=False):
    """The fields of a journey up to the last one that is asked for; any other is whatever it is."""

    policy: msgspec.Raw
    head: _Head
    version: msgspec.Raw
    corrections: msgspec.Raw
    too_late: msgspec.Raw
    base: msgspec.Raw
    recents: msgspec.Raw
    known: msgspec.Raw
    redirect: msgspec.Raw
    decided: msgspec.Raw
    members: dict[str, int]
    released: msgspec.Raw
    rebuild: int
    meanwhile: msgspec.Raw
    rebuilt: msgspec.Raw
    account: bool


_msgpack: Final = msgspec.msgpack.Decoder(_Journey).decode
_json: Final = msgspec.json.Decoder(_Journey).decode


def glance(packed: bytes) -> Glance:
    """What `unpack_journey` says of these fields, in a tenth of the time."""
    found = (_json if packed[0] & AS_JSON else _msgpack)(packed[1:])
    return Glance(found.head.seen, found.account, found.rebuild, found.members)

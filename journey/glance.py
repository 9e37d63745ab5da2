"""Of a packed journey the little that tells whether it has seen everything: the rest is passed over unread."""

from typing import Any, Final, NamedTuple

import msgspec

from journey.packed import AS_JSON
from journey.state import Head, Journey


class Glance(NamedTuple):
    """Fields of a journey; `seen` is its head's."""

    seen: int
    account: bool
    rebuild: int
    members: dict[str, int]


def glance(packed: bytes) -> Glance:
    """What `unpack_journey` says of these fields, in a tenth of the time."""
    found = (_json if packed[0] & AS_JSON else _msgpack)(packed[1:])
    return Glance(found.head.seen, found.account, found.rebuild, found.members)


def _only(struct: type[msgspec.Struct], wanted: dict[str, Any]) -> Any:
    """A struct with another's fields up to the last of those that are wanted; any other is whatever it is."""
    told: list[Any] = []
    for field in msgspec.structs.fields(struct):
        if wanted.keys() <= {name for name, *_ in told}:
            break
        told.append((field.name, wanted.get(field.name, msgspec.Raw)))
        if field.default is not msgspec.NODEFAULT:
            told[-1] += (field.default,)
        elif field.default_factory is not msgspec.NODEFAULT:
            told[-1] += (msgspec.field(default_factory=field.default_factory),)
    return msgspec.defstruct(struct.__name__, told, array_like=True, gc=False)


_HEAD: Final = _only(Head, {"seen": int})
_JOURNEY: Final = _only(Journey, {"head": _HEAD, "members": dict[str, int], "rebuild": int, "account": bool})
_msgpack: Final = msgspec.msgpack.Decoder(_JOURNEY).decode
_json: Final = msgspec.json.Decoder(_JOURNEY).decode

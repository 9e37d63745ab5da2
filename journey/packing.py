"""A touchpoint as bytes: some thirty of them, from which it comes back exactly as it came in.

It is its length, its instant, its name (source and id), its kind (five words in three bytes) and what it has
besides. Known words are numbers (`journey.word`), an id that is a UUID in its usual spelling is 16 bytes.
"""

import re
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import msgspec

from journey.touch import Touch
from journey.word import CHANNELS, DIRECTIONS, PROPERTIES, SOURCES, SUBJECTS, TEAMS, TYPES, UNKNOWN, numbered

if TYPE_CHECKING:
    from journey.recent import Recents

Kind = tuple[str | None, ...]
Packed = bytes | bytearray
_KIND_FIELDS: Final = ("type", "team", "direction", "channel", "subject")
# What touchpoints have most often comes first: what is absent at the end is left out.
_OFTEN: Final = ("properties", "actor")
_REST_FIELDS: Final = (
    *_OFTEN,
    *(each for each in Touch.__struct_fields__[3 + len(_KIND_FIELDS) :] if each not in _OFTEN),
)
_kind_of: Final = attrgetter(*_KIND_FIELDS)
_rest_of: Final = attrgetter(*_REST_FIELDS)
_NO_REST: Final = (None,) * len(_REST_FIELDS)
_LISTS: tuple[Sequence[str | None], ...] = (TYPES, TEAMS, DIRECTIONS, CHANNELS, SUBJECTS)
_NUMBERS: Final = tuple(numbered(words) for words in _LISTS)
_SOURCE_NUMBERS: Final = {source: bytes((number,)) for source, number in numbered(SOURCES).items()}
# Actors are often the tools themselves.
_ACTOR_NUMBERS: Final = numbered(SOURCES)
_PROPERTY_NUMBERS: Final = numbered(PROPERTIES)
_BYTES: Final = tuple(bytes((number,)) for number in range(256))
_INSTANT: Final = 5
_KIND: Final = 3
# Counted from 2010 on, so that five bytes last until 2044. What is before or after that is spelled out.
_BEGINS_MS: Final = 1_262_304_000_000
_BEYOND: Final = (1 << 8 * _INSTANT) - 1
_LONG_TEXT: Final = 0xFE
_UUID: Final = 0xFF
_LONG_TOUCH: Final = 0xFF
_MOST_KINDS: Final = 20_000
_is_uuid: Final = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").fullmatch
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder().decode
# No packed value begins with it: what follows is JSON, for numbers that are too large to be packed.
_AS_JSON: Final = b"\xc1"
# Touchpoints of one kind are many: each kind is packed and unpacked once.
_packed_kinds: Final[dict[Kind, bytes]] = {}
_kinds: Final[dict[bytes, Kind]] = {}


def name_of(touch: Touch) -> bytes:
    """What a touchpoint is looked for by: its source and id, as they are packed. No two have the same."""
    return name_as(touch.source, touch.id)


def name_at(raw: Packed, place: int) -> tuple[str, str]:
    """The source and id whose name stands here."""
    source, begin = _word(raw, place, SOURCES)
    return source, _id(raw, begin)[0]


def name_as(source: str, touchpoint_id: str) -> bytes:
    """The name of a touchpoint that is told by its source and id."""
    return (_SOURCE_NUMBERS.get(source) or _BYTES[UNKNOWN] + _spell(source)) + _pack_id(touchpoint_id)


def pack_touch(touch: Touch, name: bytes) -> bytes:
    """A touchpoint as bytes; `name` is what `name_of` says of it."""
    kind, rest, at = _kind_of(touch), _rest_of(touch), touch.at - _BEGINS_MS
    if not 0 <= at < _BEYOND:
        at, rest = _BEYOND, (*rest, touch.at)
    raw = at.to_bytes(_INSTANT, "big") + name + (_packed_kinds.get(kind) or _pack_kind(kind))
    if rest != _NO_REST:
        raw += _pack_rest(rest)
    size = len(raw)
    return (_BYTES[size] if size < _LONG_TOUCH else b"\xff" + size.to_bytes(4, "big")) + raw


def append(recents: "Recents", touch: Touch, name: bytes) -> None:
    """Take a touchpoint in that is newer than all recent ones; `name` is what `name_of` says of it."""
    recents.packed += pack_touch(touch, name)
    recents.count += 1


def touches_in(packed: bytes) -> Iterator[Touch]:
    """Every touchpoint of several in a row."""
    for start, end in bounds(packed):
        yield _touch(packed[start:end])


def names_in(packed: bytes) -> Iterator[tuple[int, bytes]]:
    """(instant, name) of every touchpoint of several in a row."""
    for start, end in bounds(packed):
        raw = packed[start:end]
        yield instant_in(raw), raw[_INSTANT : _after_name(raw)]


def newest_in(packed: Packed, name: bytes) -> int | None:
    """When the last touchpoint of this name in a row occurred; None where there is none."""
    found = None
    # Where it is here it is most likely one; but the same bytes may stand for something else.
    if name in packed:
        for start, end in bounds(packed):
            if packed.startswith(name, start + _INSTANT):
                found = instant_in(bytes(packed[start:end]))
    return found


def _touch(raw: bytes) -> Touch:
    at = int.from_bytes(raw[:_INSTANT], "big")
    source, begin = _word(raw, _INSTANT, SOURCES)
    name, begin = _id(raw, begin)
    kind, begin = _kind(raw, begin)
    if begin == len(raw):
        return Touch(at + _BEGINS_MS, source, name, *kind)  # type: ignore[arg-type]
    rest = _rest(raw[begin:])
    when = at + _BEGINS_MS if at != _BEYOND else rest.pop()
    return Touch(when, source, name, *kind, **dict(zip(_REST_FIELDS, rest, strict=False)))  # type: ignore[arg-type]


def bounds(packed: Packed) -> Iterator[tuple[int, int]]:
    """Where each touchpoint begins, after its length, and where it ends."""
    end, last = 0, len(packed)
    while end < last:
        size, start = packed[end], end + 1
        if size == _LONG_TOUCH:
            start = end + 5
            size = int.from_bytes(packed[end + 1 : start], "big")
        end = start + size
        yield start, end


def instant_in(raw: bytes) -> int:
    """When a touchpoint without its length occurred, in epoch milliseconds."""
    at = int.from_bytes(raw[:_INSTANT], "big")
    return at + _BEGINS_MS if at != _BEYOND else _touch(raw).at


def _after_name(raw: bytes) -> int:
    return _id(raw, _word(raw, _INSTANT, SOURCES)[1])[1]


def _spell(text: str) -> bytes:
    raw = text.encode()
    size = len(raw)
    return (_BYTES[size] if size < _LONG_TEXT else b"\xfe" + size.to_bytes(4, "big")) + raw


def _text(raw: Packed, begin: int) -> tuple[str, int]:
    size, start = raw[begin], begin + 1
    if size == _LONG_TEXT:
        start = begin + 5
        size = int.from_bytes(raw[begin + 1 : start], "big")
    return raw[start : start + size].decode(), start + size


def _pack_id(text: str) -> bytes:
    if len(text) == 36 and _is_uuid(text):
        return b"\xff" + bytes.fromhex(text.replace("-", ""))
    return _spell(text)


def _id(raw: Packed, begin: int) -> tuple[str, int]:
    if raw[begin] != _UUID:
        return _text(raw, begin)
    end = begin + 17
    digits = raw[begin + 1 : end].hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}", end


def _word(raw: Packed, begin: int, words: Sequence[str | None]) -> tuple[str, int]:
    number = raw[begin]
    if number == UNKNOWN:
        return _text(raw, begin + 1)
    return words[number - 1], begin + 1  # type: ignore[return-value]


def _pack_kind(kind: Kind) -> bytes:
    numbers = [known.get(word, UNKNOWN) for word, known in zip(kind, _NUMBERS, strict=True)]
    packed = bytes((numbers[0], numbers[1] << 4 | numbers[2], numbers[3] << 4 | numbers[4]))
    packed += b"".join([_spell(str(word)) for word, number in zip(kind, numbers, strict=True) if number == UNKNOWN])
    if len(_packed_kinds) >= _MOST_KINDS:
        _packed_kinds.clear()
    _packed_kinds[kind] = packed
    return packed


def _kind(raw: bytes, begin: int) -> tuple[Kind, int]:
    at = begin + _KIND
    first = raw[begin:at]
    known = _kinds.get(first)
    if known is not None:
        return known, at
    numbers = (first[0], first[1] >> 4, first[1] & 15, first[2] >> 4, first[2] & 15)
    words: list[str | None] = []
    for number, listed in zip(numbers, _LISTS, strict=True):
        if number == UNKNOWN:
            word, at = _text(raw, at)
            words.append(word)
        else:
            words.append(listed[number - 1])
    if UNKNOWN not in numbers:
        _kinds[first] = tuple(words)
    return tuple(words), at


def _pack_rest(rest: tuple[Any, ...]) -> bytes:
    properties, actor, *others = rest
    if properties is not None:
        properties = {_PROPERTY_NUMBERS.get(name, name): value for name, value in properties.items()}
    said = [properties, _ACTOR_NUMBERS.get(actor, actor), *others]
    while said[-1] is None:
        said.pop()
    try:
        return _encode(said)
    except OverflowError:
        return _AS_JSON + msgspec.json.encode(rest)


def _rest(raw: bytes) -> list[Any]:
    """The values of `_REST_FIELDS`, as many as there are."""
    if raw[:1] == _AS_JSON:
        found: list[Any] = msgspec.json.decode(raw[1:])
        return found
    rest: list[Any] = _decode(raw)
    properties = rest[0]
    if properties is not None:
        rest[0] = {PROPERTIES[name - 1] if isinstance(name, int) else name: properties[name] for name in properties}
    if len(rest) > 1 and isinstance(rest[1], int):
        rest[1] = SOURCES[rest[1] - 1]
    return rest

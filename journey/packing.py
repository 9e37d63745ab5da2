"""A touchpoint as bytes: some thirty of them, from which it comes back exactly as it came in.

It is its length, its instant, its name (source and id), its kind (five words in three bytes) and what it has
besides. Known words are numbers (`journey.word`), an id that is a UUID in its usual spelling is 16 bytes.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from journey.touch import Touch
from journey.word import CHANNELS, DIRECTIONS, PROPERTIES, SOURCES, SUBJECTS, TEAMS, TYPES, UNKNOWN, numbered

Kind = tuple[str, str, str, str, str | None]
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
_FAR_OFF: Final = b"\xff" * _INSTANT
_LONG_TEXT: Final = 0xFE
_UUID: Final = 0xFF
_LONG_TOUCH: Final = 0xFF
_MOST_KINDS: Final = 20_000
_is_uuid: Final = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").fullmatch
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder().decode
# No packed value begins with it: what follows is JSON, for numbers that are too large to be packed.
_AS_JSON: Final = b"\xc1"
_NO_REST: Final[list[Any]] = [None] * 7
# Touchpoints of one kind are many: each kind is packed and unpacked once.
_packed_kinds: Final[dict[Kind, bytes]] = {}
_kinds: Final[dict[bytes, Kind]] = {}


def name_of(touch: Touch) -> bytes:
    """What a touchpoint is looked for by: its source and id, as they are packed. No two have the same."""
    return name_as(touch.source, touch.id)


def name_at(raw: bytes, place: int) -> tuple[str, str]:
    """The source and id whose name stands here."""
    source, begin = _word(raw, place, SOURCES)
    return source, _id(raw, begin)[0]


def name_as(source: str, touchpoint_id: str) -> bytes:
    """The name of a touchpoint that is told by its source and id."""
    return (_SOURCE_NUMBERS.get(source) or _BYTES[UNKNOWN] + _spell(source)) + _pack_id(touchpoint_id)


def pack_touch(touch: Touch, name: bytes) -> bytes:
    """A touchpoint as bytes; `name` is what `name_of` says of it."""
    kind = (touch.type, touch.team, touch.direction, touch.channel, touch.subject)
    packed = _packed_kinds.get(kind)
    if packed is None:
        packed = _pack_kind(kind)
    at = touch.at - _BEGINS_MS
    if 0 <= at < _BEYOND:
        raw = at.to_bytes(_INSTANT, "big") + name + packed + _pack_rest(touch, False)
    else:
        raw = _FAR_OFF + name + packed + _pack_rest(touch, True)
    size = len(raw)
    return (_BYTES[size] if size < _LONG_TOUCH else b"\xff" + size.to_bytes(4, "big")) + raw


def touches_in(packed: bytes) -> Iterator[Touch]:
    """Every touchpoint of several in a row."""
    for start, end in _bounds(packed):
        yield _touch(packed[start:end])


def names_in(packed: bytes) -> Iterator[tuple[int, bytes]]:
    """(instant, name) of every touchpoint of several in a row."""
    for start, end in _bounds(packed):
        raw = packed[start:end]
        yield instant_in(raw), raw[_INSTANT : _after_name(raw)]


def newest_in(packed: bytes, name: bytes) -> int | None:
    """When the last touchpoint of this name in a row occurred; None where there is none."""
    found = None
    # Where it is here it is most likely one; but the same bytes may stand for something else.
    if name in packed:
        for start, end in _bounds(packed):
            if packed.startswith(name, start + _INSTANT):
                found = instant_in(packed[start:end])
    return found


def _touch(raw: bytes) -> Touch:
    at = int.from_bytes(raw[:_INSTANT], "big")
    source, begin = _word(raw, _INSTANT, SOURCES)
    name, begin = _id(raw, begin)
    kind, begin = _kind(raw, begin)
    if begin == len(raw):
        return Touch(at + _BEGINS_MS, source, name, kind[0], kind[1], kind[2], kind[3], kind[4])
    rest = _rest(raw[begin:])
    when = at + _BEGINS_MS if at != _BEYOND else rest.pop()
    rest += _NO_REST[len(rest) :]
    return Touch(
        when,
        source,
        name,
        kind[0],
        kind[1],
        kind[2],
        kind[3],
        kind[4],
        rest[1],
        rest[2],
        rest[3],
        rest[0],
        rest[4],
        rest[5],
        rest[6],
    )


def _bounds(packed: bytes) -> Iterator[tuple[int, int]]:
    """Where each touchpoint starts, behind its length, and where it ends."""
    begin, last = 0, len(packed)
    while begin < last:
        end = end_of(packed, begin)
        yield start_of(packed, begin), end
        begin = end


def start_of(packed: bytes, begin: int) -> int:
    """Where a touchpoint's bytes start, behind its length, which begins here."""
    return begin + (5 if packed[begin] == _LONG_TOUCH else 1)


def end_of(packed: bytes, begin: int) -> int:
    """Where the touchpoint whose length begins here ends."""
    size = packed[begin]
    if size != _LONG_TOUCH:
        return begin + 1 + size
    return begin + 5 + int.from_bytes(packed[begin + 1 : begin + 5], "big")


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


def _text(raw: bytes, begin: int) -> tuple[str, int]:
    size, start = raw[begin], begin + 1
    if size == _LONG_TEXT:
        start = begin + 5
        size = int.from_bytes(raw[begin + 1 : start], "big")
    return raw[start : start + size].decode(), start + size


def _pack_id(text: str) -> bytes:
    if len(text) == 36 and _is_uuid(text):
        return b"\xff" + bytes.fromhex(text.replace("-", ""))
    return _spell(text)


def _id(raw: bytes, begin: int) -> tuple[str, int]:
    if raw[begin] != _UUID:
        return _text(raw, begin)
    end = begin + 17
    digits = raw[begin + 1 : end].hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}", end


def _word(raw: bytes, begin: int, words: Sequence[str | None]) -> tuple[str, int]:
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
    kind = str(words[0]), str(words[1]), str(words[2]), str(words[3]), words[4]
    if UNKNOWN not in numbers:
        _kinds[first] = kind
    return kind, at


def _pack_rest(touch: Touch, is_far_off: bool) -> bytes:
    """What a touchpoint may have. What it has most often comes first, and what is absent at the end is left out."""
    properties, actor = touch.properties, touch.actor
    rest = _seldom(touch, is_far_off)
    if not rest and actor is None and properties is None:
        return b""
    numbered = None
    if properties is not None:
        numbered = {_PROPERTY_NUMBERS.get(name, name): value for name, value in properties.items()}
    try:
        if rest or actor is not None:
            return _encode([numbered, _ACTOR_NUMBERS.get(actor, actor), *rest])
        return _encode([numbered])
    except OverflowError:
        return _AS_JSON + msgspec.json.encode([properties, actor, *rest])


def _seldom(touch: Touch, is_far_off: bool) -> list[Any]:
    if (
        touch.campaign is None
        and touch.content is None
        and touch.of is None
        and touch.amount is None
        and touch.currency is None
        and not is_far_off
    ):
        return []
    rest: list[Any] = [touch.campaign, touch.content, touch.of, touch.amount, touch.currency]
    if is_far_off:
        return [*rest, touch.at]
    while rest[-1] is None:
        rest.pop()
    return rest


def _rest(raw: bytes) -> list[Any]:
    """What `_pack_rest` was given, as much as there was."""
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

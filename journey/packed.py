"""A journey, and a head, as bytes."""

from typing import Final

import msgspec

from journey.state import Head, Journey

_encode: Final = msgspec.msgpack.Encoder().encode
_decode_head: Final = msgspec.msgpack.Decoder(Head).decode
_decode_journey: Final = msgspec.msgpack.Decoder(Journey).decode
_json_head, _json_journey = msgspec.json.Decoder(Head).decode, msgspec.json.Decoder(Journey).decode
# How a journey is packed: as JSON, where somebody's property is a whole number beyond 64 bits; with the newest and the
# last counted touchpoint told by where they stand among the recent ones, which they hardly ever do not.
AS_JSON: Final = 1
_NEWEST: Final = 2
_COUNTED: Final = 4
_BOTH: Final = _NEWEST | _COUNTED
_BYTE: Final = tuple(bytes((how,)) for how in range(8))
_JSON: Final = _BYTE[AS_JSON]


def pack_head(head: Head) -> bytes:
    """A head as bytes; equal heads have equal ones."""
    try:
        return _encode(head)
    except OverflowError:
        return _JSON + msgspec.json.encode(head)


def unpack_head(packed: bytes) -> Head:
    """The head in what `pack_head` made."""
    return _json_head(packed[1:]) if packed[:1] == _JSON else _decode_head(packed)


def pack_journey(journey: Journey) -> bytes:
    """A journey as bytes."""
    head, recents, how = journey.head, journey.recents, 0
    newest, counted = (head.last_source, head.last_id), (head.counted_source, head.counted_id)
    place = recents.place_of(*newest)
    if place >= 0:
        how, head.last_source, head.last_id = _NEWEST, "", str(place)
    if counted != newest:
        place = recents.place_of(*counted)
    if place >= 0:
        how, head.counted_source, head.counted_id = how | _COUNTED, "", str(place)
    try:
        return _BYTE[how] + _encode(journey)
    except OverflowError:
        return _BYTE[how | AS_JSON] + msgspec.json.encode(journey)
    finally:
        head.last_source, head.last_id = newest
        head.counted_source, head.counted_id = counted


def unpack_journey(packed: bytes) -> Journey:
    """The journey in what `pack_journey` made, also where it had fewer fields then."""
    how = packed[0]
    journey = _json_journey(packed[1:]) if how & AS_JSON else _decode_journey(packed[1:])
    head, recents = journey.head, journey.recents
    same = how & _BOTH == _BOTH and head.counted_id == head.last_id
    if how & _NEWEST:
        head.last_source, head.last_id = newest = recents.name_at(int(head.last_id))
        if same:
            head.counted_source, head.counted_id = newest
    if how & _COUNTED and not same:
        head.counted_source, head.counted_id = recents.name_at(int(head.counted_id))
    return journey

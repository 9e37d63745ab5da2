"""A journey, and a head, as bytes."""

from base64 import b64decode
from collections.abc import Callable
from typing import Any, Final

import msgspec

from journey.part import Claim, ClockRun, Contact, DealRun, Lead, OpenOverlap, Stall, Stay
from journey.recent import Recents
from journey.state import Head, Journey, Meanwhile

_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final[Callable[[bytes], list[Any]]] = msgspec.msgpack.Decoder(list[Any]).decode
# How a journey is packed: as JSON, where somebody's property is a whole number beyond 64 bits; with the newest and the
# last counted touchpoint told by where they stand among the recent ones, which they hardly ever do not.
AS_JSON: Final = 1
_NEWEST: Final = 2
_COUNTED: Final = 4
_BOTH: Final = _NEWEST | _COUNTED
_BYTE: Final = tuple(bytes((how,)) for how in range(8))
_JSON: Final = _BYTE[AS_JSON]
# Where they stand among the fields of a journey and of a head.
_HEAD: Final = 1
_LAST: Final = 6
_LAST_COUNTED: Final = 14
_JOURNEY_FIELDS: Final = 17
_HEAD_FIELDS: Final = 40


def pack_head(head: Head) -> bytes:
    """A head as bytes; equal heads have equal ones."""
    fields = head.fields()
    try:
        return _encode(fields)
    except OverflowError:
        return _JSON + msgspec.json.encode(fields)


def unpack_head(packed: bytes) -> Head:
    """The head in what `pack_head` made."""
    if packed[0] == AS_JSON:
        return _head(_head_of_json(msgspec.json.decode(packed[1:], type=list[Any])))
    return _head(_decode(packed))


def pack_journey(journey: Journey) -> bytes:
    """A journey as bytes."""
    head, recents, how = journey.head, journey.recents, 0
    fields = journey.fields()
    newest, counted = (head.last_source, head.last_id), (head.counted_source, head.counted_id)
    told: list[object] = fields[_HEAD]  # type: ignore[assignment]
    place = recents.place_of(head.last_source, head.last_id)
    if place >= 0:
        how, told[_LAST], told[_LAST + 1] = _NEWEST, "", str(place)
    if counted != newest:
        place = recents.place_of(head.counted_source, head.counted_id)
    if place >= 0:
        how, told[_LAST_COUNTED], told[_LAST_COUNTED + 1] = how | _COUNTED, "", str(place)
    try:
        return _BYTE[how] + _encode(fields)
    except OverflowError:
        return _BYTE[how | AS_JSON] + msgspec.json.encode(fields)


def unpack_journey(packed: bytes) -> Journey:
    """The journey in what `pack_journey` made, also where it had fewer fields then."""
    how = packed[0]
    if how & AS_JSON:
        journey = _journey(_journey_of_json(msgspec.json.decode(packed[1:], type=list[Any])))
    else:
        journey = _journey(_decode(packed[1:]))
    head, recents = journey.head, journey.recents
    same = how & _BOTH == _BOTH and head.counted_id == head.last_id
    if how & _NEWEST:
        head.last_source, head.last_id = newest = recents.name_at(int(head.last_id))
        if same:
            head.counted_source, head.counted_id = newest
    if how & _COUNTED and not same:
        head.counted_source, head.counted_id = recents.name_at(int(head.counted_id))
    return journey


def _journey(of: list[Any]) -> Journey:
    if len(of) < _JOURNEY_FIELDS:
        of += Journey("", Head([], [], "")).fields()[len(of) :]
    meanwhile = of[13]
    return Journey(
        of[0],
        _head(of[1]),
        of[2],
        of[3],
        of[4],
        of[5],
        _recents(of[6]),
        of[7],
        of[8],
        of[9],
        of[10],
        of[11],
        of[12],
        None if meanwhile is None else Meanwhile(meanwhile[0], _recents(meanwhile[1])),
        of[14],
        of[15],
        of[16],
    )


def _recents(of: list[Any]) -> Recents:
    return Recents(of[0], of[1])


def _head(of: list[Any]) -> Head:
    if len(of) < _HEAD_FIELDS:
        of += Head([], [], "").fields()[len(of) :]
    stays: list[list[Any]] = of[0]
    return Head(
        [Stay(stay[0], stay[1], stay[2], stay[3], stay[4]) for stay in stays],
        of[1],
        of[2],
        of[3],
        of[4],
        of[5],
        of[6],
        of[7],
        of[8],
        of[9],
        of[10],
        of[11],
        of[12],
        of[13],
        of[14],
        of[15],
        of[16],
        of[17],
        of[18],
        of[19],
        None if of[20] is None else _contact(of[20]),
        of[21],
        of[22],
        [_contact(contact) for contact in of[23]],
        of[24],
        [Claim(claim[0], claim[1], claim[2], claim[3], claim[4]) for claim in of[25]],
        [_clock(run) for run in of[26]],
        [_overlap(overlap) for overlap in of[27]],
        [_stall(stall) for stall in of[28]],
        of[29],
        of[30],
        of[31],
        of[32],
        None if of[33] is None else Lead(*of[33]),
        [DealRun(*deal) for deal in of[34]],
        of[35],
        of[36],
        of[37],
        of[38],
        of[39],
    )


def _contact(of: list[Any]) -> Contact:
    return Contact(of[0], of[1], of[2], of[3], of[4], of[5])


def _clock(of: list[Any]) -> ClockRun:
    return ClockRun(of[0], of[1], of[2], of[3], of[4], of[5], of[6], of[7], of[8])


def _overlap(of: list[Any]) -> OpenOverlap:
    refs = [(source, touchpoint_id) for source, touchpoint_id in of[7]]
    return OpenOverlap(of[0], of[1], of[2], of[3], of[4], of[5], of[6], refs)


def _stall(of: list[Any]) -> Stall:
    return Stall(of[0], of[1], of[2], of[3], of[4], of[5], of[6], of[7], of[8])


def _journey_of_json(of: list[Any]) -> list[Any]:
    """JSON knows neither bytes nor numbers as keys."""
    _head_of_json(of[1])
    of[5], of[7] = b64decode(of[5]), b64decode(of[7])
    for recents in (of[6], of[13][1] if of[13] else None):
        if recents is not None:
            recents[1] = b64decode(recents[1])
    return of


def _head_of_json(of: list[Any]) -> list[Any]:
    for stay in of[0]:
        for number in (0, 1):
            stay[number] = {int(place): counted for place, counted in stay[number].items()}
    return of

"""The values of compacted state topics: a customer's journey, and a partition's own position in its input.

A journey is one version byte (its highest bit marks a redirect), the instant something is due next (8 bytes, so that
a restore can build its schedule without unpacking), how many bytes the packed journey has (4), and that one compressed
(`streams.compression`). A position is keyed so that no customer id can collide with it.
"""

from collections.abc import Callable, Sequence
from struct import Struct
from typing import Any, TypeVar

import msgspec

from journey.glance import Glance
from journey.glance import glance as glance_of
from journey.packed import pack_journey, unpack_journey
from journey.state import Journey
from streams.compression import MOST_BYTES, codec

_Read = TypeVar("_Read")
# The dictionary of `streams.compression` is part of it: another one is another version.
VERSION = 5
_REDIRECT = 0x80
POSITION_KEY = b"\x00position"
# Beside it, where policies were adopted: from when on, and the YAML of each.
POLICIES_KEY = b"\x00policies"
_HEAD = Struct(">BQI")
_ENCODE_HEAD = _HEAD.pack
_DUE = slice(1, 9)
_SIZE = slice(9, 13)
BODY = _HEAD.size
# What stands for the journey of somebody unknown where only `due_of` is asked.
NOTHING = bytes(BODY)


class Position(msgspec.Struct, frozen=True):
    """Everything below `offset` of the input partition is part of the state. Watermark in epoch milliseconds.

    `partitions`, `policy` (its digest) and `input` (the input topic's id) are what the state was made with; `cuts` are
    the offsets of the input at which the number of partitions changed, oldest first.
    """

    offset: int
    watermark: int = 0
    partitions: int = 0
    policy: str = ""
    input: str = ""
    cuts: tuple[int, ...] = ()


class UnknownVersionError(Exception):
    """A state value or a control record that this program does not read: another release's worker wrote it."""


class BrokenStateError(Exception):
    """A state value that is not as any worker wrote it."""


def pack(journey: Journey) -> bytes:
    """A journey as the value of a state record. ValueError for what could not be unpacked any more."""
    raw = pack_journey(journey)
    size = len(raw)
    if size > MOST_BYTES:
        raise ValueError(f"a journey of {size} bytes; at most {MOST_BYTES} are kept")
    version = VERSION | (_REDIRECT if journey.redirect else 0)
    return _ENCODE_HEAD(version, journey.head.due, size) + codec().compress(raw)


def unpack(value: bytes) -> Journey:
    """The journey in a state record. UnknownVersionError where it is of another version, BrokenStateError where it is
    damaged."""
    return _read(value, unpack_journey)


def glance(value: bytes) -> Glance:
    """The little of it that is asked of every journey. Raises as `unpack` does."""
    return _read(value, glance_of)


def _read(value: bytes, reads: Callable[[bytes], _Read]) -> _Read:
    refuse_other_version(value)
    try:
        return reads(codec().decompress(value[BODY:], int.from_bytes(value[_SIZE], "big")))
    except (ValueError, IndexError, StopIteration, msgspec.MsgspecError) as error:
        raise BrokenStateError(f"a journey's state is damaged, {len(value)} bytes: {error}") from error


def refuse_other_version(value: bytes) -> None:
    """Raise UnknownVersionError where a packed journey is of a version that this program does not read."""
    version = value[0] & ~_REDIRECT
    if version != VERSION:
        raise UnknownVersionError(
            f"state of version {version}; this program reads {VERSION}: "
            + (
                "upgrade every worker"
                if version > VERSION
                else "delete the state topic to fold everything from the start"
            )
        )


def is_redirect(value: bytes) -> bool:
    """Whether a packed journey only says to whom its customer belongs now."""
    return value[0] >= _REDIRECT


def due_of(value: bytes) -> int:
    """When something is due next in a packed journey, in epoch milliseconds; 0 for nothing."""
    return int.from_bytes(value[_DUE], "big")


pack_policies = msgspec.msgpack.Encoder().encode
unpack_policies = msgspec.msgpack.Decoder(list[tuple[int, str]]).decode
pack_position = msgspec.msgpack.Encoder().encode
unpack_position = msgspec.msgpack.Decoder(Position).decode


def newest_position(records: Sequence[Any]) -> Position | None:
    """The latest position among records of a state topic."""
    for record in reversed(records):
        if record.key == POSITION_KEY and record.value is not None:
            return unpack_position(record.value)
    return None

"""A customer's journey as the value of a record of its compacted state topic.

It is one version byte (its highest bit marks a redirect), the instant something is due next (8 bytes, so that
a restore can build its schedule without unpacking), how many bytes the packed journey has (4), and that one compressed
(`streams.compression`).
"""

from collections.abc import Callable
from typing import Final, TypeVar

import msgspec

from journey.glance import Glance
from journey.glance import glance as glance_of
from journey.packed import pack_journey, unpack_journey
from journey.state import Journey
from streams.compression import MOST_BYTES, codec

_Read = TypeVar("_Read")
# The dictionary of `streams.compression` is part of it: another one is another version.
VERSION: Final = 5
_REDIRECT: Final = 0x80
BODY: Final = 13
# What stands for the journey of somebody unknown where only `due_of` is asked.
NOTHING: Final = bytes(BODY)


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
    compressed: bytes = codec().compress(raw)
    return bytes((version,)) + journey.head.due.to_bytes(8, "big") + size.to_bytes(4, "big") + compressed


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
        return reads(codec().decompress(value[BODY:], int.from_bytes(value[9:BODY], "big")))
    except (ValueError, IndexError, TypeError, AttributeError, StopIteration, msgspec.MsgspecError) as error:
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
    return int.from_bytes(value[1:9], "big")

"""A partition's own position in its input, and the policies adopted on it, as they stand among its journeys.

They are keyed so that no customer id can collide with them.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

POSITION_KEY = b"\x00position"
# Beside it, where policies were adopted: from when on, and the YAML of each.
POLICIES_KEY = b"\x00policies"


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

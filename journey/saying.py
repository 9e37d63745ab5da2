"""What every fact is said with: an id that is the same whenever the same thing is said, and moments of time."""

from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Final

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_MOST_INSTANTS: Final = 16_384
_instants: Final[dict[int, datetime]] = {}
_HASH: Final = blake2b(digest_size=16)


def instant(ms: int) -> datetime:
    """The UTC moment of epoch milliseconds. The facts of one fold name the same few moments many times."""
    found = _instants.get(ms)
    if found is None:
        if len(_instants) >= _MOST_INSTANTS:
            _instants.clear()
        found = _instants[ms] = EPOCH + _MILLISECOND * ms
    return found


def instant_or_none(ms: int) -> datetime | None:
    """The UTC moment of epoch milliseconds; None for 0, which stands for never."""
    return instant(ms) if ms else None


def fact_id(*parts: object) -> str:
    """32 hex digits that are the same wherever and whenever the same thing is said."""
    hashed = _HASH.copy()
    hashed.update("\x1f".join([str(part) for part in parts]).encode())
    return hashed.hexdigest()

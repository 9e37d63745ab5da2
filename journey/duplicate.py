"""Which touchpoints a journey has had: what is sent twice counts once.

The recent ones are there by name. Of those that the base has taken in, and of those that came too late, eight bytes
are kept each: the day, and six bytes of a hash of the name. With 1,000 of them, one touchpoint in 2.8e11 is taken for
one that it is not; with twenty, one in 1.4e13.
"""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Final

from journey.packing import newest_in
from journey.rules import Rules
from journey.state import Journey

MOST_KNOWN: Final = 512
_HASH: Final = blake2b(digest_size=8)
_SIZE: Final = 8
_DAY_MS: Final = 86_400_000
_LAST_DAY: Final = 0xFFFF


def is_known(journey: Journey, name: bytes, newest: int, rules: Rules) -> bool:
    """Whether a touchpoint of this name has arrived and is not forgotten: to the day, whatever else arrived when."""
    occurred = newest_in(journey.recents.packed, name)
    if occurred is not None and not is_forgotten(occurred, newest, rules):
        return True
    known = journey.known
    if not known:
        return False
    token, oldest = _hash(name), _oldest_day(newest, rules)
    at = known.find(token)
    while at >= 0:
        if at % _SIZE == 2 and int.from_bytes(known[at - 2 : at], "big") >= oldest:
            return True
        at = known.find(token, at + 1)
    return False


def is_forgotten(occurred: int, newest: int, rules: Rules) -> bool:
    """Whether a touchpoint is older than what duplicates are told of."""
    return _day(occurred) < _oldest_day(newest, rules)


def remember(journey: Journey, named: Iterable[tuple[int, bytes]], newest: int, rules: Rules) -> None:
    """Keep what is needed of touchpoints, given as (instant, name), that are not among the recent ones."""
    oldest, known = _oldest_day(newest, rules), journey.known
    for at, name in named:
        day = _day(at)
        if day >= oldest:
            known += day.to_bytes(2, "big") + _hash(name)
    start = max(0, len(known) - MOST_KNOWN * _SIZE)
    while start < len(known) and int.from_bytes(known[start : start + 2], "big") < oldest:
        start += _SIZE
    journey.known = known[start:]


def _hash(name: bytes) -> bytes:
    hashed = _HASH.copy()
    hashed.update(name)
    return hashed.digest()[:6]


def _day(at: int) -> int:
    return min(max(0, at // _DAY_MS), _LAST_DAY)


def _oldest_day(newest: int, rules: Rules) -> int:
    return _day(newest - rules.remembered_ms)

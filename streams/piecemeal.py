"""A lane's fold among others on one loop: in pieces of milliseconds, between which everybody's messages are read."""

import asyncio
import time
from collections.abc import Callable

from streams.effects import Effects, Pieces
from streams.portion import Portion

_PIECE_SECONDS = 0.005
# So few never wait for another lane's many.
_FEW = 200


class Piecemeal:
    """Folds of one lane. Of many records one lane's at a time, who has the `turn`: what they lead to fills memory."""

    def __init__(self, turn: asyncio.Lock, going: asyncio.Event) -> None:
        """Where `going` is cleared a fold is given up."""
        self._turn, self._going = turn, going
        self._portion = Portion()
        self.is_queued = False

    @property
    def most(self) -> int:
        """How many records are to be folded at once."""
        return self._portion.most

    async def fold(self, records: int, begin: Callable[[], Pieces]) -> Effects | None:
        """What so many records lead to, folded by what `begin` gives; None where it was given up: nothing is done."""
        if records <= _FEW:
            return await self._all(begin)
        self.is_queued = True
        try:
            async with self._turn:
                self.is_queued = False
                return await self._all(begin)
        finally:
            self.is_queued = False

    async def _all(self, begin: Callable[[], Pieces]) -> Effects | None:
        if not self._going.is_set():
            return None
        started = since = time.perf_counter()
        for effects in begin():
            if effects is not None:
                self._portion.took(effects.taken, time.perf_counter() - started)
                return effects
            if time.perf_counter() - since > _PIECE_SECONDS:
                await asyncio.sleep(0)
                since = time.perf_counter()
            if not self._going.is_set():
                break
        return None

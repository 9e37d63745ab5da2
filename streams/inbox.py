"""What came for a lane, and when the next transaction may take it.

A small transaction costs nearly what a large one does, the worker as well as the broker. Where they follow each other
as fast as they can, all of both is spent on them, and everybody waits; so few touchpoints wait a little for more.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sinks.waiting import happens

_SECONDS_EACH, _MOST_SECONDS = 0.002, 0.03


@dataclass(frozen=True)
class Chunk:
    """Records of one partition that one poll brought, and how to say that they are done."""

    records: Sequence[Any]
    done: Callable[[], Any]

    @property
    def size(self) -> int:
        """Bytes of its records' values."""
        return sum(len(record.value) for record in self.records if record.value)


class Inbox:
    """Chunks in their order; `bytes` are those of their values."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._chunks = list[Chunk]()
        self._arrived = asyncio.Event()
        self._next = 0.0
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._chunks)

    def put(self, chunk: Chunk) -> None:
        """Add a chunk; chunks of one partition come in order."""
        self._chunks.append(chunk)
        self.bytes += chunk.size
        self._arrived.set()

    def clear(self) -> None:
        """Forget what is here."""
        self._chunks, self.bytes = [], 0

    async def arrival(self, seconds: float) -> None:
        """Return when something comes, or after so long."""
        self._arrived.clear()
        await happens(self._arrived, seconds)

    @property
    def seconds_left(self) -> float:
        """How long what is here is still to wait for more."""
        return max(0.0, self._next - self._now())

    def take(self) -> list[Chunk]:
        """All that is here, for a transaction that begins now.

        The next one is to begin two milliseconds later for each record of this one, 30 at most: where little comes
        nobody waits, and where much comes a transaction takes longer than that.
        """
        taken = self._chunks
        self.clear()
        self._next = self._now() + min(_MOST_SECONDS, sum(len(chunk.records) for chunk in taken) * _SECONDS_EACH)
        return taken

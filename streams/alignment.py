"""Keeps a worker's raw partitions together in time while there is a backlog.

Each partition is read on its own, so a backlog could be taken one partition after the other, and a customer's newest
touchpoint could come before those of last month: all of them too late. So what was emitted first goes first: a lane
waits where another one still has records emitted earlier, unless its own touchpoints are not much newer than those.
Live traffic, and old history that is emitted beside it, never wait. (Flink calls it watermark alignment.)
"""

import asyncio
import time
from dataclasses import dataclass

from sinks.waiting import happens
from streams.gate import Gate

EMITTED_APART_MS = 100
_PATIENCE_SECONDS = 1.0


@dataclass
class Front:
    """How far one lane is: when its next record was emitted (0: fetched soon; None: it has none), and its watermark."""

    emitted_ms: int | None = None
    watermark_ms: int = 0
    since: float = 0.0


class Alignment:
    """The fronts of the lanes that have to stay together, to `apart_ms` of event time."""

    def __init__(self, apart_ms: int) -> None:
        self._apart_ms = apart_ms
        self._fronts: dict[object, Front] = {}
        self._moved = asyncio.Event()

    def move(self, lane: object, emitted_ms: int | None, watermark_ms: int) -> None:
        """A lane is at another record now, or has none."""
        front = self._fronts.setdefault(lane, Front())
        if front.emitted_ms != emitted_ms:
            front.since = time.monotonic()
        front.emitted_ms, front.watermark_ms = emitted_ms, watermark_ms
        self._wake()

    def leave(self, lane: object) -> None:
        """A lane ends, or begins anew."""
        self._fronts.pop(lane, None)
        self._wake()

    def gate(self, lane: object) -> Gate | None:
        """Tells of a record (emitted, occurred; epoch ms) whether `lane` may take it now; None where all may go."""
        patient = time.monotonic() - _PATIENCE_SECONDS
        others = [
            (front.emitted_ms + EMITTED_APART_MS, front.watermark_ms + self._apart_ms)
            for other, front in self._fronts.items()
            if other != lane and front.emitted_ms is not None and (front.emitted_ms or front.since > patient)
        ]
        return Gate(others) if others else None

    async def changed(self) -> None:
        """Wait until another lane has moved, or for a moment."""
        await happens(self._moved, _PATIENCE_SECONDS / 4)

    def _wake(self) -> None:
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

"""A steady pace: so many a second, a little at once."""

import threading
import time
from collections.abc import Callable


class PaceEndedError(Exception):
    """Whoever kept the pace was told to end."""


class Pace:
    """Holds up a thread so that it takes no more than `per_second`, after a burst of `burst_seconds`' worth."""

    def __init__(
        self,
        per_second: float,
        ended: threading.Event,
        burst_seconds: float = 1.0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_second = per_second
        self._ended = ended
        self._burst_seconds = burst_seconds
        self._now = now
        self._free_at = 0.0

    def take(self, count: int) -> None:
        """Return when `count` more may be taken. Raises PaceEndedError as soon as `ended` is set."""
        now = self._now()
        self._free_at = max(self._free_at, now - self._burst_seconds) + count / self._per_second
        if self._ended.wait(max(0.0, self._free_at - now)):
            raise PaceEndedError

"""What a benchmark says while it runs, on stderr."""

import sys
import time

_TELL_SECONDS = 5.0


class Telling:
    """Says how far something is, every few seconds."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._at = time.monotonic()

    def __call__(self, done: int) -> None:
        if time.monotonic() - self._at > _TELL_SECONDS:
            self._at = time.monotonic()
            say(f"{self._what}: {done:,}" if done else f"{self._what}: starting")


def say(text: str) -> None:
    """One line, at once."""
    print(text, file=sys.stderr, flush=True)

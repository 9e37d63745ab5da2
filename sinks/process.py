"""What processes that live by Kafka do alike: log lines, stopping on SIGTERM, starting anew after an error."""

import asyncio
import logging
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

from sinks.consumption import StoppedError
from sinks.waiting import happens

log = logging.getLogger(__name__)
RESTART_SECONDS = 3.0


class Seldom(logging.Filter):
    """Lets one line of a talkative library through every few seconds: aiokafka says forty a second of a lost broker."""

    def __init__(self, library: str, seconds: float = 5.0, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._library = library
        self._seconds = seconds
        self._now = now
        self._next_at = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is written."""
        if record.name.partition(".")[0] != self._library:
            return True
        if self._now() < self._next_at:
            return False
        self._next_at = self._now() + self._seconds
        return True


def log_to_stderr() -> None:
    """One line per event: time, level, logger, message."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(Seldom("aiokafka"))
    logging.basicConfig(
        handlers=[handler], level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    # Below that it tells every rebalance and every metadata refresh.
    logging.getLogger("aiokafka").setLevel(logging.ERROR)


def stop_on_signals() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set. Call it inside the running loop."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    return stopping


class Status:
    """What /healthz says: the running part's own state, or why there is none."""

    def __init__(self) -> None:
        self.trouble = "waiting for Kafka"
        self.part: Callable[[], dict[str, Any]] | None = None

    def __call__(self) -> dict[str, Any]:
        if self.trouble or self.part is None:
            return {"status": "waiting", "reason": self.trouble}
        return self.part()

    def runs(self, part: Callable[[], dict[str, Any]]) -> None:
        """From now on `part` tells."""
        self.part, self.trouble = part, ""


async def kept_up(turn: Callable[[], Awaitable[None]], stopping: asyncio.Event, status: Status) -> None:
    """Run `turn` until `stopping`; after an error say which and run it anew. `turn` itself ends on `stopping`."""
    while not stopping.is_set():
        try:
            await turn()
        except StoppedError:
            return
        except Exception as error:
            status.trouble = f"{type(error).__name__}: {error}"
            log.error("starting anew in %s s: %s", RESTART_SECONDS, status.trouble, exc_info=not _expected(error))
            await happens(stopping, RESTART_SECONDS)


def _expected(error: Exception) -> bool:
    return type(error).__module__.startswith(("sinks.", "streams.", "aiokafka."))

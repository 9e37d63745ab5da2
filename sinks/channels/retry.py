"""When a failed delivery is tried again: the schedule of Standard Webhooks, jitter, Retry-After."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_MINUTE, _HOUR = 60.0, 3600.0
SCHEDULE_SECONDS = (
    5.0, 5 * _MINUTE, 30 * _MINUTE, 2 * _HOUR, 5 * _HOUR, 10 * _HOUR, 14 * _HOUR, 20 * _HOUR, 24 * _HOUR,
)  # fmt: skip
RETRY_AFTER_MOST_SECONDS = 24 * _HOUR


@dataclass(frozen=True)
class Retry:
    """Pauses in seconds after the first, second, ... failure; each is stretched by up to `jitter` of itself."""

    schedule: tuple[float, ...] = SCHEDULE_SECONDS
    jitter: float = 0.2
    dice: Callable[[], float] = random.random

    def pause(self, failures: int, asked: float | None = None) -> float | None:
        """Seconds until the next attempt after so many failures; None when it is time to give up.

        Never earlier than the receiver asked for, a day at most.
        """
        if failures > len(self.schedule):
            return None
        planned = self.schedule[failures - 1] * (1 + self.jitter * self.dice())
        return max(planned, min(asked or 0.0, RETRY_AFTER_MOST_SECONDS))


def retry_after_seconds(header: str | None, now: datetime) -> float | None:
    """The seconds of a Retry-After header, which holds a number or an HTTP date; None where it says nothing."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (zoned - now).total_seconds())

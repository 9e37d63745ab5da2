"""What time it is, as Kafka's brokers say: a worker whose own clock is wrong would tell time's effects a day too soon.

Each write to a state topic is answered with the broker's time (LogAppendTime); between answers a clock that nobody sets
carries on. Until the first answer, and where the topics do not give it, this machine's own clock has to do.
"""

import logging
import time

log = logging.getLogger(__name__)
_WORTH_SAYING_MS = 60_000
# Counts while the machine sleeps, which Linux's monotonic one does not.
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def steady_ms() -> int:
    """Milliseconds of a clock that runs on whatever is done to the wall clock."""
    return time.clock_gettime_ns(_STEADY) // 1_000_000


class Clock:
    """One for all lanes of a worker."""

    def __init__(self) -> None:
        self._ahead: int | None = None
        self._said = False

    @property
    def is_told(self) -> bool:
        """Whether a broker has said what time it is."""
        return self._ahead is not None

    def now_ms(self) -> int:
        """Epoch milliseconds."""
        return time.time_ns() // 1_000_000 if self._ahead is None else steady_ms() + self._ahead

    def told(self, broker_ms: int, since: int, until: int) -> None:
        """Take a broker's time, which was asked for at `since` and answered by `until` (both of `steady_ms`)."""
        earliest, latest = broker_ms - until, broker_ms - since
        self._ahead = earliest if self._ahead is None else min(max(self._ahead, earliest), latest)
        off = time.time_ns() // 1_000_000 - self.now_ms()
        if abs(off) > _WORTH_SAYING_MS and not self._said:
            self._said = True
            log.warning(
                "this machine's clock is %d s %s Kafka's, which counts: set it right",
                abs(off) // 1000, "ahead of" if off > 0 else "behind",
            )  # fmt: skip

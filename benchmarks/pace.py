"""The pace of a process, from outside: how far it is, asked for again and again while it works."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.contenders import Run

_ASK_SECONDS = 0.1


class StalledError(RuntimeError):
    """What is measured does not move, or is gone; the message says where it stands and what it wrote last."""


@dataclass(frozen=True)
class Pace:
    """`done` touchpoints in `seconds`, and `cpu_seconds` of the process, between the two moments that count."""

    done: int
    seconds: float
    cpu_seconds: float

    @property
    def per_second(self) -> float:
        return self.done / self.seconds

    @property
    def cpu_microseconds(self) -> float:
        """Processor time per touchpoint."""
        return 1e6 * self.cpu_seconds / self.done


def pace(run: Run, *, since: int, until: int, patience_seconds: float, told: Callable[[int], None]) -> Pace:
    """Ask `run.done` until it has reached `until`. Starting up, joining and what came before `since` are left out.

    Raises StalledError where the process ends, or nothing moves for longer than `patience_seconds`.
    """
    first = last = (time.perf_counter(), 0)
    cpu_seconds = 0.0
    while last[1] < until:
        time.sleep(_ASK_SECONDS)
        count, now = run.done(), time.perf_counter()
        if count > last[1]:
            last = (now, count)
            if not first[1] and count >= since:
                first, cpu_seconds = last, run.cpu_seconds()
        elif now - last[0] > patience_seconds or not run.alive():
            raise StalledError(
                f"stands at {last[1]:,} of {until:,} after {now - last[0]:.0f} s of silence\n{run.said()}"
            )
        told(count)
    return Pace(last[1] - first[1], last[0] - first[0], run.cpu_seconds() - cpu_seconds)

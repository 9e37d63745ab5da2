"""The pace of a process, from outside: how far it is, asked for again and again while it works."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.process import Run, StalledError

_ASK_SECONDS = 0.1


@dataclass(frozen=True)
class Pace:
    """`done` in `seconds`, and `cpu_seconds` of the process and the one beside it, between the moments that count."""

    done: int
    seconds: float
    cpu_seconds: float
    beside_cpu_seconds: float = 0.0

    @property
    def per_second(self) -> float:
        return self.done / self.seconds

    @property
    def cpu_microseconds(self) -> float:
        """Processor time per touchpoint."""
        return 1e6 * self.cpu_seconds / self.done


def pace(
    run: Run, *, since: int, until: int, patience_seconds: float, told: Callable[[int], None], beside: Run | None = None
) -> Pace:
    """Ask `run.done` until it has reached `until`. Starting up, joining and what came before `since` are left out.

    Raises StalledError where the process ends, or nothing moves for longer than `patience_seconds`.
    """
    first = last = (time.perf_counter(), 0)
    spent = (0.0, 0.0)
    while last[1] < until:
        time.sleep(_ASK_SECONDS)
        count, now = run.done(), time.perf_counter()
        if count > last[1]:
            last = (now, count)
            if not first[1] and count >= since:
                first, spent = last, _spent(run, beside)
        elif now - last[0] > patience_seconds or not run.alive():
            raise StalledError(
                f"stands at {last[1]:,} of {until:,} after {now - last[0]:.0f} s of silence\n{run.said()}"
            )
        told(count)
    own, others = _spent(run, beside)
    return Pace(last[1] - first[1], last[0] - first[0], own - spent[0], others - spent[1])


def _spent(run: Run, beside: Run | None) -> tuple[float, float]:
    return run.cpu_seconds(), beside.cpu_seconds() if beside else 0.0

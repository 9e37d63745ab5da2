"""The journey stage of one worker process against peers that do a simpler job, in turns on the same data and broker."""

import asyncio
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import contenders, machine
from benchmarks.broker import broker
from benchmarks.contenders import Run
from benchmarks.loading import load
from benchmarks.pace import Pace, pace
from benchmarks.report import Figure, Report
from benchmarks.touchpoints import DAYS, Volume

OURS, STOCK = "Throughline, the whole policy", "stock Faust, a count in a Table"
_PATIENCE_SECONDS, _TELL_SECONDS, _PAUSE_SECONDS = 60.0, 5.0, 20.0
_PER_SECOND, _MICROSECONDS, _MIB = "touchpoints/s", "µs/touchpoint", "MiB"


@dataclass(frozen=True)
class Plan:
    """How much is measured. Stock Faust reads the first `stock_touchpoints` or so: it is slow, but steady."""

    name: str
    command: str
    volume: Volume
    repetitions: int
    stock_touchpoints: int
    calm_seconds: float


FULL = Plan("journeys", "make bench", Volume(2_000_000, 200_000), 3, 100_000, 300)
QUICK = Plan("journeys-quick", "make bench-quick", Volume(200_000, 20_000), 1, 50_000, 60)


@dataclass(frozen=True)
class Contender:
    """Somebody to measure: what starts it, and how many touchpoints of the data it is given."""

    name: str
    starts: Callable[[str, Path, int], AbstractContextManager[Run]]
    touchpoints: int


def measure(plan: Plan) -> Report:
    """Run the plan from the start to the end; progress goes to stderr."""
    load_before = machine.load()
    contending = [
        Contender(OURS, contenders.worker, plan.volume.touchpoints),
        Contender(STOCK, contenders.stock_faust, plan.stock_touchpoints),
    ]
    speeds = {each.name: Figure(each.name, _PER_SECOND) for each in contending}
    costs = {each.name: Figure(f"{each.name}: processor time", _MICROSECONDS) for each in contending}
    peaks = {each.name: Figure(f"{each.name}: peak memory", _MIB) for each in contending}
    busiest = 0.0
    with broker() as (bootstrap, folder):
        _prepare(bootstrap, plan.volume)
        _calm(plan.calm_seconds)
        for number in range(plan.repetitions):
            for each in contending:
                busiest = max(busiest, _calm(_PAUSE_SECONDS))
                found, peak_mib = _once(each, bootstrap, folder, number)
                speeds[each.name].values.append(found.per_second)
                costs[each.name].values.append(found.cpu_microseconds)
                peaks[each.name].values.append(peak_mib)
                _say(f"{each.name}, run {number + 1}: {found.per_second:,.0f} touchpoints/s")
    return Report(
        plan.name,
        machine.describe(),
        datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        plan.command,
        [*speeds.values(), *costs.values(), *peaks.values()],
        {
            "touchpoints/s, Throughline / stock Faust": _ratio(speeds[OURS], speeds[STOCK]),
            "processor time, stock Faust / Throughline": _ratio(costs[STOCK], costs[OURS]),
        },
        _notes(plan, load_before, busiest),
    )


def _ratio(one: Figure, other: Figure) -> float:
    return round(one.spread[1] / other.spread[1], 2)


def _prepare(bootstrap: str, volume: Volume) -> None:
    started = time.monotonic()
    told = _Telling(f"loading {volume.touchpoints:,} touchpoints")
    size = asyncio.run(load(bootstrap, volume, told))
    _say(
        f"loaded {volume.touchpoints:,} touchpoints of {volume.customers:,} customers, "
        f"{size / volume.touchpoints:.0f} bytes each, in {time.monotonic() - started:.0f} s"
    )


def _calm(seconds: float) -> float:
    """Wait for a quiet machine, so long at most; the share of it that others take."""
    busy = machine.wait_until_quiet(seconds)
    if busy > machine.QUIET_SHARE:
        _say(f"the machine is not quiet: others take {busy:.0%} of it; figures will be too low")
    return busy


def _once(contender: Contender, bootstrap: str, folder: Path, number: int) -> tuple[Pace, float]:
    with contender.starts(bootstrap, folder, number) as run:
        found = pace(
            run,
            until=contender.touchpoints,
            patience_seconds=_PATIENCE_SECONDS,
            told=_Telling(f"{contender.name}, run {number + 1}"),
        )
        return found, run.peak_mib()


def _notes(plan: Plan, load_before: float, busiest: float) -> list[str]:
    volume = plan.volume
    return [
        f"Data: {volume.touchpoints:,} touchpoints of {volume.customers:,} customers over {DAYS} days, seed "
        f"{volume.seed}, about 2 % of them repeated and 5 % late; loaded once into `journey.touchpoints`, which "
        "both read from its beginning, in turns.",
        "Throughline: one worker process with its default settings, the whole default policy, exactly once; a "
        "touchpoint counts when its transaction is committed. A new group and new state, facts and alerts each run.",
        f"Stock Faust: one worker process with default settings (web server off), a count per customer in a Table in "
        f"memory, at least once, over the first {plan.stock_touchpoints:,} or so; a touchpoint counts when the "
        "change is in the changelog.",
        "Processor time is of the process itself, all threads, without the broker's.",
        "Pace: from the first progress seen, so that starting and joining are left out, to the last touchpoint.",
        f"Load average before: {load_before:.2f}; others took at most {busiest:.0%} of the processor before a run.",
    ]


class _Telling:
    """Says how far something is, every few seconds."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._at = time.monotonic()

    def __call__(self, done: int) -> None:
        if time.monotonic() - self._at > _TELL_SECONDS:
            self._at = time.monotonic()
            _say(f"{self._what}: {done:,}" if done else f"{self._what}: starting")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)

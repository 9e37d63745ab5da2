"""The journey stage of one worker process against peers that do a simpler job, in turns on the same data and broker."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import contenders, machine
from benchmarks.broker import broker
from benchmarks.loading import accepted, load
from benchmarks.pace import Pace, pace
from benchmarks.process import Run
from benchmarks.report import Figure, Report, ratio
from benchmarks.telling import Telling, say
from benchmarks.touchpoints import DAYS, Volume

OURS = "Throughline"
STREAMS, QUIX, STOCK = "Kafka Streams", "Quix Streams", "stock Faust"
_DOES = {
    OURS: "the whole policy, exactly once",
    STREAMS: "a simpler job, in Java on RocksDB, exactly once",
    QUIX: "a simpler job, in Python on RocksDB, at least once",
    STOCK: "a simpler job, in Python in memory, at least once",
}
_PATIENCE_SECONDS, _PAUSE_SECONDS = 60.0, 4.0
_WARM_SHARE, _ENOUGH_SHARE = 0.1, 0.9
_PER_SECOND, _MICROSECONDS, _MIB = "touchpoints/s", "µs/touchpoint", "MiB"


@dataclass(frozen=True)
class Plan:
    """How much is measured. Stock Faust reads the first `stock_touchpoints` or so: it is slow, but steady."""

    name: str
    command: str
    volume: Volume
    repetitions: int
    stock_touchpoints: int


FULL = Plan("journeys", "make bench", Volume(400_000, 40_000), 3, 50_000)
QUICK = Plan("journeys-quick", "make bench-quick", Volume(300_000, 30_000), 3, 8_000)


@dataclass(frozen=True)
class Contender:
    """Somebody to measure: what starts it, and how many touchpoints of the data it is given."""

    name: str
    starts: Callable[[str, Path, int], AbstractContextManager[Run]]
    touchpoints: int


def contending(plan: Plan) -> list[Contender]:
    """Ours and all peers, in the order in which they take their turns."""
    return [
        Contender(OURS, contenders.worker, plan.volume.touchpoints),
        Contender(STREAMS, contenders.kafka_streams, plan.volume.touchpoints),
        Contender(QUIX, contenders.quix_streams, plan.volume.touchpoints),
        Contender(STOCK, contenders.stock_faust, plan.stock_touchpoints),
    ]


def measure(plan: Plan, measured: list[Contender]) -> Report:
    """Run the plan from the start to the end; progress goes to stderr."""
    load_before = machine.load()
    speeds = {each.name: Figure(f"{each.name}: {_DOES[each.name]}", _PER_SECOND) for each in measured}
    costs = {each.name: Figure(f"{each.name}: processor time", _MICROSECONDS) for each in measured}
    peaks = {each.name: Figure(f"{each.name}: peak memory", _MIB) for each in measured}
    busiest = 0.0
    with broker() as (bootstrap, folder):
        _prepare(bootstrap, plan.volume)
        for number in range(plan.repetitions):
            for each in measured:
                busiest = max(busiest, _calm(_PAUSE_SECONDS))
                found, peak_mib = _once(each, bootstrap, folder, number)
                speeds[each.name].values.append(found.per_second)
                costs[each.name].values.append(found.cpu_microseconds)
                peaks[each.name].values.append(peak_mib)
                say(f"{each.name}, run {number + 1}: {found.per_second:,.0f} touchpoints/s")
    return Report(
        plan.name,
        plan.command,
        [*speeds.values(), *costs.values(), *peaks.values()],
        [
            ratio(f"touchpoints/s, {OURS} / {name}", speeds[OURS], speeds[name])
            for name in speeds
            if name != OURS and OURS in speeds
        ],
        _notes(plan, load_before, busiest),
    )


def _prepare(bootstrap: str, volume: Volume) -> None:
    started = time.monotonic()
    told = Telling(f"loading {volume.touchpoints:,} touchpoints")
    _, size = asyncio.run(load(bootstrap, accepted(volume), told))
    say(
        f"loaded {volume.touchpoints:,} touchpoints of {volume.customers:,} customers, "
        f"{size / volume.touchpoints:.0f} bytes each, in {time.monotonic() - started:.0f} s"
    )


def _calm(seconds: float) -> float:
    """Wait for a quiet machine, so long at most; the share of it that others take."""
    busy = machine.wait_until_quiet(seconds)
    if busy > machine.QUIET_SHARE:
        say(f"the machine is not quiet: others take {busy:.0%} of it; figures will be too low")
    return busy


def _once(contender: Contender, bootstrap: str, folder: Path, number: int) -> tuple[Pace, float]:
    with contender.starts(bootstrap, folder, number) as run:
        found = pace(
            run,
            since=int(_WARM_SHARE * contender.touchpoints),
            until=int(_ENOUGH_SHARE * contender.touchpoints),
            patience_seconds=_PATIENCE_SECONDS,
            told=Telling(f"{contender.name}, run {number + 1}"),
        )
        return found, run.peak_mib()


def _notes(plan: Plan, load_before: float, busiest: float) -> list[str]:
    volume = plan.volume
    return [
        f"Data: {volume.touchpoints:,} touchpoints of {volume.customers:,} customers over {DAYS} days, seed "
        f"{volume.seed}, about 2 % of them repeated and 5 % late; loaded once into `journey.touchpoints`, which "
        "all read from its beginning, in turns. A ratio is of two runs of the same round.",
        "Throughline: one worker process with its default settings and the whole default policy, its rules "
        f"{machine.rules()}; a touchpoint counts when its transaction is committed. Every run has new topics.",
        "Peers: one process and one thread each with [settings as they come](../benchmarks/peers) but for the "
        "guarantee. They keep how many touchpoints a customer has, the last one of each team and the last subject, "
        "with a changelog; a touchpoint counts when Kafka has what it changed.",
        f"Pace: from a tenth of the touchpoints to nine tenths, so that starting, joining and warming up are left out; "
        f"stock Faust is told by the first {plan.stock_touchpoints:,}.",
        "Processor time is of the process itself, all threads, without the broker's.",
        f"Load average before: {load_before:.2f}; others took at most {busiest:.0%} of the processor before a run.",
    ]

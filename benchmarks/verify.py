"""`python -m benchmarks.verify`: how fast an instance's data is counted on all sides, and how fast folded anew."""

import argparse
import asyncio
import resource
import tempfile
import time
from pathlib import Path

from benchmarks.broker import free_run
from benchmarks.loading import accepted, load
from benchmarks.report import Figure, Report
from benchmarks.telling import say
from benchmarks.touchpoints import Volume
from console.analyst import Analyst, analyst_of
from console.catching_up import Behind, Patience, catch_up
from console.commands.verify import scene_of
from console.lag import KafkaView
from console.verification import verify
from deploy.instance import up
from schemas import topic
from schemas.settings import Run, Settings

_WAIT_SECONDS, _TELL_SECONDS = 3600.0, 5.0


def measure(volume: Volume, repetitions: int, only: str = "", data: Path | None = None) -> Report:
    """An instance with everything folded and stored, verified: counted only, with some folded anew, and with all, or
    what of it holds `only`. Where `data` is an instance's that was measured before, nothing is loaded.
    """
    paces = {
        "counted on all three sides": 0,
        "counted, and a tenth of the customers folded anew": volume.touchpoints // 10,
        "counted, and all folded anew": None,
    }
    figures = []
    with (
        tempfile.TemporaryDirectory(prefix="throughline-verify-", ignore_cleanup_errors=True) as folder,
        up(Settings(data=data or Path(folder), port_base=free_run(10))) as instance,
    ):
        run = instance.run
        view, analyst = KafkaView(run.kafka), analyst_of(run)
        if not sum(view.ends(topic.TOUCHPOINTS).values()):
            asyncio.run(load(run.kafka, accepted(volume)))
            say(f"{volume.touchpoints:,} touchpoints are loaded")
        _settle(run, view, analyst)
        for name, most in paces.items():
            if only not in name:
                continue
            pace, spent = Figure(name, "touchpoints/s"), Figure(f"{name}: processor time", "ns/touchpoint")
            for _ in range(repetitions):
                seconds, processor_seconds = _once(run, view, analyst, volume, most)
                pace.values.append(volume.touchpoints / seconds)
                spent.values.append(processor_seconds / volume.touchpoints * 1e9)
                say(f"{name}: {pace.values[-1]:,.0f} touchpoints/s, {spent.values[-1]:,.0f} ns of processor time each")
            figures += [pace, spent]
        view.close()
        analyst.close()
    return Report(
        "verify",
        f"python -m benchmarks.verify --touchpoints {volume.touchpoints} --customers {volume.customers}", figures, [],
        [
            f"{volume.touchpoints:,} touchpoints of {volume.customers:,} customers on an instance that is otherwise at "
            "rest: broker, worker and ClickHouse share the processors with what verifies.",
            "The whole of `verify` is timed, from its first question to its verdict. Processor time is of all its "
            "processes, without the broker's and ClickHouse's.",
        ],
    )  # fmt: skip


def _once(run: Run, view: KafkaView, analyst: Analyst, volume: Volume, most: int | None) -> tuple[float, float]:
    """Seconds, and seconds of processor time, of one verification."""
    waits = Patience(view, analyst, run.group, lambda _: None, _WAIT_SECONDS)
    started, spent = time.monotonic(), _processor_seconds()
    verdict = asyncio.run(verify(scene_of(run), analyst, waits, lambda *_: None, most))
    seconds = time.monotonic() - started
    assert verdict.ok, verdict
    assert verdict.touchpoints == volume.touchpoints, verdict
    return seconds, _processor_seconds() - spent


def _processor_seconds() -> float:
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


def _settle(run: Run, view: KafkaView, analyst: Analyst) -> None:
    told = time.monotonic()

    def report(left: Behind) -> None:
        nonlocal told
        if time.monotonic() - told > _TELL_SECONDS:
            told = time.monotonic()
            say(str(left))

    catch_up(view, analyst, run.group, report, _WAIT_SECONDS)


def main() -> None:
    """Print a table, and write it to benchmarks/results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.verify", description=__doc__)
    parser.add_argument("--touchpoints", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--customers", type=int, default=100_000, metavar="N")
    parser.add_argument("--repetitions", type=int, default=3, metavar="N")
    parser.add_argument("--only", default="", metavar="TEXT", help="measure only what has this in its name")
    parser.add_argument("--data", type=Path, metavar="DIR", help="keep the instance here, and take it from here again")
    given = parser.parse_args()
    report = measure(Volume(given.touchpoints, given.customers), given.repetitions, given.only, given.data)
    report.write()
    print(report.table())


if __name__ == "__main__":
    main()

"""`python -m benchmarks.backfill`: old touchpoints onto existing customers of a whole instance, until all is exact.

Customers are made by recent touchpoints. Then their past arrives in any order, all of it behind the correction window:
every customer is folded anew from history. It ends when nothing is behind and no rebuild waits; then everything that is
stored is held against a fold of all touchpoints in event order, and alerts of the past are counted: there must be none.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from aiokafka import AIOKafkaProducer

from benchmarks.broker import free_run
from benchmarks.kinds import PHASES, Kind
from console.analyst import Analyst, analyst_of
from console.catching_up import Behind, Patience, catch_up
from console.commands.verify import scene_of
from console.lag import KafkaView
from console.verification import verify
from deploy.instance import status, up
from schemas.settings import Run, Settings

_DAY_MS = 24 * 3600 * 1000
_LIVE_DAYS = 6
_PAST_DAYS = (30, 720)
# An alert of the past: it opens something that was before, and takes no other one's place.
_ALERTS = """
    SELECT count() AS alerts FROM v_alerts
    WHERE type IN ('prospect.stalled', 'prospect.escalated', 'clock.breached', 'overlap.opened')
        AND recorded_at >= {began:DateTime64(3)} AND at < {began:DateTime64(3)} - INTERVAL 1 HOUR
        AND (customer_id, recorded_at) NOT IN
        (
            SELECT customer_id, recorded_at FROM v_alerts WHERE type IN ('prospect.unstalled', 'overlap.resolved')
        )
"""
# Until what was due when the customers were made has been said.
_DUE_SECONDS = 6.0
_KILLS_APART_SECONDS = 4.0

Raw = tuple[str, bytes]
Told = Callable[[str], None]


@dataclass(frozen=True)
class Volume:
    """How much: `touchpoints` of the past onto `customers` that have `live` recent ones each.

    With `companies`, the customers are people of accounts, which are folded anew too. `kills` end the rebuilder.
    """

    touchpoints: int = 100_000
    customers: int = 2_000
    live: int = 5
    companies: bool = True
    kills: int = 0
    seed: int = 1


@dataclass(frozen=True)
class Result:
    """What was measured. `seconds` run from the first old touchpoint that was sent until nothing was behind."""

    touchpoints: int
    customers: int
    seconds: float
    per_second: float
    rebuilds: int
    refolded_touchpoints: int
    still_waiting: int
    lost: int
    doubled: int
    differences: int
    first_differences: list[str]
    alerts_of_the_past: int
    kills: int

    @property
    def exact(self) -> bool:
        """Whether everything agrees with a fold in event order, and nobody was alerted of the past."""
        wrong = self.lost, self.doubled, self.differences, self.still_waiting, self.alerts_of_the_past
        return not any(wrong)


def recent(volume: Volume, now_ms: int) -> Iterator[Raw]:
    """The touchpoints that make the customers, in event order."""
    random = Random(volume.seed)
    times = sorted(
        (now_ms - int(random.uniform(0.001, _LIVE_DAYS) * _DAY_MS), customer)
        for customer in range(volume.customers)
        for _ in range(volume.live)
    )
    for number, (at, customer) in enumerate(times):
        yield _raw(volume, random, customer, at, f"live-{number}", random.choice(PHASES))


def past(volume: Volume, now_ms: int) -> Iterator[Raw]:
    """The customers' history, in no order: whole journeys, months ago."""
    random = Random(volume.seed + 1)
    for number in range(volume.touchpoints):
        age_days = random.uniform(*_PAST_DAYS)
        phase = PHASES[min(len(PHASES) - 1, int(len(PHASES) * (1 - age_days / _PAST_DAYS[1])))]
        customer = random.randrange(volume.customers)
        yield _raw(volume, random, customer, now_ms - int(age_days * _DAY_MS), f"past-{number}", phase)


def _raw(volume: Volume, random: Random, customer: int, at: int, name: str, phase: tuple[Kind, ...]) -> Raw:
    kind = phase[int(random.random() * len(phase))]
    domain = f"company-{customer // 7}.example" if volume.companies else "gmail.com"
    moment = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    value = (
        f'{{"id":"{name}","source":"{kind.source}","customer":{{"email":"person-{customer}@{domain}"}},'
        f'"occurred_at":"{moment}",{kind.fields}}}'
    )
    return f"touchpoints.{kind.team}", value.encode()


def measure(data: Path, run: Run, volume: Volume, told: Told) -> Result:
    """Do it on the instance that runs on a data directory and holds nothing yet."""
    view, analyst = KafkaView(run.kafka), analyst_of(run)
    now_ms = time.time_ns() // 1_000_000
    asyncio.run(_emit(run.kafka, recent(volume, now_ms)))
    _settle(view, analyst, run, told)
    time.sleep(_DUE_SECONDS)
    _settle(view, analyst, run, told)
    told(f"{volume.customers:,} customers are there")
    began, started = datetime.now(UTC), time.monotonic()
    with _killing(data, volume.kills, told):
        asyncio.run(_emit(run.kafka, past(volume, now_ms)))
        told(f"{volume.touchpoints:,} old touchpoints are emitted")
        _settle(view, analyst, run, told)
    _settle(view, analyst, run, told)
    seconds = time.monotonic() - started
    told("comparing")
    waits = Patience(view, analyst, run.group, lambda _: None, 3600)
    verdict = asyncio.run(verify(scene_of(run), analyst, waits, lambda *_: None, None))
    figures = _figures(analyst, began)
    view.close()
    analyst.close()
    return Result(
        touchpoints=volume.touchpoints,
        customers=volume.customers,
        seconds=round(seconds, 1),
        per_second=round(volume.touchpoints / seconds, 0),
        rebuilds=figures["rebuilds"],
        refolded_touchpoints=figures["refolded"],
        still_waiting=verdict.rebuilding + figures["waiting"],
        lost=verdict.lost,
        doubled=verdict.doubled,
        differences=verdict.differences,
        first_differences=verdict.told,
        alerts_of_the_past=figures["alerts"],
        kills=volume.kills,
    )


def _figures(analyst: Analyst, began: datetime) -> dict[str, int]:
    (rebuilds,) = analyst.ask("SELECT count() AS rebuilds, sum(touchpoints) AS refolded FROM v_rebuilds")
    (late,) = analyst.ask("SELECT countIf(rebuilt_at IS NULL) AS waiting FROM v_too_late")
    (told,) = analyst.ask(_ALERTS, {"began": began})
    return {**rebuilds, **late, **told}


def _settle(view: KafkaView, analyst: Analyst, run: Run, told: Told) -> None:
    said_at = time.monotonic()

    def report(left: Behind) -> None:
        nonlocal said_at
        if time.monotonic() - said_at > 5:
            said_at = time.monotonic()
            told(str(left))

    catch_up(view, analyst, run.group, report, 3600)


async def _emit(bootstrap: str, records: Iterator[Raw]) -> None:
    async with AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", linger_ms=20, max_batch_size=256 * 1024
    ) as producer:
        sent = []
        for topic, value in records:
            sent.append(await producer.send(topic, value))
            if len(sent) >= 20_000:
                await asyncio.gather(*sent)
                sent = []
        await asyncio.gather(*sent)


@contextmanager
def _killing(data: Path, kills: int, told: Told) -> Iterator[None]:
    """End the rebuilder without warning, again and again, while the block runs."""
    over = threading.Event()

    def kill() -> None:
        for number in range(kills):
            if over.wait(_KILLS_APART_SECONDS):
                return
            pid = next((part.pid for part in status(data) if part.name == "rebuilder"), 0)
            if pid:
                os.kill(pid, signal.SIGKILL)
                told(f"rebuilder killed, {number + 1} of {kills}")

    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    try:
        yield
    finally:
        if not kills:
            over.set()
        thread.join()


def main(arguments: list[str] | None = None) -> None:
    """Print the result as JSON; exit code 1 where it did not end exact."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.backfill", description=__doc__)
    for name, value in asdict(Volume()).items():
        if isinstance(value, bool):
            parser.add_argument(f"--no-{name}", dest=name, action="store_false")
        else:
            parser.add_argument(f"--{name}", type=int, default=value, metavar="N")
    volume = Volume(**vars(parser.parse_args(arguments)))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended: told to stop"))

    def told(what: str) -> None:
        print(what, file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory(prefix="throughline-backfill-", ignore_cleanup_errors=True) as folder:
        data = Path(folder)
        with up(Settings(data=data, port_base=free_run(10))) as instance:
            result = measure(data, instance.run, volume, told)
    print(json.dumps({**asdict(result), "exact": result.exact}, indent=1))
    sys.exit(0 if result.exact else 1)


if __name__ == "__main__":
    main()

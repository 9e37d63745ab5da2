"""`python -m benchmarks.scaling`: workers come, go and are killed under load; how long each partition stands still.

From outside: a partition has made progress when a transaction of its lane is committed, which moves the end of its
partition of the state topic. Every lane has work all the time.
"""

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from random import Random

import httpx
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient

from benchmarks.broker import broker, free_run, running
from benchmarks.kinds import PHASES
from benchmarks.process import ROOT
from benchmarks.report import Figure, Report, quantile
from benchmarks.telling import say
from schemas import topic
from schemas.settings import Settings

PARTITIONS, GROUP = 6, "scaling"
_WATCHED = (*(topic.positions_of(raw) for raw in topic.RAW), topic.STATE)
_READ = 3 * PARTITIONS + 1
_CUSTOMERS, _EMIT_SECONDS = 3000, 0.05
_LOOK_SECONDS, _CALM_SECONDS, _PATIENCE_SECONDS = 0.05, 3.0, 60.0
JOIN, LEAVE, KILL = "a worker comes", "a worker leaves in order", "kill -9 of a worker"


class Load:
    """Touchpoints at a steady pace to every raw partition, until told to stop."""

    def __init__(self, bootstrap: str, per_second: float) -> None:
        self._bootstrap, self._per_second = bootstrap, per_second
        self._over = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._send()), daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(30)

    async def _send(self) -> None:
        random, number, started = Random(1), 0, time.monotonic()
        async with AIOKafkaProducer(bootstrap_servers=self._bootstrap, acks="all", linger_ms=5) as producer:
            while not self._over.is_set():
                sent = []
                while number < (time.monotonic() - started) * self._per_second:
                    name, value = _touchpoint(random, number)
                    sent.append(await producer.send(name, value, partition=number // 2 % PARTITIONS))
                    number += 1
                await asyncio.gather(*sent)
                await asyncio.sleep(_EMIT_SECONDS)


def _touchpoint(random: Random, number: int) -> tuple[str, bytes]:
    kinds = [kind for phase in PHASES for kind in phase]
    team = topic.RAW[number % 2].rpartition(".")[2]
    kind = random.choice([kind for kind in kinds if kind.team == team])
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    value = (
        f'{{"id":"t-{number}","source":"{kind.source}","customer":{{"email":"p{random.randrange(_CUSTOMERS)}@gmail.com"}},'
        f'"occurred_at":"{at}",{kind.fields}}}'
    )
    return topic.RAW[number % 2], value.encode()


class Watch:
    """When each watched partition has moved, as seen every few hundredths of a second."""

    def __init__(self, bootstrap: str) -> None:
        self.moved: dict[TopicPartition, list[float]] = {}
        self._bootstrap = bootstrap
        self._over = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._look()), daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(30)

    async def _look(self) -> None:
        places = [TopicPartition(name, number) for name in _WATCHED for number in range(PARTITIONS)]
        seen = dict.fromkeys(places, 0)
        async with AIOKafkaConsumer(bootstrap_servers=self._bootstrap, isolation_level="read_committed") as consumer:
            while not self._over.is_set():
                ends, now = await consumer.end_offsets(places), time.monotonic()
                for place, end in ends.items():
                    if end > seen[place]:
                        seen[place] = end
                        self.moved.setdefault(place, []).append(now)
                await asyncio.sleep(_LOOK_SECONDS)

    def stood_still(self, since: float, until: float) -> list[float]:
        """Milliseconds of each partition's longest time without progress that has a part in this stretch."""
        found = []
        for times in self.moved.values():
            around = [at for at in times if since - _CALM_SECONDS <= at <= until]
            gaps = [after - before for before, after in pairwise([*around, until]) if after >= since]
            found.append(1000 * max(gaps, default=until - since))
        return found


class Workers:
    """The worker processes of one group, by number."""

    def __init__(self, bootstrap: str, folder: Path) -> None:
        self._bootstrap, self._folder = bootstrap, folder
        self._running: dict[int, tuple[ExitStack, subprocess.Popen[bytes], str]] = {}

    def start(self, number: int) -> None:
        settings = Settings(
            kafka=self._bootstrap, data=self._folder, port_base=free_run(10), partitions=PARTITIONS, group=GROUP,
            worker_id=f"worker-{number}",
        )  # fmt: skip
        stack = ExitStack()
        log = stack.enter_context((self._folder / f"worker-{number}.log").open("ab"))
        command = [sys.executable, "-m", "streams.worker"]
        process = stack.enter_context(running(command, log=log, cwd=ROOT, env=_environment(settings)))
        self._running[number] = stack, process, f"http://127.0.0.1:{settings.port_base + 3}/readyz"

    def end(self, number: int, how: signal.Signals) -> None:
        """Send a signal and wait until the process is gone."""
        stack, process, _ = self._running.pop(number)
        process.send_signal(how)
        process.wait(20)
        stack.close()

    def stop(self) -> None:
        for number in list(self._running):
            self.end(number, signal.SIGTERM)

    def all_owned(self) -> bool:
        """Whether those that run have every partition among them, restored."""
        lanes = 0
        for _, _, page in self._running.values():
            try:
                found = httpx.get(page, timeout=2).json()
            except httpx.HTTPError:
                return False
            lanes += found["lanes"] if found["ready"] else 0
        return lanes == _READ

    def spread(self) -> list[str]:
        """How many partitions each has: of both raw topics, of journey.touchpoints, of identity.links."""
        admin = KafkaAdminClient(bootstrap_servers=self._bootstrap)
        try:
            members = admin.describe_groups([f"{GROUP}.worker"])[f"{GROUP}.worker"]["members"]
        finally:
            admin.close()
        told = []
        for member in sorted(members, key=lambda member: str(member["group_instance_id"])):
            has = {
                each["topic"]: len(each["partitions"]) for each in member["member_assignment"]["assigned_partitions"]
            }
            told.append("+".join(str(has.get(name, 0)) for name in (*topic.RAW, topic.TOUCHPOINTS, topic.LINKS)))
        return told


def _environment(settings: Settings) -> dict[str, str]:
    return {**os.environ, **settings.environment()}


def measure(rounds: int, per_second: float) -> Report:
    """One worker, two, three; one is killed, comes back; two leave in order. So often, under load."""
    stood: dict[str, list[float]] = {JOIN: [], KILL: [], LEAVE: []}
    spreads: list[str] = []
    with broker(PARTITIONS) as (bootstrap, folder):
        workers = Workers(bootstrap, folder)
        try:
            with Load(bootstrap, per_second), Watch(bootstrap) as watch:
                workers.start(1)
                _until(workers.all_owned)
                time.sleep(_CALM_SECONDS)
                for number in range(rounds):
                    for what, does in _round(workers):
                        since = time.monotonic()
                        does()
                        _until(workers.all_owned)
                        time.sleep(_CALM_SECONDS)
                        found = watch.stood_still(since, time.monotonic())
                        stood[what] += found
                        spreads.append(" ".join(workers.spread()))
                        say(f"round {number + 1}: {what}: {max(found):,.0f} ms at most; {spreads[-1]}")
        finally:
            workers.stop()
    return Report(
        "scaling",
        f"python -m benchmarks.scaling --rounds {rounds} --per-second {per_second:.0f}",
        [figure for what, values in stood.items() for figure in _figures(what, values)],
        [],
        [
            f"{per_second:,.0f} touchpoints a second of {_CUSTOMERS:,} customers to {PARTITIONS} partitions of each "
            "raw topic; each round goes from one worker to three and back.",
            "Time without progress: the longest between two commits of a partition's lane, of every partition of both "
            "raw topics and of journey.touchpoints, whoever owns it, from the event until three seconds after all are "
            "owned.",
            "Partitions per worker (marketing + sales + journeys + links) after each step of the last round: "
            + "; ".join(spreads[-6:]) + ".",
        ],
    )  # fmt: skip


def _round(workers: Workers) -> Iterator[tuple[str, Callable[[], None]]]:
    yield JOIN, lambda: workers.start(2)
    yield JOIN, lambda: workers.start(3)
    yield KILL, lambda: workers.end(3, signal.SIGKILL)
    yield JOIN, lambda: workers.start(3)
    yield LEAVE, lambda: workers.end(3, signal.SIGTERM)
    yield LEAVE, lambda: workers.end(2, signal.SIGTERM)


def _figures(what: str, values: list[float]) -> list[Figure]:
    return [
        Figure(f"{what}: time without progress of a partition", "ms", values),
        Figure(f"{what}: p99", "ms", [quantile(values, 0.99)]),
    ]


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not every partition is owned after {_PATIENCE_SECONDS:.0f} s")
        time.sleep(0.1)


def main() -> None:
    """Print a table, and write it to benchmarks/results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__)
    parser.add_argument("--rounds", type=int, default=4, metavar="N")
    parser.add_argument("--per-second", type=float, default=600.0, metavar="TOUCHPOINTS")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("benchmark ended: told to stop"))
    report = measure(arguments.rounds, arguments.per_second)
    report.write()
    print(report.table())
    print("\n".join(report.notes))


if __name__ == "__main__":
    main()

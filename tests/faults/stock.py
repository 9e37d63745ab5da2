"""`python -m tests.faults.stock`: the same faults against stock Faust apps, and how many events they lose or double.

Some apps read one topic, each in a group and processes of its own, while touchpoints come at a steady pace. Each is
hurt again once it works again. What was confirmed is then held against the newest values of the Table's changelog, or
against what was sent on.
"""

import argparse
import asyncio
import json
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from aiokafka import AIOKafkaProducer
from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import KafkaError

from benchmarks.broker import free_run
from tests.faults.house import Part, end_when_told
from tests.faults.oracle import dump
from tests.faults.stock_app import PARTITIONS, TOUCHPOINTS
from tests.process import broker

_CUSTOMERS, _EMIT_SECONDS, _LOOK_SECONDS = 200, 0.1, 2.0
_WORKS_SECONDS, _QUIET_SECONDS, _STOP_SECONDS = 300.0, 90.0, 90.0
# Longer than Faust's session of 60 s.
_SLEEP_SECONDS, _JOINED_SECONDS = 75.0, 15.0
KINDS = {"table": "counts in a Table", "take": "sends on what take() gives it"}


class App:
    """One app by its id. `hurt` counts what was done to it, `part` is its worker and `other` one more."""

    def __init__(self, name: str, kind: str, bootstrap: str, folder: Path) -> None:
        self.name, self.kind, self.hurt = name, kind, 0
        self._bootstrap = bootstrap
        environment = {"STOCK_KAFKA": bootstrap, "STOCK_APP": name, "STOCK_KIND": kind}
        command = [
            sys.executable,
            "-m",
            "tests.faults.stock_app",
            f"--datadir={folder / name}",
            "worker",
            "-l",
            "warn",
            "--without-web",
        ]
        self.part, self.other = (
            Part(each, command, environment, folder / f"{each}.log") for each in (name, f"{name}-other")
        )

    @property
    def output(self) -> str:
        """The topic that shows what it has done."""
        return f"{self.name}-counts-changelog" if self.kind == "table" else f"{self.name}.facts"

    def written(self) -> int:
        """How many records its output has by now; -1 while nobody can say."""
        try:
            consumer = KafkaConsumer(bootstrap_servers=self._bootstrap, bootstrap_timeout_ms=2000)
            try:
                places = [TopicPartition(self.output, number) for number in range(PARTITIONS)]
                return int(sum(consumer.end_offsets(places).values()))
            finally:
                consumer.close()
        except KafkaError:
            return -1

    def works(self) -> None:
        """Wait until it does something."""
        before, deadline = self.written(), time.monotonic() + _WORKS_SECONDS
        while self.written() <= max(before, 0):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.name} does nothing for {_WORKS_SECONDS:.0f} s, {self.part.log} says why")
            time.sleep(_LOOK_SECONDS)

    def counts(self) -> Counter[str]:
        """How often each customer's touchpoints have counted."""
        counts: Counter[str] = Counter()
        for record in dump(self._bootstrap, self.output, PARTITIONS):
            if self.kind == "take":
                counts[json.loads(record.value)["customer"]] += 1
            elif record.value is not None:
                counts[json.loads(record.key)] = json.loads(record.value)
        return counts


Hurt = Callable[[App, Random], None]


def kill(app: App, chance: Random) -> None:
    """kill -9, and started again."""
    _end(app, signal.SIGKILL)


def term(app: App, chance: Random) -> None:
    """Told to stop, and started again."""
    _end(app, signal.SIGTERM)


def zombie(app: App, chance: Random) -> None:
    """It sleeps past its session while another worker has its partitions, and wakes."""
    app.other.keep()
    time.sleep(_JOINED_SECONDS)
    app.part.signal(signal.SIGSTOP)
    time.sleep(_SLEEP_SECONDS)
    app.part.signal(signal.SIGCONT)
    time.sleep(chance.uniform(5, 10))
    _gone(app.other, signal.SIGTERM)


def _end(app: App, how: signal.Signals) -> None:
    _gone(app.part, how)
    app.part.keep()


def _gone(part: Part, how: signal.Signals) -> None:
    part.signal(how)
    if part.process is not None:
        try:
            part.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            part.process.kill()
            part.process.wait()


HURTS: dict[str, Hurt] = {"kill": kill, "term": term, "zombie": zombie}


class Load:
    """Touchpoints at a steady pace until told to stop; `confirmed` are those of each customer that Kafka has."""

    def __init__(self, bootstrap: str, per_second: float) -> None:
        self.confirmed: Counter[str] = Counter()
        self._bootstrap, self._per_second = bootstrap, per_second
        self._over = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._send()), daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Until the last one is confirmed."""
        self._over.set()
        self._thread.join(60)

    async def _send(self) -> None:
        chance, number, started = Random(1), 0, time.monotonic()
        async with AIOKafkaProducer(bootstrap_servers=self._bootstrap, enable_idempotence=True) as producer:
            while not self._over.is_set():
                sent = []
                while number < (time.monotonic() - started) * self._per_second:
                    customer = f"c{chance.randrange(_CUSTOMERS)}"
                    value = json.dumps({"id": f"t-{number}", "customer": customer}).encode()
                    sent.append((customer, await producer.send(TOUCHPOINTS, value, key=customer.encode())))
                    number += 1
                for customer, future in sent:
                    await future
                    self.confirmed[customer] += 1
                await asyncio.sleep(_EMIT_SECONDS)


@dataclass(frozen=True)
class Result:
    """What came of some apps of a kind: how often they were hurt, and events that are lost or doubled."""

    kind: str
    apps: int
    hurt: int
    events: int
    lost: int
    doubled: int


def measure(hurts: str, apps: int, rounds: int, per_second: float, seed: int) -> list[Result]:
    """Hurt so many apps of each kind so often."""
    with tempfile.TemporaryDirectory(prefix="throughline-stock-", ignore_cleanup_errors=True) as name:
        folder, first = Path(name), free_run(2)
        with broker(folder / "kafka", (first, first + 1)) as bootstrap:
            made = [App(f"stock-{kind}-{number}", kind, bootstrap, folder) for kind in KINDS for number in range(apps)]
            _create(bootstrap, [TOUCHPOINTS, *(app.output for app in made if app.kind == "take")])
            load = Load(bootstrap, per_second)
            threads = [
                threading.Thread(target=_hurt, args=(app, HURTS[hurts], rounds, Random(seed + number)))
                for number, app in enumerate(made)
            ]
            try:
                for app in made:
                    app.part.keep()
                load.start()
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                load.stop()
                _settle(made)
                return [_result(kind, [app for app in made if app.kind == kind], load.confirmed) for kind in KINDS]
            finally:
                load.stop()
                for app in made:
                    for part in (app.part, app.other):
                        part.hold()


def _hurt(app: App, hurt: Hurt, rounds: int, chance: Random) -> None:
    for number in range(rounds):
        app.works()
        time.sleep(chance.uniform(1, 8))
        hurt(app, chance)
        app.hurt += 1
        print(f"{app.name}: {number + 1} of {rounds}", file=sys.stderr, flush=True)
    app.works()


def _settle(apps: Sequence[App]) -> None:
    """Wait until none of them has done anything for longer than it takes to join a group."""
    before, since = [app.written() for app in apps], time.monotonic()
    while time.monotonic() - since < _QUIET_SECONDS:
        time.sleep(_LOOK_SECONDS)
        now = [app.written() for app in apps]
        if now != before:
            before, since = now, time.monotonic()


def _result(kind: str, apps: Sequence[App], confirmed: Counter[str]) -> Result:
    lost = doubled = 0
    for app in apps:
        counts = app.counts()
        lost += sum((confirmed - counts).values())
        doubled += sum((counts - confirmed).values())
    return Result(kind, len(apps), sum(app.hurt for app in apps), confirmed.total() * len(apps), lost, doubled)


def _create(bootstrap: str, names: Iterable[str]) -> None:
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in names])
    finally:
        admin.close()


def main() -> int:
    """Print a row for each kind of app."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.stock", description=__doc__)
    parser.add_argument("--hurt", choices=HURTS, default="kill", help="what is done to them")
    parser.add_argument("--apps", type=int, default=5, help="apps of each kind, side by side")
    parser.add_argument("--rounds", type=int, default=20, help="how often each is hurt")
    parser.add_argument("--per-second", type=float, default=50, help="touchpoints, to all of them")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    end_when_told()
    print("| stock Faust | hurt by | times | events | lost | doubled | per 100 times: lost | doubled |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for it in measure(given.hurt, given.apps, given.rounds, given.per_second, given.seed):
        lost, doubled = (100 * number / it.hurt for number in (it.lost, it.doubled))
        print(
            f"| {KINDS[it.kind]} | {given.hurt} | {it.hurt} | {it.events:,} | {it.lost:,} | {it.doubled:,} "
            f"| {lost:,.0f} | {doubled:,.0f} |"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m benchmarks.latency`: at a steady pace, how long until what was emitted is known, told and stored."""

import argparse
import asyncio
import math
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.broker import PARTITIONS, free_run
from benchmarks.process import counted
from benchmarks.report import Figure, Report, quantile
from benchmarks.telling import say
from deploy.instance import up
from journey.identity import customer_id_of
from schemas import topic
from schemas.settings import Run, Settings
from sinks.health import serving
from streams.reading import reader

PACES, SECONDS = (200, 2_000, 5_000), 8.0
_CUSTOMERS = 20_000
_TICK_SECONDS, _TRACE_SECONDS, _LOOK_SECONDS = 0.01, 0.1, 0.05
# Until the broker's machine code is compiled: cold, it takes a processor for itself.
_WARM_UP_PACE, _WARM_UP_SECONDS = 1_000, 40.0
_WARM_SECONDS, _PATIENCE_SECONDS, _REST_SECONDS = 3.0, 30.0, 3.0
_WORKER_PORT, _RECEIVER_PORT = 3, 9


@dataclass
class Seen:
    """Milliseconds from emission until a touchpoint's position could be read, its alert came, its row was there."""

    readable: list[float] = field(default_factory=list)
    told: list[float] = field(default_factory=list)
    stored: list[float] = field(default_factory=list)
    per_transaction: float = 0.0


class Steady:
    """One run at a pace. What is emitted is noted here, and struck out by whoever sees what became of it."""

    def __init__(self, run: Run, name: str, per_second: int, seconds: float) -> None:
        self._run, self._name, self._per_second = run, name, per_second
        self._seconds = seconds
        self._customers: dict[bytes, float] = {}
        self._conflicts: dict[str, float] = {}
        self._ids: dict[str, float] = {}
        self._from = math.inf
        self.seen = Seen()

    async def emit(self, producer: AIOKafkaProducer) -> None:
        """The quotes that conflicts need, then so many touchpoints a second, and a conflict ten times a second."""
        conflicts = int((self._seconds + _WARM_SECONDS) / _TRACE_SECONDS) + 1
        quotes = [
            _touchpoint(f"{self._name}-quote-{number}", self._rival(number), "quote.sent", "sales", "pricing", 3600)
            for number in range(conflicts)
        ]
        await _send(producer, topic.RAW_SALES, 0, quotes)
        await asyncio.sleep(_REST_SECONDS)
        began, each = time.monotonic(), max(1, int(self._per_second * _TICK_SECONDS))
        self._from = began + _WARM_SECONDS
        number, traced = 0, 0
        while (now := time.monotonic()) < self._from + self._seconds:
            while number < (now - began) * self._per_second:
                values = []
                for index in range(number, number + each):
                    email, customer_id = _person(index % _CUSTOMERS)
                    values.append(_touchpoint(f"{self._name}-{index}", email, "email.opened", "marketing", "content"))
                    self._customers.setdefault(customer_id, now)
                if traced < (now - began) / _TRACE_SECONDS:
                    rival = self._rival(traced)
                    values.append(
                        _touchpoint(f"{self._name}-conflict-{traced}", rival, "email.sent", "marketing", "promotion")
                    )
                    self._conflicts[customer_id_of("email", rival)] = now
                    self._ids[f"{self._name}-{number}"] = now
                    traced += 1
                await _send(producer, topic.RAW_MARKETING, number // each % PARTITIONS, values)
                number += each
            await asyncio.sleep(_TICK_SECONDS / 2)

    async def read(self, consumer: AIOKafkaConsumer) -> None:
        """Strike out customers whose state can be read."""
        while True:
            for records in (await consumer.getmany(timeout_ms=100)).values():
                for record in records:
                    self._strike(self._customers, record.key, self.seen.readable)

    async def told(self, request: Request) -> Response:
        """Strike out a conflict whose alert is here."""
        data = (await request.json())["data"]
        self._strike(self._conflicts, data["customer_id"], self.seen.told)
        return Response()

    def look(self, ended: threading.Event) -> None:
        """Strike out touchpoints that ClickHouse has; in a thread of its own."""
        at = self._run.clickhouse
        with httpx.Client(auth=(at.user, at.password), params={"database": at.database}, timeout=30) as client:
            while not ended.wait(_LOOK_SECONDS):
                if wanted := ", ".join(f"'{each}'" for each in list(self._ids)):
                    answer = client.post(at.url, content=f"SELECT DISTINCT id FROM touchpoints WHERE id IN ({wanted})")
                    for found in answer.raise_for_status().text.split():
                        self._strike(self._ids, found, self.seen.stored)

    async def settled(self) -> None:
        """Wait for what is still on its way. Raises TimeoutError where it does not come."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while self._ids or self._conflicts or self._customers:
                await asyncio.sleep(_LOOK_SECONDS)

    def _rival(self, number: int) -> str:
        return f"{self._name}-{number}@rival.example"

    def _strike(self, waiting: dict[Any, float], key: Any, seen: list[float]) -> None:
        since = waiting.pop(key, None)
        if since is not None and since >= self._from:
            seen.append((time.monotonic() - since) * 1000)


async def _once(run: Run, name: str, per_second: int, seconds: float) -> Seen:
    steady = Steady(run, name, per_second, seconds)
    pages = httpx.Client(timeout=30)
    page = next(iter(run.worker.values()))
    ended = threading.Event()
    async with (
        serving(Starlette(routes=[Route("/", steady.told, methods=["POST"])]), _receiver(run)),
        AIOKafkaProducer(bootstrap_servers=run.kafka, acks="all", max_batch_size=1 << 20) as producer,
        _following(run.kafka, steady),
    ):
        looking = asyncio.create_task(asyncio.to_thread(steady.look, ended))
        before = _counts(pages, page)
        try:
            await steady.emit(producer)
            folded, transactions = (now - then for now, then in zip(_counts(pages, page), before, strict=True))
            steady.seen.per_transaction = folded / max(1, transactions)
            await steady.settled()
        finally:
            ended.set()
            await looking
    return steady.seen


@asynccontextmanager
async def _following(bootstrap: str, steady: Steady) -> AsyncIterator[None]:
    """The state topic is read from its end on, as anybody would who wants the newest positions."""
    async with reader(bootstrap, bare=True) as consumer:
        consumer.assign([TopicPartition(topic.STATE, partition) for partition in range(PARTITIONS)])
        await consumer.seek_to_end()
        reading = asyncio.create_task(steady.read(consumer))
        try:
            yield
        finally:
            reading.cancel()


def _receiver(run: Run) -> int:
    return int(run.gateway.url.rpartition(":")[2]) + _RECEIVER_PORT - 6


def _counts(client: httpx.Client, page: str) -> tuple[int, int]:
    """Touchpoints folded, and transactions of the journey stage that stand."""
    committed = 'throughline_transactions_total{outcome="committed",stage="journey"}'
    return counted(client, page, "throughline_folded_total"), counted(client, page, committed)


async def _send(producer: AIOKafkaProducer, name: str, partition: int, values: list[bytes]) -> None:
    batch = producer.create_batch()
    now_ms = time.time_ns() // 1_000_000
    for value in values:
        assert batch.append(timestamp=now_ms, key=None, value=value) is not None
    await producer.send_batch(batch, name, partition=partition)


@cache
def _person(number: int) -> tuple[str, bytes]:
    """E-mail address and customer id: to derive it anew each time would take the processors from who is measured."""
    email = f"person-{number}@steady.example"
    return email, customer_id_of("email", email).encode()


def _touchpoint(name: str, email: str, type_name: str, team: str, subject: str, seconds_ago: int = 0) -> bytes:
    at = datetime.fromtimestamp(time.time() - seconds_ago, UTC).isoformat(timespec="milliseconds")
    direction = "inbound" if type_name == "email.opened" else "outbound"
    return (
        f'{{"id":"{name}","source":"steady","type":"{type_name}","team":"{team}","customer":{{"email":"{email}"}},'
        f'"occurred_at":"{at}","direction":"{direction}","subject":"{subject}"}}'
    ).encode()


def measure(command: str, paces: Sequence[int] = PACES, seconds: float = SECONDS, repetitions: int = 3) -> Report:
    """One instance with everything that belongs to it; each pace as often as asked, in turns."""
    figures: dict[tuple[int, str], Figure] = {}
    port_base = free_run(10)
    with tempfile.TemporaryDirectory(prefix="throughline-latency-", ignore_cleanup_errors=True) as folder:
        receiver = f"http://127.0.0.1:{port_base + _RECEIVER_PORT}/"
        settings = Settings(
            data=Path(folder), port_base=port_base, webhook_url=receiver, webhook_allow_private=True,
            webhook_secret="whsec_" + "dGhyb3VnaGxpbmU=" * 2,
        )  # fmt: skip
        with up(settings) as instance:
            say(f"warming up for {_WARM_UP_SECONDS:.0f} s")
            uvloop.run(_once(instance.run, "warming-up", _WARM_UP_PACE, _WARM_UP_SECONDS))
            for number in range(repetitions):
                for pace in paces:
                    seen = uvloop.run(_once(instance.run, f"run-{number}-{pace}", pace, seconds))
                    for name, unit, value in _figures(seen):
                        figures.setdefault((pace, name), Figure(f"{pace:,}/s: {name}", unit)).values.append(value)
                        say(f"{pace:,}/s, run {number + 1}: {name}: {value:,.0f} {unit}")
    return Report(
        "latency",
        command,
        [figures[key] for key in sorted(figures, key=lambda key: key[0])], [],
        [
            f"{_WARM_UP_PACE:,}/s for {_WARM_UP_SECONDS:g} s, until the broker's code is compiled; then a steady "
            f"pace for {seconds:g} s after {_WARM_SECONDS:g} s at that pace: raw touchpoints of "
            f"{_CUSTOMERS:,} customers, in batches of ten milliseconds, onto an instance with every part on this "
            "machine. Who emits, reads and receives shares the processors.",
            "Readable: a read-committed reader has the customer's new state. Alert: the webhook's receiver has it, of "
            "ten conflicts a second. Row: ClickHouse answers with it, asked every 50 ms for ten touchpoints a second.",
        ],
    )  # fmt: skip


def _figures(seen: Seen) -> list[tuple[str, str, float]]:
    return [
        ("emitted to position readable, p50", "ms", quantile(seen.readable, 0.5)),
        ("emitted to position readable, p99", "ms", quantile(seen.readable, 0.99)),
        ("emitted to alert at the receiver, p99", "ms", quantile(seen.told, 0.99)),
        ("emitted to row in ClickHouse, p99", "ms", quantile(seen.stored, 0.99)),
        ("touchpoints in a transaction", "touchpoints", seen.per_transaction),
    ]


def main() -> None:
    """Print a table, and write it to benchmarks/results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.latency", description=__doc__)
    parser.add_argument("--per-second", type=int, nargs="+", default=PACES, metavar="N")
    parser.add_argument("--seconds", type=float, default=SECONDS, metavar="S")
    parser.add_argument("--repetitions", type=int, default=3, metavar="N")
    given = parser.parse_args()
    command = f"python -m benchmarks.latency --per-second {' '.join(map(str, given.per_second))}"
    report = measure(command, given.per_second, given.seconds, given.repetitions)
    report.write()
    print(report.table())


if __name__ == "__main__":
    main()

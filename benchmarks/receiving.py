"""The gateway: touchpoints over HTTP until Kafka has them with acks=all, in batches and one by one."""

import asyncio
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx
import uvloop

from benchmarks.broker import PARTITIONS, broker, free_run
from benchmarks.loading import raw
from benchmarks.process import Run, answering, started
from benchmarks.report import Figure
from benchmarks.telling import say
from benchmarks.touchpoints import Volume
from deploy.secret import complete
from schemas.settings import Settings

BATCH, BATCHES_AT_ONCE, SINGLES_AT_ONCE = 500, 8, 64
_PORT = 6
_WARM_SECONDS = 1.0
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)


def measure(volume: Volume, repetitions: int, seconds: float) -> list[Figure]:
    """Touchpoints/s in requests of many, and requests/s of one each, for so many seconds each time."""
    values = [placed.value for placed in raw(volume)]
    many = [b"[" + b",".join(values[at : at + BATCH]) + b"]" for at in range(0, len(values) - BATCH, BATCH)]
    kinds = [
        (Figure(f"gateway: touchpoints in requests of {BATCH}", "touchpoints/s"), many, BATCHES_AT_ONCE, BATCH),
        (Figure("gateway: requests of one touchpoint", "requests/s"), values, SINGLES_AT_ONCE, 1),
    ]
    spent = [Figure(f"{figure.name}: processor time", "µs/touchpoint") for figure, *_ in kinds]
    with broker() as (bootstrap, folder), _gateway(bootstrap, folder) as (run, port, key):
        for _ in range(repetitions):
            for (figure, bodies, at_once, each), cost in zip(kinds, spent, strict=True):
                before = run.cpu_seconds()
                clients = Clients(port, key, bodies, at_once)
                per_second, answered = uvloop.run(clients.send_for(seconds))
                figure.values.append(per_second * each)
                cost.values.append(1e6 * (run.cpu_seconds() - before) / (answered * each))
                say(f"{figure.name}: {figure.values[-1]:,.0f} {figure.unit}")
    return [figure for figure, *_ in kinds] + spent


@contextmanager
def _gateway(bootstrap: str, folder: Path) -> Iterator[tuple[Run, int, str]]:
    """A gateway that Kafka confirms to, its port and its write key."""
    port_base = free_run(10)
    settings = complete(Settings(kafka=bootstrap, data=folder, port_base=port_base, partitions=PARTITIONS))
    command = [sys.executable, "-m", "gateway.server"]
    with httpx.Client(timeout=30) as client, started(command, settings.environment(), folder, "gateway") as run:
        answering(client, f"http://127.0.0.1:{port_base + _PORT}/readyz", run)
        yield run, port_base + _PORT, settings.write_key.get_secret_value()


class Clients:
    """So many connections, each of which sends the next body when the last one is answered."""

    def __init__(self, port: int, key: str, bodies: list[bytes], at_once: int) -> None:
        head = f"POST /v1/touchpoints HTTP/1.1\r\nHost: it\r\nAuthorization: Bearer {key}\r\n"
        head += "Content-Type: application/json\r\nContent-Length: "
        self._requests = cycle([head.encode() + f"{len(body)}\r\n\r\n".encode() + body for body in bodies])
        self._port, self._at_once = port, at_once
        self.answered = 0

    async def send_for(self, seconds: float) -> tuple[float, int]:
        """Answers a second once it is warm, and answers in all. Raises RuntimeError at one that is not 200."""
        loop = asyncio.get_running_loop()
        failed: asyncio.Future[None] = loop.create_future()
        connections = [
            (await loop.create_connection(lambda: _Connection(self, failed), "127.0.0.1", self._port))[0]
            for _ in range(self._at_once)
        ]
        await self._unless(failed, _WARM_SECONDS)
        first, since = self.answered, time.perf_counter()
        await self._unless(failed, seconds)
        per_second = (self.answered - first) / (time.perf_counter() - since)
        for connection in connections:
            connection.abort()
        return per_second, self.answered

    async def _unless(self, failed: "asyncio.Future[None]", seconds: float) -> None:
        if (await asyncio.wait({failed}, timeout=seconds))[0]:
            failed.result()

    def next(self) -> bytes:
        """The next request."""
        return next(self._requests)


class _Connection(asyncio.Protocol):
    def __init__(self, clients: Clients, failed: "asyncio.Future[None]") -> None:
        self._clients, self._failed = clients, failed
        self._answer = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.write(self._clients.next())

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, separator, body = self._answer.partition(b"\r\n\r\n")
        length = _LENGTH.search(head + b"\r\n")
        if not separator or not length or len(body) < int(length[1]):
            return
        if not head.startswith(b"HTTP/1.1 200 ") and not self._failed.done():
            self._failed.set_exception(RuntimeError(f"the gateway answered {self._answer[:500]!r}"))
            return
        self._answer = b""
        self._clients.answered += 1
        self._transport.write(self._clients.next())

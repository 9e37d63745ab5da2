"""`/healthz` and `/metrics` of a process that has no other page. Answers GET and nothing else, on loopback."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from sinks.metrics import Metrics

HOST = "127.0.0.1"
_SECONDS = 5
_REASONS = {200: "OK", 404: "Not Found", 405: "Method Not Allowed"}


@asynccontextmanager
async def health_page(port: int, metrics: Metrics, state: Callable[[], dict[str, Any]]) -> AsyncIterator[int]:
    """Serve while the block runs; yields the port. /healthz is `state()` as JSON: 200 as long as the process turns."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
            async with asyncio.timeout(_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(_response(head.split(b"\r\n", 1)[0], metrics, state))
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, HOST, port, limit=16 * 1024)
    async with server:
        yield server.sockets[0].getsockname()[1]


def _response(request_line: bytes, metrics: Metrics, state: Callable[[], dict[str, Any]]) -> bytes:
    method, _, rest = request_line.partition(b" ")
    path = rest.split(b" ", 1)[0].split(b"?", 1)[0]
    if method not in (b"GET", b"HEAD"):
        return _page(405, "text/plain", "only GET\n")
    if path == b"/metrics":
        return _page(200, "text/plain; version=0.0.4; charset=utf-8", metrics.render())
    if path == b"/healthz":
        return _page(200, "application/json", json.dumps(state()) + "\n")
    return _page(404, "text/plain", "/healthz and /metrics\n")


def _page(status: int, kind: str, text: str) -> bytes:
    body = text.encode()
    head = f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Connection: close\r\n\r\n".encode() + body

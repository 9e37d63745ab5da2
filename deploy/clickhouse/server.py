"""ClickHouse's HTTP interface over the engine: who asks, what they ask, and the answer in their format and coding."""

import json
import logging
import secrets
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import chain

import anyio
from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from deploy.clickhouse.account import Account, authenticate
from deploy.clickhouse.compression import Packer, accepted, decompress
from deploy.clickhouse.engine import Answer, Engine
from deploy.clickhouse.failure import TOO_MANY_BYTES, TOO_MANY_QUERIES, QueryError, refusal
from deploy.clickhouse.statement import Statement, statement

MIB = 1024 * 1024
# What is read, or sent, without another thread's help: to hand over costs more.
_FEW_BYTES = 64 * 1024
log = logging.getLogger(__name__)
_CONTENT_TYPES = {
    "JSON": "application/json; charset=UTF-8",
    "JSONCompact": "application/json; charset=UTF-8",
    "JSONStrings": "application/json; charset=UTF-8",
    "JSONEachRow": "application/x-ndjson; charset=UTF-8",
    "TabSeparated": "text/tab-separated-values; charset=UTF-8",
    "TSV": "text/tab-separated-values; charset=UTF-8",
    "CSV": "text/csv; charset=UTF-8; header=absent",
    "CSVWithNames": "text/csv; charset=UTF-8; header=present",
    "Native": "application/octet-stream",
    "RowBinary": "application/octet-stream",
    "Parquet": "application/octet-stream",
    "ArrowStream": "application/octet-stream",
}


@dataclass(frozen=True)
class Limits:
    """What the server bears: bytes of a request as sent and unpacked, queries at once per kind of account, seconds.
    `mend_seconds` is how often it looks for parts that are not whole.
    """

    request_bytes: int = 256 * MIB
    unpacked_bytes: int = 1024 * MIB
    queries_at_once: int = 4
    queue_seconds: float = 30.0
    buffered_bytes: int = 256 * MIB
    send_seconds: float = 60.0
    mend_seconds: float = 10.0


def build_app(engine: Engine, accounts: tuple[Account, ...], limits: Limits | None = None) -> Starlette:
    """The server on an open engine; the engine is closed when the server stops."""
    limits = limits or Limits()
    interface = Interface(engine, accounts, limits)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with anyio.create_task_group() as group:
            group.start_soon(_mend, engine, limits.mend_seconds)
            yield
            group.cancel_scope.cancel()
        await to_thread.run_sync(engine.close)

    async def alive(_: Request) -> Response:
        return PlainTextResponse("Ok.\n")

    routes = [
        Route("/ping", alive),
        Route("/replicas_status", alive),
        Route("/healthz", alive),
        Route("/", interface.answer, methods=["GET", "POST"]),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


async def _mend(engine: Engine, seconds: float) -> None:
    while True:
        await anyio.sleep(seconds)
        try:
            for part in await to_thread.run_sync(engine.mend):
                log.error(
                    "part %s of %s.%s is not whole (a full disk?): set aside, what it was merged from is read",
                    part.name, part.database, part.table,
                )  # fmt: skip
        except RuntimeError:
            log.exception("looking for parts that are not whole")


class Interface:
    """One endpoint. Readers and writers wait in queues of their own, so that neither holds up the other."""

    def __init__(self, engine: Engine, accounts: tuple[Account, ...], limits: Limits) -> None:
        self._engine = engine
        self._accounts = accounts
        self._limits = limits
        self._slots = {True: anyio.Semaphore(limits.queries_at_once), False: anyio.Semaphore(limits.queries_at_once)}
        self._threads = CapacityLimiter(4 * limits.queries_at_once)

    async def answer(self, request: Request) -> Response:
        """Authenticate, read, run; every failure becomes ClickHouse's own kind of error answer."""
        query_id = request.query_params.get("query_id") or str(uuid.uuid4())
        if request.method == "GET" and "query" not in request.query_params:
            return PlainTextResponse("Ok.\n")
        account = authenticate(self._accounts, request.headers, request.query_params)
        if isinstance(account, QueryError):
            return self._error(account, query_id, challenge="authorization" not in request.headers)
        slot = self._slots[account.readonly]
        try:
            asked = await self._read(request, query_id)
            await self._wait_for(slot)
        except QueryError as failure:
            return self._error(failure, query_id)
        try:
            result, whole = await to_thread.run_sync(self._run, asked, account, limiter=self._threads)
        except QueryError as failure:
            slot.release()
            return self._error(failure, query_id)
        except BaseException:
            slot.release()
            raise
        headers, packer = self._headers(query_id, result), Packer(coding := _coding(request))
        if coding:
            headers["Content-Encoding"] = coding
        if whole is not None:
            slot.release()
            return Response(packer.add(whole) + packer.end(), headers=headers)
        return _ResultResponse(result, headers, packer, slot, self._threads, self._limits)

    def _run(self, asked: Statement, account: Account) -> tuple[Answer, bytes | None]:
        """The answer, and all its bytes where they are few: then it is closed, and its thread is needed no more."""
        result = self._engine.run(asked, account)
        try:
            size = _collect(result, self._limits.buffered_bytes if asked.buffered else _FEW_BYTES)
        except BaseException:
            result.close()
            raise
        if size is None or size > _FEW_BYTES:
            return result, None
        result.close()
        return result, b"".join(result.chunks)

    async def _read(self, request: Request, query_id: str) -> Statement:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > self._limits.request_bytes:
                raise refusal(
                    TOO_MANY_BYTES, "TOO_MANY_BYTES", f"The request is above {self._limits.request_bytes} bytes"
                )
        raw = bytes(body)
        del body
        headers = dict(request.headers)
        url = dict(request.query_params)
        writes = request.method != "GET"

        def interpret() -> Statement:
            unpacked = decompress(raw, headers.get("content-encoding", ""), self._limits.unpacked_bytes)
            return statement(url, headers, unpacked, writes, query_id)

        if len(raw) <= _FEW_BYTES and "content-encoding" not in headers:
            return interpret()
        return await to_thread.run_sync(interpret, limiter=self._threads)

    async def _wait_for(self, slot: anyio.Semaphore) -> None:
        with anyio.move_on_after(self._limits.queue_seconds) as waiting:
            await slot.acquire()
        if waiting.cancelled_caught:
            raise refusal(TOO_MANY_QUERIES, "TOO_MANY_SIMULTANEOUS_QUERIES", "Too many simultaneous queries")

    def _headers(self, query_id: str, result: Answer | None = None) -> dict[str, str]:
        headers = {
            "X-ClickHouse-Server-Display-Name": "throughline",
            "X-ClickHouse-Query-Id": "".join(c for c in query_id if c.isprintable() and c.isascii())[:128],
            "X-ClickHouse-Timezone": "UTC",
        }
        if result is not None:
            if result.output_format:
                headers["X-ClickHouse-Format"] = result.output_format
            headers["Content-Type"] = _CONTENT_TYPES.get(result.output_format, "text/plain; charset=UTF-8")
            summary = {name: str(number) for name, number in result.summary.items()}
            headers["X-ClickHouse-Summary"] = json.dumps(summary, separators=(",", ":"))
        return headers

    def _error(self, failure: QueryError, query_id: str, challenge: bool = False) -> Response:
        headers = self._headers(query_id) | {"X-ClickHouse-Exception-Code": str(failure.code)}
        if challenge and failure.status == 403:
            headers["WWW-Authenticate"] = 'Basic realm="ClickHouse"'
        return PlainTextResponse(failure.body(self._engine.version), failure.status, headers)


class _ResultResponse(Response):
    """Streams an answer, and gives back its handle and its slot whatever becomes of the client."""

    def __init__(
        self,
        result: Answer,
        headers: dict[str, str],
        packer: Packer,
        slot: anyio.Semaphore,
        threads: CapacityLimiter,
        limits: Limits,
    ) -> None:
        self._result, self._slot, self._threads, self._limits = result, slot, threads, limits
        self._packer = packer
        self._tag = secrets.token_hex(8)
        headers["X-ClickHouse-Exception-Tag"] = self._tag
        self.status_code = 200
        self.background = None
        self.body = b""
        self.init_headers(headers)
        # The body's length is unknown: it goes out in chunks.
        self.raw_headers = [(name, value) for name, value in self.raw_headers if name != b"content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(self._until_gone, receive, group.cancel_scope)
                await self._send_all(send)
                group.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                await to_thread.run_sync(self._result.close, limiter=self._threads)
            self._slot.release()

    async def _until_gone(self, receive: Receive, sending: anyio.CancelScope) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        sending.cancel()

    async def _send_all(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        more = True
        while more:
            piece, more = await to_thread.run_sync(self._next, limiter=self._threads)
            if piece or not more:
                with anyio.fail_after(self._limits.send_seconds):
                    await send({"type": "http.response.body", "body": piece, "more_body": more})

    def _next(self) -> tuple[bytes, bool]:
        try:
            chunk = next(self._result.chunks, None)
        except QueryError as failure:
            return self._packer.add(self._failure(failure)) + self._packer.end(), False
        if chunk is None:
            return self._packer.end(), False
        return self._packer.add(chunk), True

    def _failure(self, failure: QueryError) -> bytes:
        """ClickHouse's way to tell of an error after the status has gone out, between markers of a random tag."""
        tag, text = self._tag.encode(), failure.text.encode(errors="backslashreplace") + b"\n"
        length = str(len(text)).encode()
        return b"\r\n__exception__\r\n" + tag + b"\r\n" + text + length + b" " + tag + b"\r\n__exception__\r\n"


def _collect(result: Answer, limit: int) -> int | None:
    """Wait for the whole answer, or its first `limit` bytes, so that an error still gets a status of its own.

    Its bytes, where it is whole.
    """
    ready: list[bytes] = []
    size = 0
    chunk = None
    while size <= limit and (chunk := next(result.chunks, None)) is not None:
        ready.append(chunk)
        size += len(chunk)
    result.chunks = chain(ready, result.chunks)
    return size if chunk is None else None


def _coding(request: Request) -> str:
    if request.query_params.get("enable_http_compression", "0") in {"0", ""}:
        return ""
    return accepted(request.headers.get("accept-encoding", ""))

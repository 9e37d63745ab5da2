"""The pages by which a process tells machines how it is. Answers GET and nothing else, on loopback."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import uvicorn
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

HOST = "127.0.0.1"
_LEAVE_SECONDS = 1


def health_app(registry: CollectorRegistry, state: Callable[[], dict[str, Any]]) -> Starlette:
    """`/healthz`: `state()` as JSON, 200 as long as the process turns. `/metrics`: the registry."""

    async def healthz(_: Request) -> Response:
        return JSONResponse(state())

    async def metrics(_: Request) -> Response:
        return metrics_response(registry)

    return Starlette(routes=[Route("/healthz", healthz), Route("/metrics", metrics)])


def metrics_response(registry: CollectorRegistry) -> Response:
    """The registry in Prometheus' text format."""
    return Response(generate_latest(registry), headers={"content-type": CONTENT_TYPE_PLAIN_0_0_4})


@contextlib.asynccontextmanager
async def serving(app: Starlette, port: int) -> AsyncIterator[int]:
    """Serve the app on loopback, in the running loop, while the block runs; yields the port. Raises OSError."""
    listening = socket.create_server((HOST, port))
    server = _Server(
        uvicorn.Config(
            app,
            log_config=None,
            log_level="warning",
            access_log=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=_LEAVE_SECONDS,
        )
    )
    turning = asyncio.create_task(server.serve([listening]))
    # A server told to leave before it has begun would leave its socket open.
    await server.begun.wait()
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        await turning


class _Server(uvicorn.Server):
    """uvicorn's own server takes over the process's signals; here the process has its own way to stop."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.begun = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        finally:
            self.begun.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

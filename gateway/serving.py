"""A web app as a process of its own: until SIGTERM or SIGINT, then it drains and ends cleanly."""

import contextlib
import signal

import uvicorn
import uvloop
from starlette.applications import Starlette


def serve(app: Starlette, host: str, port: int, drain_seconds: int) -> None:
    """Serve until a signal; what is being answered then has `drain_seconds` to end."""
    # uvicorn raises the signal again once it has drained: caught here, the exit code says "clean".
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=drain_seconds,
    )
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(uvicorn.Server(config).serve())

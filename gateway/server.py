"""`python -m gateway.server`: machines in over HTTP. The composition root of the gateway's process."""

import contextlib
import logging
import sys
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.admission import Admission
from gateway.body import Refusal
from gateway.metrics import GatewayMetrics
from gateway.publisher import Publisher
from gateway.serving import serve
from gateway.touchpoints import Touchpoints, WriteKey, refuse
from schemas.settings import Settings
from sinks.health import metrics_response

PORT = 6
MOST_IN_FLIGHT_BYTES = 64 * 1024 * 1024
MOST_REQUESTS = 512
DRAIN_SECONDS = 5
STOP_SECONDS = 3.0


def build_app(settings: Settings, publisher: Publisher, admission: Admission) -> Starlette:
    """The gateway: `POST /v1/touchpoints`, `/healthz`, `/readyz`, `/metrics`.

    Raises ValueError when the settings hold no write key: a gateway open to everybody is never wanted.
    """
    key = settings.write_key.get_secret_value()
    if not key:
        raise ValueError("THROUGHLINE_WRITE_KEY is empty: set it to a long random text, or start by `throughline up`")
    metrics = GatewayMetrics()
    metrics.in_flight_bytes.set_function(lambda: admission.in_flight_bytes)
    endpoint = Touchpoints(WriteKey(key), publisher, admission, metrics, settings.phone_region)

    async def healthy(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def ready(_: Request) -> Response:
        reason = publisher.unavailable
        return JSONResponse({"status": reason or "ready"}, 503 if reason else 200)

    async def measured(_: Request) -> Response:
        return metrics_response(metrics.registry)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        publisher.start()
        yield
        await publisher.stop(STOP_SECONDS)

    routes = [
        Route("/v1/touchpoints", endpoint.receive, methods=["POST"]),
        Route("/healthz", healthy),
        Route("/readyz", ready),
        Route("/metrics", measured),
    ]
    return Starlette(routes=routes, lifespan=lifespan, exception_handlers={HTTPException: _http_error})


async def _http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail = "touchpoints are sent by POST to /v1/touchpoints"
    return refuse(Refusal(error.status_code, error.detail.lower().replace(" ", "_"), detail), dict(error.headers or {}))


def main() -> int:
    """Serve until SIGTERM or SIGINT, then drain."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    settings = Settings()
    publisher = Publisher(settings.kafka)
    try:
        app = build_app(settings, publisher, Admission(MOST_IN_FLIGHT_BYTES, MOST_REQUESTS))
    except ValueError as error:
        logging.getLogger(__name__).error("%s", error)
        return 2
    serve(app, settings.host, settings.port_base + PORT, DRAIN_SECONDS)
    return 0


if __name__ == "__main__":
    sys.exit(main())

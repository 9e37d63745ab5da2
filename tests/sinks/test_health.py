"""The pages of a process that has no other page."""

import asyncio
import signal
import socket

import httpx
import pytest
from prometheus_client import CollectorRegistry, Gauge

from sinks.health import health_app, serving


def test_the_page_answers_health_and_metrics_and_nothing_else():
    async def ask() -> list[httpx.Response]:
        registry = CollectorRegistry()
        Gauge("throughline_lag_records", "Records", ["topic"], registry=registry).labels("journey.facts").set(7)
        app = health_app(registry, lambda: {"status": "ok"})
        async with serving(app, 0) as port, httpx.AsyncClient() as client:
            url = f"http://127.0.0.1:{port}"
            paths = ("/healthz", "/metrics", "/secrets")
            return [*[await client.get(url + path) for path in paths], await client.post(url + "/healthz")]

    health, metrics, secrets, posted = asyncio.run(ask())
    assert health.json() == {"status": "ok"}
    assert metrics.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert 'throughline_lag_records{topic="journey.facts"} 7.0\n' in metrics.text
    assert (secrets.status_code, posted.status_code) == (404, 405)


def test_the_signals_stay_with_the_process_and_the_port_is_free_afterwards():
    async def serve() -> int:
        before = signal.getsignal(signal.SIGTERM)
        async with serving(health_app(CollectorRegistry(), dict), 0) as port:
            await asyncio.sleep(0)
            assert signal.getsignal(signal.SIGTERM) is before
        return port

    with socket.create_server(("127.0.0.1", asyncio.run(serve()))):
        pass


def test_a_taken_port_is_an_error_of_the_caller():
    async def serve(port: int) -> None:
        async with serving(health_app(CollectorRegistry(), dict), port):
            pass

    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        asyncio.run(serve(taken.getsockname()[1]))

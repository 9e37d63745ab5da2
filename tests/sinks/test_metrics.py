"""The figures of a process in Prometheus' text format."""

import asyncio

import httpx
import pytest

from sinks.health import health_page
from sinks.metrics import Metrics


def test_a_counter_adds_up_per_label():
    metrics = Metrics()
    metrics.add("throughline_sink_rows_total", 2, table="alerts")
    metrics.add("throughline_sink_rows_total", 3, table="alerts")
    metrics.add("throughline_sink_rows_total", table="clocks")
    assert 'throughline_sink_rows_total{table="alerts"} 5\n' in metrics.render()
    assert "# TYPE throughline_sink_rows_total counter\n" in metrics.render()
    assert metrics.value("throughline_sink_rows_total") == 6


def test_a_label_is_escaped():
    metrics = Metrics()
    metrics.add("throughline_alerts_total", channel='a"b\n\\', outcome="failed")
    assert 'channel="a\\"b\\n\\\\"' in metrics.render()


def test_a_histogram_counts_cumulatively():
    metrics = Metrics()
    for seconds in (0.2, 0.7, 99999):
        metrics.observe("throughline_end_to_end_seconds", seconds)
    page = metrics.render()
    assert 'throughline_end_to_end_seconds_bucket{le="0.5"} 1\n' in page
    assert 'throughline_end_to_end_seconds_bucket{le="1.0"} 2\n' in page
    assert 'throughline_end_to_end_seconds_bucket{le="+Inf"} 3\n' in page
    assert "throughline_end_to_end_seconds_count 3\n" in page


def test_a_name_that_is_not_declared_is_refused():
    with pytest.raises(KeyError):
        Metrics().add("throughline_misspelt_total")


def test_the_page_answers_health_and_metrics_and_nothing_else():
    async def ask() -> list[httpx.Response]:
        metrics = Metrics()
        metrics.set("throughline_lag_records", 7, topic="journey.facts")
        async with health_page(0, metrics, lambda: {"status": "ok"}) as port, httpx.AsyncClient() as client:
            url = f"http://127.0.0.1:{port}"
            paths = ("/healthz", "/metrics", "/secrets")
            return [*[await client.get(url + path) for path in paths], await client.post(url + "/healthz")]

    health, metrics, secrets, posted = asyncio.run(ask())
    assert health.json() == {"status": "ok"}
    assert 'throughline_lag_records{topic="journey.facts"} 7' in metrics.text
    assert (secrets.status_code, posted.status_code) == (404, 405)

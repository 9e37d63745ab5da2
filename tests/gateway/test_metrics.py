"""The gateway's metrics, and that the reference names them all."""

from pathlib import Path

from gateway.metrics import MEANINGS, MOST_SOURCES, GatewayMetrics

REFERENCE = Path(__file__).parent.parent.parent / "docs" / "reference" / "http.md"


def test_every_metric_is_rendered_and_in_the_reference() -> None:
    page, reference = GatewayMetrics().render(0), REFERENCE.read_text()
    for name, (kind, meaning) in MEANINGS.items():
        assert f"# HELP {name} {meaning}\n# TYPE {name} {kind}\n" in page
        assert f"`{name}" in reference


def test_clients_cannot_make_labels_without_end() -> None:
    metrics = GatewayMetrics()
    for number in range(MOST_SOURCES + 50):
        metrics.accepted(f"source-{number}", f"team_{number}")
    page = metrics.render(0)
    assert page.count("throughline_touchpoints_total{") == MOST_SOURCES + 1
    assert 'throughline_touchpoints_total{source="other",team="other"} 50\n' in page


def test_a_histogram_is_cumulative() -> None:
    metrics = GatewayMetrics()
    for seconds in (0.001, 0.02, 9.0):
        metrics.confirmed(seconds)
    page = metrics.render(0)
    assert 'confirm_seconds_bucket{le="0.005"} 1\n' in page
    assert 'confirm_seconds_bucket{le="5.0"} 2\n' in page
    assert 'confirm_seconds_bucket{le="+Inf"} 3\n' in page

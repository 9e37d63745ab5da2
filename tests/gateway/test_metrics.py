"""The gateway's metrics, and that the reference names them all."""

from pathlib import Path

from gateway.metrics import GatewayMetrics

REFERENCE = Path(__file__).parent.parent.parent / "docs" / "reference" / "http.md"


def test_every_metric_is_in_the_reference() -> None:
    reference = REFERENCE.read_text()
    for family in GatewayMetrics().registry.collect():
        name = f"{family.name}_total" if family.type == "counter" else family.name
        assert f"`{name}" in reference


def test_clients_cannot_make_labels_without_end() -> None:
    metrics = GatewayMetrics()
    for number in range(250):
        metrics.accepted(f"source-{number}", f"team_{number}", 1)
    (family,) = [family for family in metrics.registry.collect() if family.name == "throughline_touchpoints"]
    counts = {tuple(each.labels.values()): each.value for each in family.samples if each.name.endswith("_total")}
    assert len(counts) == 201
    assert counts["other", "other"] == 50

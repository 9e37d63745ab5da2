"""Every metric of the gateway, by name and one line of meaning. No ids as labels."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from sinks.label import FewLabels

TEAMS = frozenset({"marketing", "sales"})


class GatewayMetrics:
    """The figures of one gateway process since its start."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.touchpoints = Counter(
            "throughline_touchpoints",
            "Touchpoints written to Kafka with acks=all",
            ["source", "team"],
            registry=registry,
        )
        self.rejected = Counter(
            "throughline_rejected", "Touchpoints answered as rejected, by reason", ["reason"], registry=registry
        )
        self.requests = Counter(
            "throughline_gateway_requests", "Requests for touchpoints, by HTTP status", ["status"], registry=registry
        )
        self.confirm_seconds = Histogram(
            "throughline_gateway_confirm_seconds", "Seconds from a request's first send to Kafka's last ack",
            registry=registry, buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
        )  # fmt: skip
        self.in_flight_bytes = Gauge(
            "throughline_gateway_in_flight_bytes",
            "Bytes of requests that Kafka has not confirmed yet",
            registry=registry,
        )
        self._sources = FewLabels()

    def accepted(self, source: str, team: str, touchpoints: int) -> None:
        """Count touchpoints that Kafka confirmed. Source and team are a client's free text."""
        self.touchpoints.labels(self._sources.of(source), team if team in TEAMS else "other").inc(touchpoints)

"""What the gateway counts, in Prometheus' text format. Every metric name of the gateway is in this file."""

from collections import Counter
from collections.abc import Iterable

# A source is a client's free text: past this many, the rest are counted as one.
MOST_SOURCES = 200
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

MEANINGS = {
    "throughline_touchpoints_total": ("counter", "Touchpoints written to Kafka with acks=all"),
    "throughline_rejected_total": ("counter", "Touchpoints answered as rejected, by reason"),
    "throughline_gateway_requests_total": ("counter", "Requests for touchpoints, by HTTP status"),
    "throughline_gateway_confirm_seconds": ("histogram", "Seconds from a request's first send to Kafka's last ack"),
    "throughline_gateway_in_flight_bytes": ("gauge", "Bytes of requests that Kafka has not confirmed yet"),
}


class GatewayMetrics:
    """Counts of one gateway process since its start."""

    def __init__(self) -> None:
        self._accepted: Counter[tuple[str, str]] = Counter()
        self._rejected: Counter[str] = Counter()
        self._requests: Counter[int] = Counter()
        self._sources: set[str] = set()
        self._seconds: Counter[float] = Counter()
        self._seconds_sum = 0.0
        self._seconds_count = 0

    def accepted(self, source: str, team: str) -> None:
        """Count one touchpoint that Kafka confirmed."""
        if len(self._sources) < MOST_SOURCES:
            self._sources.add(source)
        known = source in self._sources
        self._accepted[source if known else "other", team if team in {"marketing", "sales"} else "other"] += 1

    def rejected(self, reason: str) -> None:
        """Count one touchpoint answered as rejected."""
        self._rejected[reason] += 1

    def answered(self, status: int) -> None:
        """Count one answer to a request for touchpoints."""
        self._requests[status] += 1

    def confirmed(self, seconds: float) -> None:
        """Observe how long Kafka took to confirm a request."""
        self._seconds_sum += seconds
        self._seconds_count += 1
        for limit in SECONDS:
            if seconds <= limit:
                self._seconds[limit] += 1

    def render(self, in_flight_bytes: int) -> str:
        """The page of `/metrics`."""
        name = "throughline_gateway_confirm_seconds"
        lines = {
            "throughline_touchpoints_total": [
                _line("throughline_touchpoints_total", count, source=source, team=team)
                for (source, team), count in sorted(self._accepted.items())
            ],
            "throughline_rejected_total": [
                _line("throughline_rejected_total", count, reason=reason)
                for reason, count in sorted(self._rejected.items())
            ],
            "throughline_gateway_requests_total": [
                _line("throughline_gateway_requests_total", count, status=str(status))
                for status, count in sorted(self._requests.items())
            ],
            name: [
                *(_line(f"{name}_bucket", self._seconds[limit], le=str(limit)) for limit in SECONDS),
                _line(f"{name}_bucket", self._seconds_count, le="+Inf"),
                _line(f"{name}_sum", self._seconds_sum),
                _line(f"{name}_count", self._seconds_count),
            ],
            "throughline_gateway_in_flight_bytes": [_line("throughline_gateway_in_flight_bytes", in_flight_bytes)],
        }
        return "".join(_family(name, lines[name]) for name in MEANINGS)


def _family(name: str, lines: Iterable[str]) -> str:
    kind, meaning = MEANINGS[name]
    return f"# HELP {name} {meaning}\n# TYPE {name} {kind}\n" + "".join(lines)


def _line(name: str, value: float, **labels: str) -> str:
    shown = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{shown}}} {value}\n" if shown else f"{name} {value}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")

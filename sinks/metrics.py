"""What the sinks count, in Prometheus' text format. Every metric name of writer and notifier is in this file."""

from collections import defaultdict
from collections.abc import Iterable

MEANINGS = {
    "throughline_sink_rows_total": ("counter", "Rows that ClickHouse acknowledged, by table"),
    "throughline_sink_inserts_total": ("counter", "Inserts that ClickHouse acknowledged, by table"),
    "throughline_sink_retries_total": ("counter", "Batches that had to be tried again, because ClickHouse refused"),
    "throughline_sink_clickhouse_up": ("gauge", "1 where ClickHouse answered last time, else 0"),
    "throughline_sink_waiting_rows": ("gauge", "Rows of the batch that is being filled"),
    "throughline_sink_last_row_timestamp_seconds": ("gauge", "Kafka's time of the newest acknowledged record"),
    "throughline_end_to_end_seconds": ("histogram", "From received_at to queryable: the oldest touchpoint of a batch"),
    "throughline_lag_records": ("gauge", "Records of a topic that are committed in Kafka and not handled here"),
    "throughline_alerts_total": ("counter", "Alerts by channel and outcome of the attempt"),
    "throughline_alerts_pending": ("gauge", "Alerts that wait for a first or another attempt, by channel"),
}
BUCKETS = {"throughline_end_to_end_seconds": (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)}

Labels = tuple[tuple[str, str], ...]


class Metrics:
    """The figures of one process since its start. Names come from MEANINGS; labels are keyword arguments."""

    def __init__(self) -> None:
        self._values: defaultdict[str, dict[Labels, float]] = defaultdict(dict)
        self._observed: dict[str, list[float]] = {}

    def add(self, name: str, amount: float = 1, /, **labels: str) -> None:
        """Raise a counter."""
        key = _key(name, "counter", labels)
        self._values[name][key] = self._values[name].get(key, 0) + amount

    def set(self, name: str, value: float, /, **labels: str) -> None:
        """Set a gauge."""
        self._values[name][_key(name, "gauge", labels)] = value

    def observe(self, name: str, value: float) -> None:
        """Add one observation to a histogram."""
        _key(name, "histogram", {})
        counts = self._observed.setdefault(name, [0.0] * (len(BUCKETS[name]) + 2))
        for index, limit in enumerate(BUCKETS[name]):
            counts[index] += value <= limit
        counts[-2] += 1
        counts[-1] += value

    def value(self, name: str, /, **labels: str) -> float:
        """The sum over every labelling that includes `labels`; 0 where there is none."""
        wanted = set(labels.items())
        return sum(value for key, value in self._values[name].items() if wanted <= set(key))

    def render(self) -> str:
        """The page of /metrics."""
        return "".join(self._family(name, kind, meaning) for name, (kind, meaning) in MEANINGS.items())

    def _family(self, name: str, kind: str, meaning: str) -> str:
        lines = [_line(name, key, value) for key, value in sorted(self._values[name].items())]
        lines += self._histogram(name)
        return f"# HELP {name} {meaning}\n# TYPE {name} {kind}\n" + "".join(lines) if lines else ""

    def _histogram(self, name: str) -> Iterable[str]:
        if name not in self._observed:
            return
        counts = self._observed[name]
        for limit, count in zip((*BUCKETS[name], "+Inf"), counts, strict=False):
            yield _line(f"{name}_bucket", (("le", str(limit)),), count)
        yield _line(f"{name}_sum", (), counts[-1])
        yield _line(f"{name}_count", (), counts[-2])


def _key(name: str, kind: str, labels: dict[str, str]) -> Labels:
    if MEANINGS[name][0] != kind:
        raise TypeError(f"{name} is a {MEANINGS[name][0]}, not a {kind}")
    return tuple(sorted(labels.items()))


def _line(name: str, labels: Labels, value: float) -> str:
    inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels)
    return f"{name}{{{inside}}} {value:.10g}\n" if inside else f"{name} {value:.10g}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

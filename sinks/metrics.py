"""Every metric of writer and notifier, by name and one line of meaning. No ids as labels."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class WriterMetrics:
    """The figures of one writer process since its start."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.rows = Counter(
            "throughline_sink_rows", "Rows that ClickHouse acknowledged, by table", ["table"], registry=registry
        )
        self.inserts = Counter(
            "throughline_sink_inserts", "Inserts that ClickHouse acknowledged, by table", ["table"], registry=registry
        )
        self.voided = Counter(
            "throughline_sink_voided_rows",
            "Facts taken back because a rebuild or a merge says them no more, by table",
            ["table"],
            registry=registry,
        )
        self.retries = Counter(
            "throughline_sink_retries", "Batches tried again, because ClickHouse refused", registry=registry
        )
        self.clickhouse_up = Gauge(
            "throughline_sink_clickhouse_up", "1 where ClickHouse answered last time, else 0", registry=registry
        )
        self.waiting_rows = Gauge(
            "throughline_sink_waiting_rows", "Rows of the batch that is being filled", registry=registry
        )
        self.last_row = Gauge(
            "throughline_sink_last_row_timestamp_seconds",
            "Kafka's time of the newest acknowledged record",
            registry=registry,
        )
        self.end_to_end_seconds = Histogram(
            "throughline_end_to_end_seconds", "From received_at to queryable: the oldest touchpoint of a batch",
            registry=registry, buckets=(0.5, 1, 2, 5, 10, 30, 60, 300, 1800),
        )  # fmt: skip
        self.lag = _lag(registry)


class NotifierMetrics:
    """The figures of one notifier process since its start."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.alerts = Counter(
            "throughline_alerts",
            "Alerts by channel and outcome of the attempt",
            ["channel", "outcome"],
            registry=registry,
        )
        self.pending = Gauge(
            "throughline_alerts_pending",
            "Alerts that wait for a first or another attempt, by channel",
            ["channel"],
            registry=registry,
        )
        self.lag = _lag(registry)


def _lag(registry: CollectorRegistry) -> Gauge:
    return Gauge(
        "throughline_lag_records", "Records committed in Kafka and not handled here", ["topic"], registry=registry
    )

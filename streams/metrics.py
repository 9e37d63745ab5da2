"""Every metric of the worker, by name and one line of meaning. No ids as labels."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from sinks.label import FewLabels


class Metrics:
    """The figures of one worker process since its start."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.touchpoints = Counter(
            "throughline_touchpoints", "Touchpoints accepted by intake", ["source", "team"], registry=registry
        )
        self.rejected = Counter("throughline_rejected", "Records rejected, by reason", ["reason"], registry=registry)
        self.ignored = Counter("throughline_ignored", "Records without a value", registry=registry)
        self.folded = Counter("throughline_folded", "Touchpoints folded into journeys", registry=registry)
        self.duplicates = Counter("throughline_duplicates", "Touchpoints seen before", registry=registry)
        self.too_late = Counter("throughline_too_late", "Touchpoints behind the correction window", registry=registry)
        self.forwarded = Counter(
            "throughline_forwarded", "Touchpoints passed on to the customer theirs was merged into", registry=registry
        )
        self.rebuilt = Counter(
            "throughline_rebuilt", "Journeys folded anew from history, by reason", ["reason"], registry=registry
        )
        self.links = Counter("throughline_links", "Links between identifiers that intake told", registry=registry)
        self.assigned = Counter(
            "throughline_assigned", "Identifiers whose customer changed, by a link or a person", registry=registry
        )
        self.conflicts = Counter(
            "throughline_identity_conflicts",
            "Identifiers found to join no customer: two known people share them, or one customer would have too many",
            registry=registry,
        )
        self.transactions = Counter(
            "throughline_transactions",
            "Kafka transactions by stage and outcome",
            ["stage", "outcome"],
            registry=registry,
        )
        self.chunk_seconds = Histogram(
            "throughline_chunk_seconds", "From a chunk's first record to its commit", ["stage"], registry=registry,
            buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
        )  # fmt: skip
        self.lag = Gauge(
            "throughline_lag_records", "Records not yet handled, by input topic", ["topic"], registry=registry
        )
        self.journeys = Gauge("throughline_journeys", "Customers with a journey in this worker", registry=registry)
        self.ready = Gauge("throughline_ready", "1 where every assigned partition is restored", registry=registry)
        self._sources = FewLabels()

    def count(self, counts: dict[tuple[str, ...], int]) -> None:
        """Take in what a committed chunk counted."""
        for what, amount in counts.items():
            match what:
                case ("accepted", source, team):
                    self.touchpoints.labels(self._sources.of(source), team).inc(amount)
                case ("rejected", reason):
                    self.rejected.labels(reason).inc(amount)
                case ("ignored", _):
                    self.ignored.inc(amount)
                case ("folded",):
                    self.folded.inc(amount)
                case ("duplicates",):
                    self.duplicates.inc(amount)
                case ("too_late",):
                    self.too_late.inc(amount)
                case ("forwarded",):
                    self.forwarded.inc(amount)
                case ("rebuilt", reason):
                    self.rebuilt.labels(reason).inc(amount)
                case ("links",):
                    self.links.inc(amount)
                case ("assigned",):
                    self.assigned.inc(amount)
                case ("conflicts",):
                    self.conflicts.inc(amount)


class RebuilderMetrics:
    """The figures of one rebuilder process since its start."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.rebuilds = Counter(
            "throughline_rebuilds",
            "Requests for a rebuild that were answered, by outcome: rebuilt, refused",
            ["outcome"],
            registry=registry,
        )
        self.touchpoints = Counter(
            "throughline_rebuild_touchpoints", "Touchpoints read from history and folded anew", registry=registry
        )
        self.pending = Gauge("throughline_rebuilds_pending", "Requests for a rebuild that wait", registry=registry)
        self.waiting_records = Gauge(
            "throughline_rebuild_waiting_records",
            "Records that ClickHouse does not hold yet and a rebuild waits for",
            registry=registry,
        )
        self.seconds = Histogram(
            "throughline_rebuild_seconds", "From a request that was taken to its answer in Kafka", registry=registry,
            buckets=(0.5, 1, 2, 5, 10, 30, 60, 300, 1800),
        )  # fmt: skip

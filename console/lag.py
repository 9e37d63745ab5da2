"""How far each consumer group of the product is behind, in records that it has yet to see."""

import time
from dataclasses import dataclass
from typing import Any

from console.workspace import UnreachableError
from schemas.topic import RAW, TOPICS

_PROBED_MOST, _PROBE_SECONDS = 500, 2
_PRODUCT_TOPICS = frozenset(topic.name for topic in TOPICS)


@dataclass(frozen=True)
class Lag:
    """Records of one topic that one group has yet to see."""

    group: str
    topic: str
    records: int


class KafkaView:
    """What Kafka knows of the product's groups and topics. Raises UnreachableError where Kafka is away."""

    def __init__(self, bootstrap: str) -> None:
        from kafka.admin import KafkaAdminClient
        from kafka.errors import KafkaError

        self._bootstrap = bootstrap
        try:
            self._admin = KafkaAdminClient(
                bootstrap_servers=bootstrap, bootstrap_timeout_ms=5000, request_timeout_ms=15000
            )
        except (KafkaError, OSError) as error:
            raise UnreachableError(
                f"Kafka at {bootstrap} does not answer ({error!r}); see `throughline status`"
            ) from None

    def close(self) -> None:
        """Let the connection go."""
        self._admin.close()

    def lags(self) -> list[Lag]:
        """Every group's lag per topic of the product. Transaction markers are no records and do not count."""
        found: list[Lag] = []
        for group in sorted(row["group_id"] for row in self._admin.list_groups()):
            committed = self._committed(group)
            for topic in sorted({place.topic for place in committed}):
                found.append(Lag(group, topic, self.left(group, topic)))
        return found

    def left(self, group: str, *topics: str) -> int:
        """Records of the topics that the group has yet to see; where it never committed, all of them."""
        return self.left_below(group, self.ends(*topics))

    def left_below(self, group: str, ends: dict[Any, int]) -> int:
        """The same of the records below given offsets."""
        committed = self._committed(group)
        gaps = {place: (committed.get(place, 0), end) for place, end in ends.items()}
        # A transactional topic ends with markers that a group never commits past: a small gap may hold no record.
        doubtful = {
            place: gap for place, gap in gaps.items() if place.topic not in RAW and 0 < gap[1] - gap[0] <= _PROBED_MOST
        }
        sure = sum(max(0, end - start) for place, (start, end) in gaps.items() if place not in doubtful)
        return sure + (self._records_in(doubtful) if doubtful else 0)

    def newest(self, *topics: str) -> int | None:
        """Epoch ms of the newest record of the topics, by its timestamp; None where there is none."""
        from kafka.admin import OffsetSpec

        wanted = {place: OffsetSpec.MAX_TIMESTAMP for place in self.ends(*topics)}
        found = [offset.timestamp for offset in self._admin.list_partition_offsets(wanted).values()]
        return max(found, default=None)

    def ends(self, *topics: str) -> dict[Any, int]:
        """TopicPartition -> the offset that its next record gets; what an open transaction wrote is counted."""
        from kafka import TopicPartition
        from kafka.admin import OffsetSpec

        described = self._admin.describe_topics(list(topics))
        places = [
            TopicPartition(topic["name"], partition["partition_index"])
            for topic in described
            for partition in topic["partitions"]
        ]
        offsets = self._admin.list_partition_offsets({place: OffsetSpec.LATEST for place in places})
        return {place: found.offset for place, found in offsets.items()}

    def _committed(self, group: str) -> dict[Any, int]:
        offsets = self._admin.list_group_offsets({group: None}).get(group, {})
        return {place: found.offset for place, found in offsets.items() if place.topic in _PRODUCT_TOPICS}

    def _records_in(self, gaps: dict[Any, tuple[int, int]]) -> int:
        """How many records, markers left out, lie between start and end of each place, or may yet be committed."""
        from kafka import KafkaConsumer

        consumer = KafkaConsumer(
            bootstrap_servers=self._bootstrap, isolation_level="read_committed", enable_auto_commit=False, group_id=None
        )
        try:
            consumer.assign(list(gaps))
            for place, (start, _) in gaps.items():
                consumer.seek(place, start)
            seen, deadline = 0, time.monotonic() + _PROBE_SECONDS
            while True:
                unread: int = sum(max(0, end - consumer.position(place)) for place, (_, end) in gaps.items())
                if not unread or time.monotonic() > deadline:
                    return seen + unread
                seen += sum(len(records) for records in consumer.poll(100).values())
        finally:
            consumer.close()

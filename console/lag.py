"""How far each consumer group of the product is behind, in records that it has yet to see."""

import time
from dataclasses import dataclass
from typing import Any

from console.workspace import UnreachableError
from schemas.topic import RAW, TOPICS

_PROBED_MOST = 500
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
        committed = self._committed(group)
        count = 0
        for place, end in self.ends(*topics).items():
            start = committed.get(place, 0)
            if end > start and end - start <= _PROBED_MOST and place.topic not in RAW:
                count += self._records_from(place, start, end)
            else:
                count += max(0, end - start)
        return count

    def newest(self, *topics: str) -> int | None:
        """Epoch ms of the newest record of the topics, by its timestamp; None where there is none."""
        from kafka.admin import OffsetSpec

        wanted = {place: OffsetSpec.MAX_TIMESTAMP for place in self.ends(*topics)}
        found = [offset.timestamp for offset in self._admin.list_partition_offsets(wanted).values()]
        return max(found, default=None)

    def ends(self, *topics: str) -> dict[Any, int]:
        """TopicPartition -> the offset that its next record gets, or the first one of an open transaction."""
        from kafka import TopicPartition
        from kafka.admin import OffsetSpec
        from kafka.protocol.consumer.offsets import IsolationLevel

        described = self._admin.describe_topics(list(topics))
        places = [
            TopicPartition(topic["name"], partition["partition_index"])
            for topic in described
            for partition in topic["partitions"]
        ]
        wanted = {place: OffsetSpec.LATEST for place in places}
        offsets = self._admin.list_partition_offsets(wanted, isolation_level=IsolationLevel.READ_COMMITTED)
        return {place: found.offset for place, found in offsets.items()}

    def _committed(self, group: str) -> dict[Any, int]:
        offsets = self._admin.list_group_offsets({group: None}).get(group, {})
        return {place: found.offset for place, found in offsets.items() if place.topic in _PRODUCT_TOPICS}

    def _records_from(self, place: Any, start: int, end: int) -> int:
        """A transactional topic ends with its markers, which a group never commits past: count the records."""
        from kafka import KafkaConsumer

        consumer = KafkaConsumer(
            bootstrap_servers=self._bootstrap, isolation_level="read_committed", enable_auto_commit=False, group_id=None
        )
        try:
            consumer.assign([place])
            consumer.seek(place, start)
            seen, deadline = 0, time.monotonic() + 2
            while consumer.position(place) < end and time.monotonic() < deadline:
                seen += sum(len(records) for records in consumer.poll(200).values())
            return seen
        finally:
            consumer.close()

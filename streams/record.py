"""A record of Kafka's as the stages read it."""

from typing import Any


class Record:
    """`timestamp` is epoch ms."""

    def __init__(
        self,
        topic: str,
        partition: int,
        offset: int,
        timestamp: int,
        key: bytes | None,
        value: bytes | None,
        headers: list[tuple[str, bytes]] | None = None,
    ) -> None:
        self.topic, self.partition, self.offset, self.timestamp = topic, partition, offset, timestamp
        self.key, self.value = key, value
        self.headers: list[tuple[str, bytes]] = [] if headers is None else headers


def record_of(topic: str, partition: int, bare: Any) -> Record:
    """What aiokafka's decoder made of a record of this partition."""
    return Record(topic, partition, bare.offset, bare.timestamp, bare.key, bare.value, bare.headers)

"""Where a customer is: one partition, the same for whoever asks."""

from functools import lru_cache

from aiokafka.partitioner import murmur2


@lru_cache(maxsize=500_000)
def partition_of(customer_id: str, partitions: int) -> int:
    """The partition of a customer: Kafka's murmur2, as Java's and Python's producers place a key."""
    return int((murmur2(customer_id.encode()) & 0x7FFFFFFF) % partitions)

"""The product's topics on a cluster: created once, grown by nobody but `throughline repartition`.

A worker must not start before they are there.
"""

import time
from collections.abc import Iterable, Sequence
from typing import Any

from schemas.topic import TOPICS, Topic

_GROWN_SECONDS = 30


class PartitionsDifferError(RuntimeError):
    """A topic exists with another number of partitions than this instance is set to."""


def create_topics(
    bootstrap: str, partitions: int, topics: Iterable[Topic] = TOPICS, replication: int = -1
) -> list[str]:
    """Create what is missing of `topics`; returns the names created, [] where all were there.

    `partitions` is the count of every partitioned topic, `replication` the factor (-1: the cluster's default).
    Raises PartitionsDifferError, naming the fix, where a topic has another count: keys would change partition, and with
    them the place of a customer's state.
    """
    from kafka.admin import KafkaAdminClient
    from kafka.errors import TopicAlreadyExistsError

    wanted = {topic.name: topic for topic in topics}
    admin = KafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=30000)
    try:
        existing = _partition_counts(admin, set(wanted))
        _refuse_other_counts(existing, wanted, partitions)
        missing = [topic for name, topic in wanted.items() if name not in existing]
        for topic in missing:
            try:
                admin.create_topics({topic.name: _specification(topic, partitions, replication)}, timeout_ms=20000)
            except TopicAlreadyExistsError:
                _refuse_other_counts(_partition_counts(admin, {topic.name}), wanted, partitions)
        admin.wait_for_topics(list(wanted), timeout_ms=20000)
    finally:
        admin.close()
    return [topic.name for topic in missing]


def partitions_of(bootstrap: str) -> dict[str, int]:
    """How many partitions each of the product's topics has; those that are missing are left out."""
    from kafka.admin import KafkaAdminClient

    admin = KafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=30000)
    try:
        return _partition_counts(admin, {topic.name for topic in TOPICS})
    finally:
        admin.close()


def grow_topics(bootstrap: str, partitions: int, names: Sequence[str]) -> None:
    """Give these topics so many partitions, one after the other in this order; more is never taken back.

    Returns when all of the partitions are there. Raises TimeoutError, and Kafka's errors.
    """
    from kafka.admin import KafkaAdminClient

    admin = KafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=30000)
    try:
        for name in names:
            if _partition_counts(admin, {name})[name] < partitions:
                admin.create_partitions({name: partitions}, timeout_ms=20000)
            deadline = time.monotonic() + _GROWN_SECONDS
            while _partition_counts(admin, {name})[name] < partitions:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"topic {name} has not {partitions} partitions after {_GROWN_SECONDS} s")
                time.sleep(0.1)
    finally:
        admin.close()


def members_of(bootstrap: str, group: str) -> list[str]:
    """Who is in a consumer group, by the names under which its members registered; [] where nobody is."""
    from kafka.admin import KafkaAdminClient

    admin = KafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=30000)
    try:
        if group not in {row["group_id"] for row in admin.list_groups()}:
            return []
        members = admin.describe_groups([group])[group]["members"]
        return sorted(member.get("group_instance_id") or member["member_id"] for member in members)
    finally:
        admin.close()


def expected_partitions(topic: Topic, partitions: int) -> int:
    """How many partitions a topic has in an instance of `partitions`."""
    return partitions if topic.partitioned else 1


def _specification(topic: Topic, partitions: int, replication: int) -> dict[str, Any]:
    count = expected_partitions(topic, partitions)
    return {"num_partitions": count, "replication_factor": replication, "configs": topic.config}


def _partition_counts(admin: Any, names: set[str]) -> dict[str, int]:
    described = admin.describe_topics(sorted(names))
    return {topic["name"]: len(topic["partitions"]) for topic in described if topic["error_code"] == 0}


def _refuse_other_counts(existing: dict[str, int], wanted: dict[str, Topic], partitions: int) -> None:
    for name, found in existing.items():
        expected = expected_partitions(wanted[name], partitions)
        if found != expected:
            more = f". For {expected}: `throughline repartition --partitions {expected}`" if expected > found else ""
            raise PartitionsDifferError(
                f"topic {name} has {found} partitions, this instance is set to {expected}. "
                f"The count is fixed at first start: set THROUGHLINE_PARTITIONS={found}{more}"
                if wanted[name].partitioned
                else f"topic {name} has {found} partitions and must have one: delete it, or use another cluster"
            )

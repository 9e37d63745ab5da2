"""The embedded broker: the topics of the product, and what a kill leaves."""

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import KafkaAdminClient

from deploy.kafka.broker import Broker, wait_ready
from deploy.kafka.topics import PartitionsDifferError, create_topics
from schemas.topic import REJECTED, TOPICS


def test_every_topic_of_the_product_is_created_with_its_partitions_and_only_once(product_topics: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=product_topics)
    counts = {topic["name"]: len(topic["partitions"]) for topic in admin.describe_topics()}
    admin.close()
    assert {topic.name: counts[topic.name] for topic in TOPICS} == {
        topic.name: 4 if topic.partitioned else 1 for topic in TOPICS
    }
    assert counts[REJECTED] == 1
    assert create_topics(product_topics, partitions=4) == []


def test_another_number_of_partitions_is_refused_and_the_setting_is_named(product_topics: str) -> None:
    with pytest.raises(PartitionsDifferError, match="THROUGHLINE_PARTITIONS=4"):
        create_topics(product_topics, partitions=8)


def test_a_topic_is_not_created_by_writing_to_it(kafka: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    described = admin.describe_topics(["never.created"])
    assert described[0]["error_code"] == 3
    assert "never.created" not in admin.list_topics()
    admin.close()


@pytest.mark.parametrize("codec", [None, "gzip"])
def test_a_value_of_two_mib_gets_through(kafka: str, new_topic: Callable[..., str], codec: str | None) -> None:
    topic = new_topic("large", config={"max.message.bytes": str(16 * 1024 * 1024)})
    producer = KafkaProducer(bootstrap_servers=kafka, acks="all", max_request_size=8_000_000, compression_type=codec)
    value = bytes(range(256)) * 8192
    assert producer.send(topic, value).get(timeout=20).offset == 0
    producer.close()


def features(bootstrap: str) -> set[str]:
    """Those that are switched on."""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        return {name for name, levels in admin.describe_features().items() if "finalized" in levels}
    finally:
        admin.close()


def test_a_killed_broker_comes_back_with_every_acknowledged_record(
    tmp_path: Path, free_ports: Callable[[int], list[int]]
) -> None:
    broker = Broker(tmp_path / "kafka", *free_ports(2))
    broker.prepare()
    first = subprocess.Popen(broker.command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_ready(broker.bootstrap)
        create_topics(broker.bootstrap, partitions=2)
        producer = KafkaProducer(bootstrap_servers=broker.bootstrap, acks="all")
        sent = [producer.send("journey.facts", str(n).encode()) for n in range(500)]
        for each in sent:
            each.get(timeout=20)
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait()
    broker.prepare()
    second = subprocess.Popen(broker.command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_ready(broker.bootstrap)
        assert "eligible.leader.replicas.version" not in features(broker.bootstrap)
        consumer = KafkaConsumer(
            "journey.facts",
            bootstrap_servers=broker.bootstrap,
            auto_offset_reset="earliest",
            consumer_timeout_ms=8000,
            group_id=None,
        )
        # The range first: asked for one more record, the consumer would wait for its whole timeout.
        values = {record.value for _, record in zip(range(500), consumer, strict=False)}
        assert values == {str(n).encode() for n in range(500)}
        consumer.close()
        producer.close(timeout=1)
    finally:
        second.terminate()
        second.wait(20)


def test_a_start_killed_while_formatting_is_formatted_again(
    tmp_path: Path, free_ports: Callable[[int], list[int]]
) -> None:
    broker = Broker(tmp_path / "kafka", *free_ports(2))
    broker.prepare()
    (broker.logs / "bootstrap.checkpoint").unlink()
    (broker.logs / "meta.properties").unlink()
    broker.prepare()
    assert (broker.logs / "meta.properties").exists()
    assert (broker.logs / "bootstrap.checkpoint").exists()

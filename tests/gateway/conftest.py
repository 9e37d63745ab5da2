"""A running gateway in front of a real broker, as its own process."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kafka import KafkaConsumer, TopicPartition

from deploy.kafka.broker import Broker, wait_ready
from deploy.kafka.topics import create_topics
from schemas.topic import RAW
from tests.process import answers, child, eventually

WRITE_KEY = "a-write-key-of-the-tests"


class OwnBroker:
    """A broker that a test may pause and kill."""

    def __init__(self, broker: Broker) -> None:
        self.bootstrap = broker.bootstrap
        self._broker = broker
        self._log = (broker.folder / "kafka.log").open("ab")
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self._broker.command(), stdout=self._log, stderr=self._log)
        wait_ready(self.bootstrap)

    def resume(self) -> None:
        """As a test should find it: running, whatever the one before did to it."""
        self.process.send_signal(signal.SIGCONT)
        if self.process.poll() is not None:
            self.start()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self._log.flush()


@pytest.fixture(scope="session")
def started_broker(
    tmp_path_factory: pytest.TempPathFactory, free_ports: Callable[[int], list[int]]
) -> Iterator[OwnBroker]:
    """A broker with the product's topics, which only tests that pause and kill it use."""
    broker = Broker(tmp_path_factory.mktemp("own-kafka"), *free_ports(2))
    broker.prepare()
    running = OwnBroker(broker)
    create_topics(running.bootstrap, partitions=4)
    yield running
    running.kill()


@pytest.fixture
def own_broker(started_broker: OwnBroker) -> OwnBroker:
    """The same, running."""
    started_broker.resume()
    return started_broker


@contextmanager
def running_gateway(kafka: str, port: int, log: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The gateway's URL and process; stopped at the end."""
    environment = {
        "THROUGHLINE_KAFKA": kafka,
        "THROUGHLINE_PORT_BASE": str(port - 6),
        "THROUGHLINE_WRITE_KEY": WRITE_KEY,
        "THROUGHLINE_DATA": str(log.parent),
    }
    with child([sys.executable, "-m", "gateway.server"], log, environment) as process:
        yield f"http://127.0.0.1:{port}", process


@pytest.fixture(scope="session")
def gateway(
    product_topics: str, free_ports: Callable[[int], list[int]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """URL of a gateway that is ready."""
    log = tmp_path_factory.mktemp("gateway") / "gateway.log"
    with running_gateway(product_topics, free_ports(1)[0], log) as (url, _):
        eventually(lambda: answers(f"{url}/readyz"))
        yield url


@pytest.fixture
def raw_records(product_topics: str) -> Iterator[Callable[[], dict[str, list[tuple[bytes | None, bytes]]]]]:
    """raw_records() gives, per raw topic, the (key, value) pairs written since the test began."""
    consumer = KafkaConsumer(bootstrap_servers=product_topics, enable_auto_commit=False)
    partitions = [TopicPartition(topic, number) for topic in RAW for number in range(4)]
    consumer.assign(partitions)
    start = consumer.end_offsets(partitions)
    for partition, offset in start.items():
        consumer.seek(partition, offset)

    def read() -> dict[str, list[tuple[bytes | None, bytes]]]:
        end = consumer.end_offsets(partitions)
        found: dict[str, list[tuple[bytes | None, bytes]]] = {topic: [] for topic in RAW}
        while any(consumer.position(partition) < end[partition] for partition in partitions):
            for partition, records in consumer.poll(timeout_ms=500).items():
                found[partition.topic] += [(record.key, record.value) for record in records]
        return found

    yield read
    consumer.close()


@pytest.fixture
def touchpoint() -> Callable[..., dict[str, object]]:
    """touchpoint(id="m-1", ...) is a valid touchpoint as a dict, with the given fields replaced."""

    def make(**changes: object) -> dict[str, object]:
        return {
            "id": "m-1",
            "source": "mailer",
            "type": "email.opened",
            "team": "marketing",
            "customer": {"email": "Jo@Acme.example"},
            "occurred_at": "2026-03-01T09:00:00Z",
            "direction": "inbound",
            **changes,
        }

    return make

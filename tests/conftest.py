"""Real parts for the tests: an embedded Kafka and an embedded ClickHouse, started once, when first asked for."""

import os
import random
import socket
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from console.loading.load import Loaded, Plan, load
from deploy.kafka.topics import create_topics
from journey.policy.reading import read
from journey.rules import Rules
from schemas.settings import DEFAULT_POLICY, Settings
from schemas.topic import Topic
from tests.process import answers, broker, child, eventually

READY_SECONDS = 60
RULES = Rules(read(DEFAULT_POLICY.read_text()))
SIMULATION = Plan(240, 60, 16, int(datetime(2026, 10, 1, tzinfo=UTC).timestamp() * 1000), waves=2, folded=80)
PORTS, SHARES = range(20_000, 32_000), 4


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of a whole instance, which mostly wait, go first: beside them the short ones fill the processors."""
    items.sort(key=lambda item: item.path.parent != Path(__file__).parent)


@dataclass(frozen=True)
class ClickHouse:
    """A running embedded ClickHouse: the writer's account (user, password) and the analyst's (readonly_*)."""

    url: str
    host: str
    port: int
    database: str
    user: str
    password: str
    readonly_user: str
    readonly_password: str


@pytest.fixture(scope="session")
def free_ports() -> Callable[[int], list[int]]:
    """free_ports(n): n TCP ports of loopback that nothing listened on a moment ago."""
    return _free_ports


@pytest.fixture
def port_base() -> int:
    """The first of ten neighbouring free ports: an instance's --port-base."""
    return _free_run(10)[0]


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """host:port of a real broker of its own, without topics."""
    with broker(tmp_path_factory.mktemp("kafka"), _free_ports(2)) as bootstrap:
        yield bootstrap


@pytest.fixture(scope="session")
def product_topics(kafka: str) -> str:
    """The bootstrap address, once the product's own topics are there with 4 partitions."""
    create_topics(kafka, partitions=4)
    return kafka


@pytest.fixture
def new_topic(kafka: str) -> Callable[..., str]:
    """new_topic("facts", partitions=2, config={...}) makes a topic of a unique name and returns the name."""

    def make(label: str = "topic", partitions: int = 1, config: dict[str, str] | None = None) -> str:
        name = f"{label}.{uuid.uuid4().hex[:12]}"
        create_topics(kafka, partitions, [Topic(name, "of one test", config=config or {})])
        return name

    return make


@pytest.fixture(scope="session")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    """The real engine behind the product's own server, with an empty database `throughline`."""
    data = tmp_path_factory.mktemp("clickhouse")
    (port,) = _free_ports(1)
    served = ClickHouse(
        url=f"http://127.0.0.1:{port}",
        host="127.0.0.1",
        port=port,
        database="throughline",
        user="throughline",
        password="of-the-writer",
        readonly_user="analyst",
        readonly_password="of-the-analyst",
    )
    environment = {
        "THROUGHLINE_DATA": str(data),
        "THROUGHLINE_PORT_BASE": str(port - 2),
        "THROUGHLINE_CLICKHOUSE_PASSWORD": served.password,
        "THROUGHLINE_CLICKHOUSE_READONLY_PASSWORD": served.readonly_password,
    }
    with child([sys.executable, "-m", "deploy.clickhouse"], data / "clickhouse.log", environment):
        eventually(lambda: answers(f"{served.url}/ping"), READY_SECONDS)
        yield served


@dataclass(frozen=True)
class Simulated:
    """A database with simulated customers of both teams: the writer's settings, and what was loaded."""

    settings: Settings
    loaded: Loaded

    @property
    def reader(self) -> dict[str, str]:
        """The environment in which a command reads it as the analyst."""
        return {
            "THROUGHLINE_CLICKHOUSE_URL": self.settings.clickhouse_url,
            "THROUGHLINE_CLICKHOUSE_DATABASE": self.settings.clickhouse_database,
            "THROUGHLINE_CLICKHOUSE_READONLY_PASSWORD": "of-the-analyst",
        }


@pytest.fixture(scope="session")
def simulated(clickhouse: ClickHouse, tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    """The customers of SIMULATION, by the default policy. Its tests only read."""
    settings = Settings(
        data=tmp_path_factory.mktemp("simulated"),
        clickhouse_url=clickhouse.url,
        clickhouse_database="simulated",
        clickhouse_password=clickhouse.password,
    )
    return Simulated(settings, load(settings, SIMULATION, RULES))


def _free_ports(count: int) -> list[int]:
    return random.sample(_free_run(count), count)


def _free_run(length: int) -> list[int]:
    """Neighbouring free ports, below those that the kernel gives to outgoing connections, which would race with us.

    Each process of a parallel run looks in a range of its own.
    """
    share = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % SHARES
    width = (PORTS.stop - PORTS.start) // SHARES
    lowest = PORTS.start + share * width
    for _ in range(1000):
        first = random.randrange(lowest, lowest + width - length)
        if all(_can_listen(port) for port in range(first, first + length)):
            return list(range(first, first + length))
    raise RuntimeError(f"no free ports between {lowest} and {lowest + width}")


def _can_listen(port: int) -> bool:
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True

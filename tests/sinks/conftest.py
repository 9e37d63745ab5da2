"""A broker and a ClickHouse of the sinks' own, which their tests kill and start again, and the parts as processes."""

import asyncio
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaProducer

from schemas.settings import Settings
from sinks.clickhouse.connection import connect
from tests.process import ROOT, answers, broker, eventually


@dataclass
class Part:
    """One process of ours: its environment, its log, and the ways to stop it."""

    command: Sequence[str]
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Start it; its output is appended to the log."""
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command, env={**os.environ, **self.environment}, cwd=ROOT, stdout=output, stderr=output
            )

    def stop(self, number: int = signal.SIGTERM, seconds: float = 12) -> int:
        """Send the signal and wait; the exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def said(self) -> str:
        """What it wrote so far."""
        return self.log.read_text(errors="replace")

    def end(self) -> None:
        """Make sure that it is gone."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@pytest.fixture(scope="session")
def own_kafka(tmp_path_factory: pytest.TempPathFactory, free_ports: Callable[[int], list[int]]) -> Iterator[str]:
    """host:port of a broker that only the sinks' tests write to, with the product's topics."""
    with broker(tmp_path_factory.mktemp("sinks-kafka"), free_ports(2), partitions=2) as bootstrap:
        yield bootstrap


@contextmanager
def clickhouse_of(data: Path, port: int) -> Iterator[Part]:
    """An embedded ClickHouse that may be killed and started again; its URL is environment["URL"]."""
    environment = {
        "URL": f"http://127.0.0.1:{port}",
        "THROUGHLINE_DATA": str(data),
        "THROUGHLINE_PORT_BASE": str(port - 2),
        "THROUGHLINE_CLICKHOUSE_PASSWORD": "of-the-writer",
        "THROUGHLINE_CLICKHOUSE_READONLY_PASSWORD": "of-the-analyst",
    }
    part = Part([sys.executable, "-m", "deploy.clickhouse"], environment, data / "clickhouse.log")
    part.start()
    try:
        eventually(lambda: answers(environment["URL"] + "/ping"), 60)
        yield part
    finally:
        part.end()


@pytest.fixture(scope="session")
def own_clickhouse(tmp_path_factory: pytest.TempPathFactory, free_ports: Callable[[int], list[int]]) -> Iterator[Part]:
    """The one of these tests."""
    with clickhouse_of(tmp_path_factory.mktemp("sinks-clickhouse"), free_ports(1)[0]) as part:
        yield part


@pytest.fixture
def settings(own_clickhouse: Part, tmp_path: Path, free_ports: Callable[[int], list[int]]) -> Settings:
    """Settings with a database and a group of this test's own; Kafka is left empty."""
    return settings_for(own_clickhouse, tmp_path, free_ports(1)[0])


def settings_for(own_clickhouse: Part, folder: Path, port: int) -> Settings:
    """Settings with a new database and group; the writer's page is on `port`."""
    unique = f"t_{uuid.uuid4().hex[:10]}"
    return Settings(
        data=folder,
        port_base=port - 4,
        group=unique,
        clickhouse_url=own_clickhouse.environment["URL"],
        clickhouse_database=unique,
        clickhouse_password="of-the-writer",
        webhook_secret="whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQ=",
    )


@contextmanager
def running(module: str, settings: Settings) -> Iterator[Part]:
    """`python -m module` with these settings; killed at the end, by its own id."""
    part = Part([sys.executable, "-m", module], settings.environment(), settings.data / f"{module}.log")
    part.start()
    try:
        yield part
    except AssertionError as error:
        raise AssertionError(f"{error}; {module} said:\n{part.said()[-4000:]}") from error
    finally:
        part.end()


def health(settings: Settings, offset: int) -> dict[str, Any]:
    """What a part's /healthz says; empty where it does not answer."""
    try:
        answer: dict[str, Any] = httpx.get(f"http://127.0.0.1:{settings.port_base + offset}/healthz", timeout=2).json()
        return answer
    except httpx.HTTPError:
        return {}


def figure(settings: Settings, offset: int, name: str, **labels: str) -> float:
    """The sum of a metric over the lines that carry these labels; 0 where there is none, or no answer."""
    try:
        page = httpx.get(f"http://127.0.0.1:{settings.port_base + offset}/metrics", timeout=2).text
    except httpx.HTTPError:
        return 0
    lines = [line for line in page.splitlines() if line.startswith((name + "{", name + " "))]
    wanted = [f'{label}="{value}"' for label, value in labels.items()]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if all(text in line for text in wanted))


def rows(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    """The rows of a query on the test's database; none while the table is not there."""
    try:
        return [tuple(row) for row in connect(settings).query(sql).result_rows]
    except Exception as error:
        if "UNKNOWN_TABLE" in str(error) or "UNKNOWN_DATABASE" in str(error) or "does not exist" in str(error):
            return []
        raise


def produce(bootstrap: str, topic: str, records: Sequence[dict[str, Any]], *, commit: bool = True) -> None:
    """Send the records (keyword arguments of aiokafka's send) in one transaction; abort it unless `commit`."""

    async def send() -> None:
        producer = AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id=uuid.uuid4().hex)
        await producer.start()
        try:
            await producer.begin_transaction()
            for record in records:
                await producer.send(topic, **record)
            await (producer.commit_transaction() if commit else producer.abort_transaction())
        finally:
            await producer.stop()

    asyncio.run(send())


def keyed(model: Any) -> dict[str, Any]:
    """A model as a record keyed by its customer."""
    return {"key": model.customer_id.encode(), "value": model.model_dump_json().encode()}

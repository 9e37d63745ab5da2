"""Simulated histories in ClickHouse as the writer writes them, and as the brute-force side of the tests knows them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from gateway.simulation import Simulation
from journey.rules import Rules
from schemas.settings import Settings
from sinks.clickhouse.batch import Batch
from sinks.clickhouse.connection import connect
from sinks.clickhouse.insertion import Insertion
from sinks.clickhouse.migration import migrate
from sinks.clickhouse.writer import TOPICS
from streams.memory import MemoryLine
from streams.terms import write_terms
from tests.journey.telling import RULES, START
from tests.sinks.conftest import Part, settings_for
from tests.sinks.views.world import DAY, HOUR, RATES, World, world_of

Records = list[tuple[str, Sequence[Any]]]
ENDS = START + 60 * DAY


@dataclass
class History:
    """One history: its records as Kafka has them, the world that they tell, and the client of the database it is in."""

    client: Client
    records: Records
    world: World
    now: int

    def ask(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """The rows of a query."""
        found = self.client.query(sql, parameters=dict(parameters or {}), tz_mode="aware")
        return [dict(zip(found.column_names, row, strict=True)) for row in found.result_rows]


def simulated(seed: int, customers: int, days: float, rules: Rules = RULES, until: int = ENDS) -> Records:
    """Everything that a simulation makes intake, resolver and journeys write: late, twice, merged, rebuilt."""
    line, told = MemoryLine(rules, Settings()), []
    for hour, arrived in groupby(Simulation(seed, customers, days, until).history(), lambda record: record.at // HOUR):
        line.take([(record.topic, record.key, record.value) for record in arrived], (hour + 1) * HOUR)
        told += [(topic, list(some)) for topic, some in line.written() if topic in TOPICS]
    line.take([], until)
    told += [(topic, list(some)) for topic, some in line.written() if topic in TOPICS]
    return told


def write(client: Client, records: Records, at_once: int = 2000) -> None:
    """Insert the records as the writer does, some batches of them twice, as after a crash."""
    for number, start in enumerate(range(0, len(records), at_once)):
        for _ in range(2 if number % 3 else 1):
            Insertion(client).insert(_batch(records[start : start + at_once]), lambda *_: None)


def _batch(records: Records) -> Batch:
    batch = Batch()
    for topic, some in records:
        batch.add(topic, some)
        batch.positions.update({(topic, record.partition): record.offset + 1 for record in some})
    return batch


@pytest.fixture(scope="session")
def history(own_clickhouse: Part, tmp_path_factory: pytest.TempPathFactory) -> Iterator[History]:
    """A large one: 150 days of 300 customers."""
    settings = settings_for(own_clickhouse, tmp_path_factory.mktemp("views"), 9000)
    client = connect(settings)
    migrate(client)
    write_terms(client, RULES, "EUR")
    client.insert("rates", RATES, column_names=["currency", "since", "rate"])
    records = simulated(7, 300, 150)
    write(client, records)
    yield hashed(History(client, records, world_of(records), ENDS))
    client.close()


@pytest.fixture(scope="session")
def emptied(own_clickhouse: Part, tmp_path_factory: pytest.TempPathFactory) -> Iterator[History]:
    """A history without anything, in a database of its own."""
    client = connect(settings_for(own_clickhouse, tmp_path_factory.mktemp("small"), 9000))
    migrate(client)
    write_terms(client, RULES, "EUR")
    client.insert("rates", RATES, column_names=["currency", "since", "rate"])
    yield History(client, [], world_of([]), ENDS)
    client.close()


def hashed(history: History) -> History:
    """The same, each touchpoint with the number that reports know it by: of two at one instant the lower is first."""
    rows = history.ask("SELECT source, id, sipHash64(source, id) AS hash FROM touchpoints")
    numbers = {(row["source"], row["id"]): row["hash"] for row in rows}
    for touch in history.world.touches:
        touch["hash"] = numbers[touch["source"], touch["id"]]
    return history


def text(at: int) -> str:
    """A moment (epoch ms) as a parameter of a view."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]

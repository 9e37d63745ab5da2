"""Loads a simulation into ClickHouse: waves of customers, folded by the rules while the wave before is multiplied."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby

from clickhouse_connect.driver.client import Client

from console.loading.namesake import statement
from gateway.simulation import Simulation
from gateway.simulation.rhythm import DAY, HOUR
from journey.rules import Rules
from schemas.settings import Settings
from sinks.clickhouse.batch import Batch
from sinks.clickhouse.connection import connect
from sinks.clickhouse.insertion import Insertion
from sinks.clickhouse.migration import migrate
from sinks.clickhouse.table import BY_NAME, TABLES
from sinks.clickhouse.writer import TOPICS
from streams.memory import MemoryLine
from streams.terms import write_terms

_ROWS_AT_ONCE = 500_000
_STATEMENTS_AT_ONCE = 2
Told = Callable[[float], None]
# What the simulated companies' money is worth, all the time.
_RATES = {"USD": Decimal("0.92"), "GBP": Decimal("1.17"), "AUD": Decimal("0.61")}
_RATES_ARE_IN, _EVER = "EUR", date(1970, 1, 1)


class NotEmptyError(RuntimeError):
    """The database has touchpoints already: simulated customers would mix with them."""


@dataclass(frozen=True)
class Plan:
    """`customers` people in `waves` that follow each other, `days` days each; the last one ends at `until` (epoch ms).

    At most `folded` are folded over all waves, and as many namesakes of each are made as it takes: `customers` is
    rounded to whole copies.
    """

    customers: int
    days: float
    seed: int
    until: int
    waves: int = 1
    folded: int = 6000

    @property
    def copies(self) -> int:
        """How many namesakes each folded customer stands for, itself included."""
        return max(1, -(-self.customers // self.folded))

    @property
    def folded_per_wave(self) -> int:
        """How many customers of a wave are folded."""
        return max(1, round(self.customers / self.waves / self.copies))

    def simulation(self, wave: int) -> Simulation:
        """The story of one wave."""
        end = self.until - int((self.waves - 1 - wave) * self.days * DAY)
        return Simulation(self.seed + wave, self.folded_per_wave, self.days, end)


@dataclass(frozen=True)
class Loaded:
    """What the tables hold now: touchpoints, rows of all tables; seconds that it took, folding included."""

    touchpoints: int
    rows: int
    seconds: float


def load(settings: Settings, plan: Plan, rules: Rules, told: Told = lambda _: None) -> Loaded:
    """Migrate the database that the settings name and fill it. `told` hears which share of it is done, bit by bit.

    The same plan, policy and settings end in the same rows. Raises NotEmptyError, MigrationRefusedError and
    clickhouse_connect's errors.
    """
    client = connect(settings, seconds=600)
    migrate(client)
    if client.command("SELECT count() FROM touchpoints"):
        raise NotEmptyError(
            f"database {settings.clickhouse_database} has touchpoints already: name another "
            "THROUGHLINE_CLICKHOUSE_DATABASE or another --data"
        )
    write_terms(client, rules, settings.currency)
    if settings.currency == _RATES_ARE_IN:
        client.insert("rates", [[name, _EVER, rate] for name, rate in _RATES.items()], ["currency", "since", "rate"])
    started = time.monotonic()

    def multiply(template: _Template, wave: int) -> None:
        for done in template.multiply(plan, wave, pool):
            told((wave + done) / plan.waves)

    with ThreadPoolExecutor(_STATEMENTS_AT_ONCE) as pool, ThreadPoolExecutor(1) as multiplying:
        waiting = None
        for wave in range(plan.waves):
            template = _Template(client, settings, wave)
            template.fill(_folded(plan.simulation(wave), rules, settings, plan.until))
            if waiting is not None:
                waiting.result()
            waiting = multiplying.submit(multiply, template, wave)
        if waiting is not None:
            waiting.result()
    seconds = time.monotonic() - started
    held = client.query(
        "SELECT table, sum(rows) FROM system.parts WHERE active AND database = currentDatabase() GROUP BY table"
    ).result_rows
    client.close()
    return Loaded(dict(held).get("touchpoints", 0), sum(rows for _, rows in held), seconds)


def _folded(simulation: Simulation, rules: Rules, settings: Settings, until: int) -> Batch:
    """Everything that the writer would write of a simulation, as of `until`."""
    line, batch = MemoryLine(rules, settings), Batch()
    for hour, records in groupby(simulation.history(), lambda record: record.at // HOUR):
        arrived = [(record.topic, record.key, record.value) for record in records]
        line.take(arrived, (hour + 1) * HOUR)
        _add(line, batch)
    line.take([], until)
    _add(line, batch)
    return batch


def _add(line: MemoryLine, batch: Batch) -> None:
    for topic, records in line.written():
        if topic in TOPICS:
            batch.add(topic, records)


class _Template:
    """The folded customers of one wave, in tables of a database of their own that is gone once they are multiplied."""

    def __init__(self, client: Client, settings: Settings, wave: int) -> None:
        self._client = client
        self._name = f"{settings.clickhouse_database}_wave_{wave}"
        self._settings = settings.model_copy(update={"clickhouse_database": self._name})
        self._rows: dict[str, int] = {}

    def fill(self, batch: Batch) -> None:
        """Make the tables and insert the rows."""
        self._client.command(f"DROP DATABASE IF EXISTS `{self._name}`")
        self._client.command(f"CREATE DATABASE `{self._name}`")
        for table in TABLES:
            self._client.command(f"CREATE TABLE `{self._name}`.{table.name} AS {table.name}")
        client = connect(self._settings)
        Insertion(client).insert(batch, self._count)
        client.close()

    def multiply(self, plan: Plan, wave: int, pool: ThreadPoolExecutor) -> Iterator[float]:
        """The share of rows that is done, after each statement. Then the tables are dropped."""
        statements = [
            (rows * len(copies), statement(BY_NAME[name], f"`{self._name}`", copies, plan.copies, plan.waves, wave))
            for name, rows in sorted(self._rows.items(), key=lambda item: -item[1])
            for copies in _portions(plan.copies, max(1, _ROWS_AT_ONCE // rows))
        ]
        done, total = 0, plan.copies * sum(self._rows.values())
        for (rows, _), _ in zip(statements, pool.map(self._run, [sql for _, sql in statements]), strict=True):
            done += rows
            yield done / total
        self._client.command(f"DROP DATABASE `{self._name}`")

    def _run(self, sql: str) -> None:
        # What is to be collapsed is left to the merges, as it would be of rows that came one insert after another.
        self._client.command(sql, settings={"optimize_on_insert": 0})

    def _count(self, table: str, rows: int) -> None:
        self._rows[table] = rows


def _portions(copies: int, at_once: int) -> Iterator[range]:
    for first in range(0, copies, at_once):
        yield range(first, min(copies, first + at_once))

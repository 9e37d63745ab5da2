"""Parts that a full disk left without content: the engine goes back to what they were merged from."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.clickhouse.account import Account
from deploy.clickhouse.engine import Engine
from deploy.clickhouse.failure import QueryError
from deploy.clickhouse.gate import Gate
from deploy.clickhouse.statement import statement

WRITER = Account("writer", "secret")
TABLES = ("compact", "wide")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = Engine(tmp_path_factory.mktemp("parts"))
    engine.open("history")
    for name, bytes_of_wide in zip(TABLES, (10_000_000, 0), strict=True):
        said(engine, f"CREATE TABLE {name} (id UInt64) ENGINE = MergeTree ORDER BY id "
                     f"SETTINGS min_bytes_for_wide_part = {bytes_of_wide}")  # fmt: skip
    yield engine
    engine.close()


def said(engine: Engine, sql: str) -> str:
    answer = engine.run(statement({"database": "history"}, {}, sql.encode(), True, "q"), WRITER)
    try:
        return b"".join(answer.chunks).decode()
    finally:
        answer.close()


def merged(engine: Engine, table: str) -> Path:
    """Where the only active part of ten inserts is."""
    for first in range(0, 1000, 100):
        said(engine, f"INSERT INTO {table} SELECT {first} + number FROM numbers(100)")
    said(engine, f"OPTIMIZE TABLE {table} FINAL")
    return Path(said(engine, f"SELECT path FROM system.parts WHERE active AND table = '{table}' FORMAT TSV").strip())


@pytest.mark.parametrize("table", TABLES)
def test_a_merge_that_wrote_nothing_is_taken_back(engine: Engine, table: str) -> None:
    part = merged(engine, table)
    for file in part.iterdir():
        file.write_bytes(b"")
    everything = f"SELECT count(), sum(id) FROM {table} WHERE NOT ignore(*) FORMAT TSV"
    with pytest.raises(QueryError):
        said(engine, everything)
    assert [(broken.table, broken.path) for broken in engine.mend()] == [(table, part)]
    assert said(engine, everything) == "1000\t499500\n"
    assert engine.mend() == []


def test_a_table_is_not_loaded_anew_under_the_hands_of_who_reads_it(engine: Engine) -> None:
    said(engine, "CREATE TABLE held (id UInt64) ENGINE = MergeTree ORDER BY id")
    part = merged(engine, "held")
    read = statement({"database": "history"}, {}, b"SELECT number FROM numbers(3) FORMAT TSV", False, "q")
    answer = engine.run(read, WRITER)
    (part / "checksums.txt").write_bytes(b"")
    asked = threading.Thread(target=engine.mend)
    asked.start()
    asked.join(0.3)
    assert asked.is_alive()
    answer.close()
    asked.join(5)
    assert not asked.is_alive()
    assert said(engine, "SELECT count() FROM held FORMAT TSV") == "1000\n"


def test_a_gate_holds_up_who_comes_while_somebody_is_alone() -> None:
    gate, order = Gate(), []

    def pass_by() -> None:
        gate.enter()
        order.append("statement")
        gate.leave()

    with gate.alone(5) as alone:
        assert alone
        late = threading.Thread(target=pass_by)
        late.start()
        late.join(0.2)
        order.append("repair")
    late.join(5)
    assert order == ["repair", "statement"]

"""Rows are held by columns, and come out of ClickHouse as they went in."""

from collections.abc import Iterator

import pytest
from clickhouse_connect.driver.client import Client
from hypothesis import given
from hypothesis import strategies as st

from schemas import topic
from schemas.settings import Settings
from sinks.clickhouse.batch import Batch
from sinks.clickhouse.columns import REPEATING, Columns
from sinks.clickhouse.connection import connect
from sinks.clickhouse.insertion import Insertion
from sinks.clickhouse.migration import migrate
from sinks.clickhouse.table import BY_NAME, TABLES
from tests.sinks import examples
from tests.streams.records import Record


@pytest.fixture
def client(settings: Settings) -> Iterator[Client]:
    made = connect(settings)
    migrate(made)
    yield made
    made.close()


@given(st.lists(st.tuples(st.text(max_size=2), st.integers(), st.text(max_size=2))))
def test_what_goes_in_comes_out_and_a_text_that_repeats_is_held_once(rows: list[tuple[str, int, str]]) -> None:
    columns = Columns(("team", "offset", "customer_id"))
    for row in rows:
        columns.add(row)
    assert list(columns) == rows
    assert len(columns) == len(rows)
    team, offset, customer_id = columns.columns
    assert team.different == list(dict.fromkeys(row[0] for row in rows))
    assert (list(team), offset, customer_id) == tuple([row[at] for row in rows] for at in range(3))
    assert [team[number] for number in range(len(team))] == list(team)


def test_what_repeats_is_what_clickhouse_holds_with_a_dictionary(client: Client) -> None:
    found = client.query(
        "SELECT table, name FROM system.columns WHERE database = currentDatabase() AND type = 'LowCardinality(String)'"
    )
    held = {(table, name) for table, name in found.result_rows if table in BY_NAME}
    assert held == {(table.name, name) for table in TABLES for name in table.columns if name in REPEATING}
    assert {name for _, name in held} == REPEATING


# A number of a text takes a byte, two or four, by how many texts there are.
@pytest.mark.parametrize("subjects", [1, 256, 257, 65_536, 65_537])
def test_however_many_texts_there_are_each_row_has_its_own(client: Client, subjects: int) -> None:
    batch, rows = Batch(), max(1_000, subjects + 1)
    column = BY_NAME["touchpoints"].columns.index("subject")
    batch.add(topic.TOUCHPOINTS, [Record(examples.touchpoint(customer_id="c").model_dump_json().encode())])
    (row,) = batch.rows["touchpoints"]
    identity = BY_NAME["touchpoints"].columns.index("id")
    for number in range(1, rows):
        changed = list(row)
        changed[column], changed[identity] = f"é{number % subjects}", f"id{number}"
        batch.of("touchpoints").add(tuple(changed))
    Insertion(client).insert(batch, lambda *_: None)
    found = client.query(
        "SELECT count(), uniqExact(subject), "
        "countIf(subject != concat('é', toString(modulo(toUInt64(substr(id, 3)), %(of)s)))) "
        "FROM touchpoints WHERE startsWith(id, 'id')",
        {"of": subjects},
    )
    assert found.result_rows == [(rows - 1, subjects, 0)]


def test_a_column_that_somebody_altered_takes_its_texts_as_well(client: Client) -> None:
    client.command("ALTER TABLE touchpoints MODIFY COLUMN subject String")
    batch = Batch()
    batch.add(topic.TOUCHPOINTS, [Record(examples.touchpoint(subject="x").model_dump_json().encode())])
    Insertion(client).insert(batch, lambda *_: None)
    assert client.query("SELECT subject FROM touchpoints").result_rows == [("x",)]

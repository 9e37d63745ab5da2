"""Waiting for an import means: every touchpoint of it is queryable in a real ClickHouse."""

import json
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from clickhouse_connect.driver.client import Client

from gateway.importing.waiting import Expected, NotQueryableError, query_of, wait_until_queryable
from schemas.settings import ClickHouseRun, Settings
from schemas.touchpoint import Touchpoint
from sinks.clickhouse.connection import connect
from sinks.clickhouse.migration import migrate
from tests.conftest import ClickHouse

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def run(clickhouse: ClickHouse) -> ClickHouseRun:
    return ClickHouseRun(
        url=clickhouse.url,
        database=clickhouse.database,
        user=clickhouse.user,
        password=clickhouse.password,
        readonly_user=clickhouse.readonly_user,
        readonly_password=clickhouse.readonly_password,
    )


@pytest.fixture
def writer(run: ClickHouseRun) -> Iterator[Client]:
    """The writer's client of a database with the product's tables."""
    client = connect(
        Settings(
            clickhouse_url=run.url,
            clickhouse_database=run.database,
            clickhouse_user=run.user,
            clickhouse_password=run.password,
        )
    )
    migrate(client)
    yield client
    client.close()


def expected_of(source: str, count: int) -> Expected:
    expected = Expected()
    for number in range(count):
        expected.add(
            Touchpoint.model_validate(
                {
                    "id": f"it's {number}",
                    "source": source,
                    "type": "deal.won",
                    "team": "sales",
                    "customer": {"crm_id": "1"},
                    "occurred_at": NOW,
                    "direction": "internal",
                }
            )
        )
    return expected


def insert(writer: Client, source: str, ids: list[str]) -> None:
    rows = [["c", source, id_, "deal.won", "sales", NOW - timedelta(days=400), "t", 0, n] for n, id_ in enumerate(ids)]
    columns = ["customer_id", "source", "id", "type", "team", "occurred_at", "topic", "partition", "offset"]
    writer.insert("touchpoints", rows, column_names=columns)


@pytest.mark.parametrize("count", [0, 1, 200, 12_000])
def test_it_returns_as_soon_as_the_last_one_is_there(run: ClickHouseRun, writer: Client, count: int) -> None:
    source = uuid.uuid4().hex
    expected = expected_of(source, count)
    ids = list(expected.ids.get(source, {}))
    insert(writer, source, ids[: count // 2] or ["another"])
    late = threading.Timer(1.0, insert, (writer, source, ids[count // 2 :] or ["another"]))
    late.start()
    told: list[tuple[int, int]] = []
    started = time.monotonic()
    wait_until_queryable(
        expected,
        query_of(run),
        timeout_seconds=20,
        since=NOW,
        on_progress=lambda seen, total: told.append((seen, total)),
    )
    seconds = time.monotonic() - started
    late.join()
    assert seconds < 2.5
    assert count == 0 or (seconds > 0.9 and told[-1] == (count, count))


def test_what_intake_refused_is_not_waited_for_but_named(run: ClickHouseRun, writer: Client) -> None:
    source = uuid.uuid4().hex
    ids = list(expected_of(source, 3).ids[source])
    insert(writer, source, ids[:2])
    value = json.dumps({"source": source, "id": ids[2]}).encode()
    row = ["touchpoints.rejected", 0, time.time_ns() // 1000, "future", datetime.now(UTC), value]
    writer.insert("rejected", [row], column_names=["topic", "partition", "offset", "reason", "received_at", "value"])
    refused = wait_until_queryable(expected_of(source, 3), query_of(run), timeout_seconds=5, since=NOW)
    assert refused == [(source, ids[2], "future")]


def test_a_timeout_says_what_is_missing(run: ClickHouseRun, writer: Client) -> None:
    source = uuid.uuid4().hex
    insert(writer, source, ["it's 0"])
    with pytest.raises(NotQueryableError, match=rf"1 of 2 touchpoints are not queryable \({source}/it's 1\)") as raised:
        wait_until_queryable(expected_of(source, 2), query_of(run), timeout_seconds=0.5, since=NOW)
    assert raised.value.missing == [(source, "it's 1")]


def test_a_clickhouse_that_is_away_is_named_when_time_is_up() -> None:
    nowhere = ClickHouseRun(
        url="http://127.0.0.1:9", database="d", user="u", password="p", readonly_user="r", readonly_password="p"
    )
    with pytest.raises(NotQueryableError, match="ClickHouse said: "):
        wait_until_queryable(expected_of("s", 2), query_of(nowhere), timeout_seconds=0.5, since=NOW)

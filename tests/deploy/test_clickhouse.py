"""The embedded ClickHouse as an outside client meets it: clickhouse-connect, and plain HTTP as curl sends it."""

import gzip
import threading
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import clickhouse_connect
import cramjam
import httpx
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError

from tests.conftest import ClickHouse


@pytest.fixture
def writer(clickhouse: ClickHouse) -> Iterator[Client]:
    client = _connect(clickhouse)
    yield client
    client.close()


@pytest.fixture
def table(writer: Client, request: pytest.FixtureRequest) -> Iterator[str]:
    name = f"t_{abs(hash(request.node.nodeid))}"
    writer.command(
        f"CREATE TABLE {name} (id UInt64, name String, at DateTime64(3, 'UTC'), tags Array(String),"
        " amount Nullable(Decimal(18, 4)), visits Map(String, UInt32)) ENGINE = MergeTree ORDER BY id"
    )
    yield name
    writer.command(f"DROP TABLE {name}")


def _connect(clickhouse: ClickHouse, **options: Any) -> Client:
    return clickhouse_connect.get_client(
        host=clickhouse.host,
        port=clickhouse.port,
        username=clickhouse.user,
        password=clickhouse.password,
        database=clickhouse.database,
        **options,
    )


AT = datetime(2026, 3, 1, 12, 30, 15, 123000, tzinfo=UTC)
ROWS = [
    [1, "Ada", AT, ["a", "b"], Decimal("12.3400"), {"mql": 2}],
    [2, "it's \\ \t new\nline ✓", AT, [], None, {}],
]


def test_what_is_inserted_is_what_is_read(writer: Client, table: str) -> None:
    summary = writer.insert(table, ROWS)
    assert summary.written_rows == 2
    rows = writer.query(f"SELECT * FROM {table} ORDER BY id", tz_mode="aware").result_rows
    assert [list(row) for row in rows] == ROWS


def test_columns_are_inserted_as_columns(writer: Client, table: str) -> None:
    writer.insert(table, [[1, 2, 3], ["x", "y", "z"]], column_names=["id", "name"], column_oriented=True)
    columns = writer.query(f"SELECT id, name FROM {table} ORDER BY id").result_columns
    assert [list(column) for column in columns] == [[1, 2, 3], ["x", "y", "z"]]


@pytest.mark.parametrize("coding", ["gzip", "lz4", "zstd", False])
def test_compression_works_both_ways(clickhouse: ClickHouse, table: str, coding: str | bool) -> None:
    client = _connect(clickhouse, compress=coding)
    count = 300_000
    client.insert(table, [list(range(count)), ["name"] * count], column_names=["id", "name"], column_oriented=True)
    result = client.query(f"SELECT id, name FROM {table} ORDER BY id")
    assert result.row_count == count
    assert result.result_rows[-1] == (count - 1, "name")
    client.close()


def test_parameters_are_bound_by_the_engine(writer: Client, table: str) -> None:
    writer.insert(table, ROWS)
    found = writer.query(
        f"SELECT id FROM {table} WHERE at = {{at:DateTime64(3)}}"
        " AND name IN {names:Array(String)} AND id < {n:UInt64}",
        parameters={"at": AT, "names": ["Ada", "it's \\ \t new\nline ✓", "'; DROP TABLE x"], "n": 10},
    )
    assert sorted(found.result_rows) == [(1,), (2,)]


def test_a_query_with_long_parameters_travels_as_a_form(writer: Client) -> None:
    names = [f"name number {n}" for n in range(5000)]
    rows = writer.query("SELECT length({names:Array(String)})", parameters={"names": names}).result_rows
    assert rows == [(5000,)]


def test_errors_carry_clickhouses_code(writer: Client, clickhouse: ClickHouse) -> None:
    with pytest.raises(DatabaseError, match="UNKNOWN_TABLE") as missing:
        writer.query("SELECT * FROM nowhere")
    assert missing.value.code == 60
    answer = _post(clickhouse, "SELEC 1")
    assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (400, "62")
    assert answer.text.startswith("Code: 62. DB::Exception: Syntax error")
    assert "formatQuery" not in answer.text
    assert _post(clickhouse, "SELECT 1", database="nowhere").headers["X-ClickHouse-Exception-Code"] == "81"
    assert _post(clickhouse, "SELECT 1", no_such_setting="1").headers["X-ClickHouse-Exception-Code"] == "115"
    assert _post(clickhouse, "SELECT 1; SELECT 2").headers["X-ClickHouse-Exception-Code"] == "62"


def test_an_error_after_the_first_rows_is_told_to_the_client(writer: Client) -> None:
    query = "SELECT throwIf(number = 5000000, 'too far') FROM numbers(10000000)"
    with (
        pytest.raises(Exception, match="too far"),
        writer.query_row_block_stream(query, settings={"max_block_size": 10000, "max_threads": 1}) as stream,
    ):
        for _ in stream:
            pass
    with pytest.raises(DatabaseError, match="too far"):
        writer.query(query)


def test_a_bad_row_leaves_nothing_of_its_insert(clickhouse: ClickHouse, writer: Client, table: str) -> None:
    rows = "\n".join(f'{{"id": {n}}}' for n in range(1000)) + '\n{"id": "not a number"}\n'
    answer = _post(clickhouse, rows, query=f"INSERT INTO {table} (id) FORMAT JSONEachRow")
    assert answer.status_code == 400
    assert writer.query(f"SELECT count() FROM {table}").result_rows == [(0,)]


@pytest.mark.parametrize(
    ("column", "settings", "name"),
    [
        ("k UInt64, CONSTRAINT small CHECK k < 5", "", "VIOLATED_CONSTRAINT"),
        ("k UInt64", "SETTINGS min_free_disk_bytes_to_perform_insert = 1000000000000000", "NOT_ENOUGH_SPACE"),
    ],
)
def test_an_insert_that_fails_as_it_is_stored_is_refused(
    clickhouse: ClickHouse, writer: Client, column: str, settings: str, name: str
) -> None:
    writer.command(f"CREATE OR REPLACE TABLE storing ({column}) ENGINE = MergeTree ORDER BY k {settings}")
    with pytest.raises(DatabaseError, match=name):
        writer.insert("storing", [[7]])
    assert writer.command("SELECT count() FROM storing") == 0
    writer.command("DROP TABLE storing")


def test_an_insert_may_carry_settings(clickhouse: ClickHouse, writer: Client, table: str) -> None:
    sql = f"INSERT INTO {table} (id, name) SETTINGS input_format_null_as_default = 1 FORMAT TSV\n7\t\\N\n"
    answer = _post(clickhouse, sql)
    assert answer.status_code == 200, answer.text
    assert writer.query(f"SELECT id, name FROM {table}").result_rows == [(7, "")]


def test_plain_http_as_curl_sends_it(clickhouse: ClickHouse, table: str) -> None:
    said = _post(clickhouse, f'INSERT INTO {table} (id, name) FORMAT JSONEachRow\n{{"id": 7, "name": "curl"}}\n')
    assert said.status_code == 200
    assert said.headers["X-ClickHouse-Summary"].startswith('{"written_rows":"1"')
    got = httpx.get(
        clickhouse.url,
        params={"query": f"SELECT id, name FROM {table} FORMAT JSONEachRow", "database": clickhouse.database},
        auth=(clickhouse.user, clickhouse.password),
    )
    assert got.json() == {"id": 7, "name": "curl"}
    assert got.headers["X-ClickHouse-Format"] == "JSONEachRow"
    assert _post(clickhouse, "SELECT 1, 'a'").text == "1\ta\n"
    assert _post(clickhouse, "SELECT 1 AS one", default_format="JSONCompact").json()["data"] == [[1]]
    assert _post(clickhouse, "SELECT {x:UInt8} + 1", param_x="41").text == "42\n"
    assert httpx.get(f"{clickhouse.url}/ping").text == "Ok.\n"


@pytest.mark.parametrize(
    ("coding", "pack"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("zstd", lambda body: bytes(cramjam.zstd.compress(body))),
        ("lz4", lambda body: bytes(cramjam.lz4.compress(body))),
        ("br", lambda body: bytes(cramjam.brotli.compress(body))),
    ],
)
def test_a_compressed_body_is_unpacked_whatever_the_coding(
    clickhouse: ClickHouse, coding: str, pack: Callable[[bytes], bytes]
) -> None:
    answer = httpx.post(
        clickhouse.url,
        content=pack(b"SELECT 'packed'"),
        headers={"Content-Encoding": coding},
        auth=(clickhouse.user, clickhouse.password),
    )
    assert answer.text == "packed\n"


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_an_answer_is_compressed_only_where_the_request_asks_for_it(clickhouse: ClickHouse, coding: str) -> None:
    query = "SELECT number FROM numbers(100000)"
    asked = {"content": query, "headers": {"Accept-Encoding": coding}, "auth": (clickhouse.user, clickhouse.password)}
    packed = httpx.post(clickhouse.url, params={"enable_http_compression": "1"}, **asked)
    assert packed.headers["Content-Encoding"] == coding
    plain = httpx.post(clickhouse.url, **asked)
    assert "Content-Encoding" not in plain.headers
    assert packed.text == plain.text
    assert plain.text.endswith("99999\n")


def test_a_body_that_is_not_what_its_coding_says_is_a_clear_error(clickhouse: ClickHouse) -> None:
    answer = httpx.post(
        clickhouse.url,
        content=b"not gzip at all",
        headers={"Content-Encoding": "gzip"},
        auth=(clickhouse.user, clickhouse.password),
    )
    assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (400, "271")


def test_a_get_does_not_write(clickhouse: ClickHouse, table: str) -> None:
    got = httpx.get(
        clickhouse.url,
        params={"query": f"DROP TABLE {table}", "database": clickhouse.database},
        auth=(clickhouse.user, clickhouse.password),
    )
    assert got.headers["X-ClickHouse-Exception-Code"] == "164"


@pytest.mark.parametrize("secret", ["wrong", "", "of-the-analyst"])
def test_a_wrong_password_is_refused(clickhouse: ClickHouse, secret: str) -> None:
    answer = httpx.post(clickhouse.url, content="SELECT 1", auth=(clickhouse.user, secret))
    assert answer.status_code == 403
    assert answer.headers["X-ClickHouse-Exception-Code"] == "516"
    assert secret == "" or secret not in answer.text


def test_clickhouses_own_headers_name_a_user_too(clickhouse: ClickHouse) -> None:
    headers = {"X-ClickHouse-User": clickhouse.user, "X-ClickHouse-Key": clickhouse.password}
    assert httpx.post(clickhouse.url, content="SELECT 1", headers=headers).text == "1\n"
    assert httpx.post(clickhouse.url, content="SELECT 1").status_code == 403


def test_four_clients_read_and_write_at_once(clickhouse: ClickHouse, table: str) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            client = _connect(clickhouse)
            for batch in range(10):
                ids = [number * 100_000 + batch * 1000 + n for n in range(1000)]
                client.insert(table, [ids], column_names=["id"], column_oriented=True)
                assert client.query(
                    f"SELECT count() FROM {table} WHERE id IN {{ids:Array(UInt64)}}", parameters={"ids": ids[:10]}
                ).result_rows == [(10,)]
            client.close()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert (
        _post(clickhouse, f"SELECT count(), uniqExact(id) FROM {clickhouse.database}.{table}").text == "40000\t40000\n"
    )


async def _read_asynchronously(clickhouse: ClickHouse, table: str) -> Any:
    client = await clickhouse_connect.get_async_client(
        host=clickhouse.host,
        port=clickhouse.port,
        username=clickhouse.user,
        password=clickhouse.password,
        database=clickhouse.database,
    )
    await client.insert(table, ROWS)
    result = await client.query(f"SELECT name FROM {table} ORDER BY id")
    await client.close()
    return result.result_rows


def test_the_asynchronous_client_works(clickhouse: ClickHouse, table: str) -> None:
    import asyncio

    assert asyncio.run(_read_asynchronously(clickhouse, table)) == [(row[1],) for row in ROWS]


def test_a_token_seen_before_drops_the_repeated_insert(clickhouse: ClickHouse, writer: Client) -> None:
    writer.command("DROP TABLE IF EXISTS once")
    writer.command(
        "CREATE TABLE once (id UInt64) ENGINE = MergeTree ORDER BY id"
        " SETTINGS non_replicated_deduplication_window = 100"
    )
    for _ in range(3):
        writer.insert("once", [[1], [2]], column_names=["id"], settings={"insert_deduplication_token": "batch 1"})
    assert writer.query("SELECT count() FROM once").result_rows == [(2,)]


def _post(clickhouse: ClickHouse, body: str, **parameters: str) -> httpx.Response:
    return httpx.post(
        clickhouse.url,
        content=body.encode(),
        params={"database": clickhouse.database, **parameters},
        auth=(clickhouse.user, clickhouse.password),
        timeout=60,
    )

"""The readonly account of the embedded ClickHouse: it reads, and nothing else, whatever way it is asked."""

from collections.abc import Iterator
from pathlib import Path

import clickhouse_connect
import httpx
import pytest
from clickhouse_connect.driver.client import Client

from deploy.clickhouse.account import Account
from tests.conftest import ClickHouse
from tests.process import eventually

READONLY = "164"


@pytest.fixture
def analyst(clickhouse: ClickHouse) -> Iterator[Client]:
    client = clickhouse_connect.get_client(
        host=clickhouse.host,
        port=clickhouse.port,
        username=clickhouse.readonly_user,
        password=clickhouse.readonly_password,
        database=clickhouse.database,
    )
    yield client
    client.close()


@pytest.fixture(autouse=True)
def table(clickhouse: ClickHouse) -> None:
    for sql in (
        "CREATE TABLE IF NOT EXISTS seen (id UInt64) ENGINE = MergeTree ORDER BY id",
        "TRUNCATE TABLE seen",
        "INSERT INTO seen VALUES (1), (2)",
    ):
        _ask(clickhouse, sql, clickhouse.user, clickhouse.password).raise_for_status()


def test_an_analyst_reads_by_the_official_client(analyst: Client) -> None:
    assert analyst.query("SELECT count() FROM seen WHERE id >= {n:UInt64}", parameters={"n": 2}).result_rows == [(1,)]
    assert ("seen",) in analyst.query("SHOW TABLES").result_rows
    assert analyst.query("WITH 2 AS two SELECT two, (SELECT max(id) FROM seen)").result_rows == [(2, 2)]
    assert analyst.query("DESCRIBE TABLE seen").row_count == 1


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO seen VALUES (3)",
        "INSERT INTO seen SELECT 3",
        'INSERT INTO seen FORMAT JSONEachRow\n{"id": 3}',
        "DROP TABLE seen",
        "TRUNCATE TABLE seen",
        "ALTER TABLE seen DELETE WHERE 1",
        "DELETE FROM seen WHERE 1",
        "CREATE TEMPORARY TABLE t (a UInt8)",
        "CREATE VIEW v AS SELECT 1",
        "SET readonly = 0",
        "SET max_execution_time = 0",
        "SELECT 1 SETTINGS readonly = 0",
        "SELECT 1 SETTINGS max_memory_usage = 0",
        "DROP TABLE seen PARALLEL WITH TRUNCATE TABLE seen",
        "EXPLAIN SELECT file('{path}')",
        "KILL QUERY WHERE 1",
        "SYSTEM SHUTDOWN",
        "BACKUP TABLE seen TO File('/tmp/backup')",
        "SELECT * FROM file('{path}')",
        "SELECT file('{path}')",
        "SELECT `file`('{path}')",
        "SELECT \"file\"('{path}')",
        "SELECT FILE('{path}')",
        "SELECT /* hidden */ file /* here */ ('{path}')",
        "SELECT $tag$'$tag$, file('{path}')",
        "SELECT ‘'’, file('{path}')",
        "SELECT * APPLY(file) FROM (SELECT '{path}' AS p)",
        "SELECT * APPLY file FROM (SELECT '{path}' AS p)",
        "SELECT arrayMap(p -> file(p), ['{path}'])",
        "WITH (SELECT file('{path}')) AS text SELECT text",
        "DESCRIBE TABLE file('{path}')",
        "SELECT * FROM default.`{path}`",
        "SELECT * FROM url('http://127.0.0.1:1/', 'TSV', 'a String')",
        "SELECT * FROM remote('127.0.0.1:1', system.one)",
        "SELECT * FROM executable('id', 'TSV', 'a String')",
        "SELECT * FROM Python(analyst)",
        "SELECT * FROM s3('http://127.0.0.1:1/bucket/x', 'TSV', 'a String')",
        "SELECT * FROM view(SELECT file('{path}'))",
        "SELECT * FROM eval('SELECT 1')",
        "SELECT sleep(1)",
    ],
)
def test_what_is_not_reading_tables_is_refused(clickhouse: ClickHouse, tmp_path: Path, sql: str) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("top secret\n")
    answer = _ask(clickhouse, sql.replace("{path}", str(secret)))
    assert answer.headers.get("X-ClickHouse-Exception-Code") == READONLY, answer.text
    assert answer.status_code == 403
    assert "top secret" not in answer.text
    assert _ask(clickhouse, "SELECT count() FROM seen").text == "2\n"


@pytest.mark.parametrize("database", ["throughline", "default"])
@pytest.mark.parametrize("sql", ["DESCRIBE TABLE '{path}'", "SELECT * FROM '{path}'", "SELECT * FROM `{path}`"])
def test_a_file_is_no_table(clickhouse: ClickHouse, tmp_path: Path, sql: str, database: str) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("top secret\n")
    answer = _ask(clickhouse, sql.replace("{path}", str(secret)), database=database)
    assert answer.headers["X-ClickHouse-Exception-Code"] in {READONLY, "60"}
    assert "top" not in answer.text


@pytest.mark.parametrize("separator", [" ", "/**/", "\n-- x\n"])
@pytest.mark.parametrize("user", ["analyst", "throughline"])
def test_a_query_never_writes_a_file(clickhouse: ClickHouse, tmp_path: Path, separator: str, user: str) -> None:
    target = tmp_path / "out.csv"
    password = clickhouse.password if user == clickhouse.user else clickhouse.readonly_password
    answer = _ask(clickhouse, f"SELECT 1 INTO{separator}OUTFILE '{target}'", user, password)
    assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (501, "48")
    assert not target.exists()


def test_several_statements_in_one_are_refused(clickhouse: ClickHouse) -> None:
    assert _ask(clickhouse, "SELECT 1; DROP TABLE seen").headers["X-ClickHouse-Exception-Code"] == "62"
    assert _ask(clickhouse, "SELECT 1;").text == "1\n"


def test_what_is_asked_again_is_judged_again(clickhouse: ClickHouse) -> None:
    for _ in range(2):
        assert (
            _ask(clickhouse, "SELECT 1 FROM file('/etc/hostname')").headers["X-ClickHouse-Exception-Code"] == READONLY
        )
        assert _ask(clickhouse, "SELECT {one:UInt8}", param_one="7").text == "7\n"
        assert _ask(clickhouse, "SELECT {one:UInt8}", param_one="8").text == "8\n"


def test_limits_can_be_lowered_by_the_request_and_not_raised(clickhouse: ClickHouse) -> None:
    setting = "SELECT getSetting('max_execution_time')"
    assert _ask(clickhouse, setting).text == "60\n"
    assert _ask(clickhouse, setting, max_execution_time="5").text == "5\n"
    assert _ask(clickhouse, setting, max_execution_time="0").text == "60\n"
    assert _ask(clickhouse, setting, max_execution_time="9999").text == "60\n"
    assert _ask(clickhouse, setting, allow_ddl="1").headers["X-ClickHouse-Exception-Code"] == READONLY
    quoted = _ask(clickhouse, "SELECT toInt64(1) FORMAT JSONEachRow", output_format_json_quote_64bit_integers="1")
    assert '"1"' in quoted.text


def test_questions_that_run_side_by_side_share_the_threads(clickhouse: ClickHouse) -> None:
    setting = "SELECT getSetting('max_threads')"
    assert _ask(clickhouse, setting).text == "2\n"
    with httpx.stream(
        "POST",
        clickhouse.url,
        content=b"SELECT number FROM numbers(1000000000) FORMAT TSV",
        auth=(clickhouse.readonly_user, clickhouse.readonly_password),
    ) as unread:
        pieces = unread.iter_raw()
        next(pieces)
        assert _ask(clickhouse, setting).text == "1\n"
        pieces.close()
    eventually(lambda: _ask(clickhouse, setting).text == "2\n")
    assert _ask(clickhouse, setting, max_threads="1").text == "1\n"


def test_a_query_that_takes_too_long_is_stopped(clickhouse: ClickHouse) -> None:
    answer = _ask(
        clickhouse, "SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1", max_execution_time="1"
    )
    assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (408, "159")


def test_a_setting_named_in_the_url_cannot_carry_sql(clickhouse: ClickHouse) -> None:
    answer = _ask(clickhouse, "SELECT 1", **{"output_format_x = 1, readonly": "0"})
    assert answer.status_code == 400
    answer = _ask(clickhouse, "SELECT getSetting('readonly')", date_time_output_format="iso', readonly = '0")
    assert answer.status_code != 200


def _ask(clickhouse: ClickHouse, sql: str, user: str = "", password: str = "", **parameters: str) -> httpx.Response:
    return httpx.post(
        clickhouse.url,
        content=sql.encode(),
        params={"database": clickhouse.database} | parameters,
        auth=(user or clickhouse.readonly_user, password or clickhouse.readonly_password),
        timeout=60,
    )


def test_a_view_is_planned_as_a_part_of_a_question_and_still_goes_by_its_name(clickhouse: ClickHouse) -> None:
    for sql in ("DROP VIEW IF EXISTS v_seen", "CREATE VIEW v_seen AS SELECT id, id * 2 AS twice FROM seen"):
        _ask(clickhouse, sql, clickhouse.user, clickhouse.password).raise_for_status()
    assert "VIEW" not in _ask(clickhouse, "EXPLAIN SELECT id FROM v_seen WHERE twice = 4").text
    assert _ask(clickhouse, "SELECT id FROM v_seen WHERE twice = 4").text == "2\n"
    assert _ask(clickhouse, "SELECT sum(v_seen.twice) AS twice FROM v_seen WHERE v_seen.id > 1").text == "4\n"
    unknown = _ask(clickhouse, "SELECT v_seen.thrice FROM v_seen")
    assert unknown.headers["X-ClickHouse-Exception-Code"] == "47"
    assert "thrice" in unknown.text


def test_only_a_readers_plain_views_are_planned_so() -> None:
    reader, writer = Account("reader", "its-own", readonly=True), Account("writer", "its-own")
    assert reader.plans("SELECT id FROM v_seen WHERE twice IN (2, 4)")
    assert not reader.plans("SELECT id FROM v_seen_of(twice = 4)")
    assert not reader.plans("SELECT a.id FROM v_seen AS a\n  join other.v_seen_of (twice = 4) AS b USING id")
    assert not writer.plans("SELECT id FROM v_seen")

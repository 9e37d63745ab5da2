"""`throughline clickhouse`: a server's schema brought forward, looked at and printed, and the SQL of its accounts."""

import json
import re
import threading

import pytest
from click.testing import CliRunner, Result

from console.main import cli
from deploy.clickhouse.account import READER_LIMITS
from deploy.clickhouse.grants import Accounts, grants
from schemas.settings import Settings
from sinks.clickhouse.batch import Batch
from sinks.clickhouse.connection import connect
from sinks.clickhouse.insertion import Insertion
from sinks.clickhouse.migration import migrate, migrations
from tests.conftest import ClickHouse


@pytest.fixture
def environment(clickhouse: ClickHouse, request: pytest.FixtureRequest) -> dict[str, str]:
    name = re.sub(r"\W+", "_", request.node.name)[:40]
    return {
        "THROUGHLINE_CLICKHOUSE_URL": clickhouse.url,
        "THROUGHLINE_CLICKHOUSE_DATABASE": name,
        "THROUGHLINE_CLICKHOUSE_PASSWORD": clickhouse.password,
    }


def call(environment: dict[str, str], *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["clickhouse", *arguments], env=environment)


def test_a_database_is_brought_forward_and_tells_so(environment: dict[str, str]) -> None:
    names = [migration.name for migration in migrations()]
    before = call(environment, "status", "--json")
    assert before.exit_code == 1
    assert {each["state"] for each in json.loads(before.stdout)["migrations"]} == {"to run"}
    assert json.loads(call(environment, "migrate", "--json").stdout) == {"run": names}
    after = call(environment, "status", "--json")
    assert after.exit_code == 0
    assert [(each["name"], each["state"]) for each in json.loads(after.stdout)["migrations"]] == [
        (name, "run") for name in names
    ]
    assert "nothing to run" in call(environment, "migrate").stdout
    assert names[0] in call(environment, "status").stdout


def test_a_schema_is_printed_for_a_cluster_without_touching_anything(environment: dict[str, str]) -> None:
    cluster = {**environment, "THROUGHLINE_CLICKHOUSE_CLUSTER": "main"}
    printed = call(cluster, "migrate", "--print").stdout
    assert printed.startswith("CREATE DATABASE IF NOT EXISTS")
    assert printed.count("ON CLUSTER `main`") > 50
    assert call(environment, "status").exit_code == 1


def test_a_writer_at_work_does_not_notice_that_the_schema_goes_forward(clickhouse: ClickHouse) -> None:
    settings = Settings(
        clickhouse_url=clickhouse.url, clickhouse_database="forward", clickhouse_password=clickhouse.password
    )
    # From here on the writer's tables have every column that it writes.
    migrate(connect(settings), migrations()[:14])
    row = ("c", "", "", "s", "", "t", "sales", *[""] * 6, 0, 0, *[""] * 5, None, "", None, "", b"{}", "", "t", 0, 0, 0)
    stopping, written = threading.Event(), []

    def write() -> None:
        insertion = Insertion(connect(settings))
        while not stopping.is_set() or not written:
            batch = Batch()
            batch.of("touchpoints").add((*row[:4], str(len(written)), *row[5:]))
            insertion.insert(batch, lambda table, rows: written.append(rows))

    writer = threading.Thread(target=write)
    writer.start()
    newer = migrate(connect(settings))
    stopping.set()
    writer.join()
    assert len(newer) == len(migrations()) - 14
    assert int(str(connect(settings).command("SELECT uniqExact(id) FROM touchpoints"))) == len(written) > 0


@pytest.mark.parametrize("cluster", ["", "main"])
def test_each_statement_of_the_accounts_is_what_the_engine_understands(clickhouse: ClickHouse, cluster: str) -> None:
    client = connect(Settings(clickhouse_url=clickhouse.url, clickhouse_password=clickhouse.password))
    client.database = "default"
    statements = list(grants(Accounts("throughline", "throughline", "analyst", cluster)))
    for statement in statements:
        (line,) = client.query("SELECT formatQuerySingleLine({sql:String})", {"sql": statement}).result_rows[0]
        assert ("ON CLUSTER main" in line) == bool(cluster), line
    (profile,) = [each for each in statements if each.startswith("CREATE SETTINGS PROFILE")]
    assert "readonly = 1" in profile
    for name, most in READER_LIMITS.items():
        assert f"{name} = {most} MIN 1 MAX {most} CHANGEABLE_IN_READONLY" in profile


def test_the_accounts_are_those_of_the_settings(environment: dict[str, str]) -> None:
    printed = call({**environment, "THROUGHLINE_CLICKHOUSE_READONLY_USER": "reader"}, "grants").stdout
    assert "`reader`" in printed
    assert "<password of reader>" in printed
    assert environment["THROUGHLINE_CLICKHOUSE_PASSWORD"] not in printed

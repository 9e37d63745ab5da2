"""The same migrations on a cluster: all replicas, replicated tables, held against the engine's own parser."""

import pytest

from schemas.settings import Settings
from sinks.clickhouse.cluster import rendered
from sinks.clickhouse.connection import connect
from sinks.clickhouse.migration import MigrationRefusedError, migrate, migrations, script, standing

STATEMENTS = list(script("throughline"))


@pytest.fixture(scope="module")
def canonical(own_clickhouse, tmp_path_factory) -> dict[str, str]:
    """The engine's own spelling of each statement as a cluster runs it, in one line."""
    client = connect(settings_of(own_clickhouse))
    wanted = list(script("throughline", "main"))
    (lines,) = client.query(
        "SELECT arrayMap(one -> formatQuerySingleLine(one), {statements:Array(String)})", {"statements": wanted}
    ).result_rows[0]
    return dict(zip(STATEMENTS, lines, strict=True))


def settings_of(own_clickhouse) -> Settings:
    return Settings(clickhouse_url=own_clickhouse.environment["URL"], clickhouse_password="of-the-writer")


def test_a_single_server_runs_the_files_as_they_are():
    written = [statement for migration in migrations() for statement in migration.statements]
    assert STATEMENTS[2:] == written


def test_whatever_makes_or_changes_something_is_done_on_every_replica(canonical):
    for line in canonical.values():
        words = line.split()
        if words[0] != "INSERT":
            assert " ON CLUSTER main" in line[:200], line[:200]
        else:
            assert "ON CLUSTER" not in line


def test_every_table_of_a_cluster_is_replicated_with_the_arguments_that_it_has_alone(canonical):
    tables = {statement: line for statement, line in canonical.items() if "ENGINE =" in line}
    assert len(tables) > 15
    for statement, line in tables.items():
        engine = line.split("ENGINE = ")[1].split(" ORDER BY")[0].split(" PARTITION BY")[0]
        kind, arguments = engine.split("(", 1)
        alone = statement.split("ENGINE = ")[1].split("\n")[0].split(" ORDER BY")[0].rstrip(";")
        own_kind, _, own = alone.partition("(")
        assert kind == f"Replicated{own_kind}"
        place = "'/clickhouse/tables/{shard}/{database}/{table}', '{replica}'"
        assert arguments.removesuffix(")") == f"{place}, {own.removesuffix(')')}" if own else place


def test_a_path_that_is_replicated_already_stays():
    given = "CREATE TABLE IF NOT EXISTS t (a UInt8) ENGINE = ReplicatedMergeTree('/p', 'r') ORDER BY a"
    assert rendered(given, "c") == given.replace(" t (", " t ON CLUSTER `c` (")


def test_a_cluster_that_the_server_does_not_know_is_refused(settings):
    client = connect(settings)
    with pytest.raises(MigrationRefusedError, match="there is no cluster nowhere"):
        migrate(client, cluster="nowhere")


def test_a_database_says_how_it_stands_to_each_file(settings, tmp_path):
    client = connect(settings)
    for name, sql in {"0001_one": "a", "0002_two": "b"}.items():
        (tmp_path / f"{name}.sql").write_text(
            f"CREATE TABLE IF NOT EXISTS {sql} (x UInt8) ENGINE = MergeTree ORDER BY x;\n"
        )
    files = migrations(tmp_path)
    migrate(client, files[:1])
    assert [(one.name, one.state) for one in standing(client, files)] == [
        ("0001_one.sql", "run"),
        ("0002_two.sql", "to run"),
    ]
    migrate(client, files)
    (tmp_path / "0001_one.sql").write_text("CREATE TABLE IF NOT EXISTS a (x UInt16) ENGINE = MergeTree ORDER BY x;\n")
    edited = migrations(tmp_path)
    assert [one.state for one in standing(client, edited[:1])] == ["edited", "unknown"]
    assert all(one.applied_at is not None for one in standing(client, edited))

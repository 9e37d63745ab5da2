"""`throughline export`: views and queries as Parquet files that hold the very rows."""

import json
from pathlib import Path

import pyarrow.parquet
from click.testing import CliRunner, Result

from console.main import cli
from sinks.clickhouse.connection import connect
from tests.conftest import Simulated


def export(simulated: Simulated, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["export", *arguments], env=simulated.reader)


def test_a_view_and_a_query_are_files_with_every_row(simulated: Simulated, tmp_path: Path) -> None:
    told = export(simulated, "v_deals", "v_handoffs", "--parquet", str(tmp_path), "--json")
    assert [each["file"] for each in json.loads(told.stdout)] == [
        str(tmp_path / "v_deals.parquet"),
        str(tmp_path / "v_handoffs.parquet"),
    ]
    deals = pyarrow.parquet.read_table(tmp_path / "v_deals.parquet")
    found = connect(simulated.settings).query("SELECT id, amount FROM v_deals ORDER BY id")
    assert sorted(deals["id"].to_pylist()) == [row[0] for row in found.result_rows]
    assert {amount for _, amount in found.result_rows} == set(deals["amount"].to_pylist())

    to = tmp_path / "one.parquet"
    assert export(simulated, "--parquet", str(to), "--query", "SELECT 1 AS one").exit_code == 0
    assert pyarrow.parquet.read_table(to).to_pylist() == [{"one": 1}]
    assert list(tmp_path.glob("*.part")) == []


def test_what_cannot_be_exported_is_said_and_leaves_no_file(simulated: Simulated, tmp_path: Path) -> None:
    assert "there is no view v_none" in export(simulated, "v_none", "--parquet", str(tmp_path)).stderr
    assert "takes arguments" in export(simulated, "v_funnel", "--parquet", str(tmp_path)).stderr
    refused = export(simulated, "--parquet", str(tmp_path / "x.parquet"), "--query", "SELECT nothing FROM nowhere")
    assert refused.exit_code == 1
    assert "Code: " in refused.stderr
    assert list(tmp_path.iterdir()) == []

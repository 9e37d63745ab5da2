"""Grafana's files: what they name exists, and every panel's query is answered by the engine, as the analyst."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from console.analyst import Analyst
from schemas.settings import ClickHouseRun
from sinks.clickhouse.connection import connect
from sinks.clickhouse.position import write_positions
from tests.conftest import Simulated
from tests.instance import ROOT

FOLDER = ROOT / "deploy" / "grafana"
DASHBOARDS = {path.stem: json.loads(path.read_text()) for path in sorted((FOLDER / "dashboards").glob("*.json"))}
PANELS = [(name, panel) for name, board in DASHBOARDS.items() for panel in board["panels"]]
FROM, TO = (int(datetime(2026, month, 1, tzinfo=UTC).timestamp() * 1000) for month in (6, 10))


@pytest.fixture(scope="module")
def analyst(simulated: Simulated) -> Analyst:
    settings = simulated.settings
    # Only a writer says how far the tables are.
    write_positions(connect(settings), {("journey.facts", 0): 100})
    return Analyst(
        ClickHouseRun(
            url=settings.clickhouse_url,
            database=settings.clickhouse_database,
            user="",
            password="",
            readonly_user=settings.clickhouse_readonly_user,
            readonly_password="of-the-analyst",
        )
    )


def filled_in(sql: str, board: dict[str, Any]) -> str:
    """The query as the plugin sends it: its macros, and the dashboard's variables as they are at first."""
    start, end = (f"toDateTime(intDiv({ms},1000))" for ms in (FROM, TO))
    sql = re.sub(r"\$__timeFilter\((\w+)\)", rf"\1 >= {start} AND \1 <= {end}", sql)
    sql = re.sub(r"\$__timeInterval\((\w+)\)", r"toStartOfInterval(toDateTime(\1), INTERVAL 86400 second)", sql)
    sql = sql.replace("$__fromTime", start).replace("$__toTime", end)
    for variable in board["templating"]["list"]:
        sql = sql.replace(f"${{{variable['name']}}}", variable["current"]["value"])
    assert "$" not in sql, sql
    return sql


@pytest.mark.parametrize(("name", "panel"), PANELS, ids=[f"{name}: {panel['title']}" for name, panel in PANELS])
def test_every_panels_query_is_answered(analyst: Analyst, name: str, panel: dict[str, Any]) -> None:
    (target,) = panel["targets"]
    columns, rows = analyst.table(filled_in(target["rawSql"], DASHBOARDS[name]))
    assert rows
    if panel["type"] == "timeseries":
        assert columns[0] == "time"
        assert rows == sorted(rows, key=lambda row: row[0])
    if "xField" in panel["options"]:
        assert panel["options"]["xField"] == columns[0]
        assert all(isinstance(row[0], str) for row in rows)
    assert re.search(r"By (v_\w+)\.$", panel["description"])[1] in target["rawSql"]  # type: ignore[index]


def test_panels_have_ids_and_places_of_their_own_and_the_one_data_source() -> None:
    (source,) = YAML(typ="safe").load(FOLDER / "provisioning" / "datasources" / "throughline.yaml")["datasources"]
    for board in DASHBOARDS.values():
        assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
        taken = set()
        for panel in board["panels"]:
            assert panel["datasource"] == {"type": source["type"], "uid": source["uid"]}
            place = panel["gridPos"]
            cells = {
                (x, y)
                for x in range(place["x"], place["x"] + place["w"])
                for y in range(place["y"], place["y"] + place["h"])
            }
            assert max(x for x, _ in cells) < 24
            assert not cells & taken
            taken |= cells


def test_every_variable_of_the_environment_is_in_the_instructions() -> None:
    told = (FOLDER / "README.md").read_text()
    files: list[Path] = list((FOLDER / "provisioning").rglob("*.yaml"))
    named = {word for path in files for word in re.findall(r"\$(\w+)", path.read_text())}
    assert len(named) == 6
    assert [word for word in named if f"{word}=" not in told] == []

"""`throughline report`: tables, numbers for programs, and pictures, of simulated customers."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
import vl_convert
from click.testing import CliRunner, Result

from console.main import cli
from console.reports.catalogue import REPORTS
from console.reports.style import draw, styled
from sinks.clickhouse.connection import connect
from sinks.clickhouse.migration import migrate
from tests.conftest import Simulated
from tests.instance import ROOT

PERIOD = ("--since", "2026-06-01", "--until", "2026-10-01")


def call(simulated: Simulated, name: str, *arguments: str, columns: int = 180) -> Result:
    taken = {argument.name for argument in REPORTS[name].arguments}
    period = [text for text in zip(PERIOD[::2], PERIOD[1::2], strict=True) if text[0].strip("-") in taken]
    words = [word for pair in period for word in pair]
    return CliRunner().invoke(
        cli, ["report", name, *words, *arguments], env={**simulated.reader, "COLUMNS": str(columns)}
    )


def told(simulated: Simulated, name: str, *arguments: str) -> list[dict[str, Any]]:
    answered = call(simulated, name, "--json", *arguments)
    assert answered.exit_code == 0, answered.output
    rows: list[dict[str, Any]] = json.loads(answered.stdout)
    return rows


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_is_a_table_with_its_formula_a_query_and_a_picture_of_the_same_rows(
    simulated: Simulated, name: str
) -> None:
    rows = told(simulated, name)
    assert rows
    table = call(simulated, name).stdout
    assert set(REPORTS[name].shown) <= set(rows[0])
    assert "One row" in table
    found = connect(simulated.settings).query(call(simulated, name, "--sql").stdout)
    assert (list(found.column_names), len(found.result_rows)) == (list(rows[0]), len(rows))
    drawn = vl_convert.vegalite_to_vega(styled(REPORTS[name].chart(rows), "title", "subtitle"))
    assert any(each.get("values") for each in drawn["data"])


@pytest.mark.parametrize("name", ["quota", "sla"])
def test_nothing_is_cut_where_the_terminal_is_narrow(simulated: Simulated, name: str) -> None:
    wide = call(simulated, name).stdout
    narrow = call(simulated, name, columns=80).stdout
    assert "…" not in narrow
    assert max(map(len, narrow.splitlines())) <= 80
    assert sorted(set(re.findall(r"[a-z]{3,}", wide))) == sorted(set(re.findall(r"[a-z]{3,}", narrow)))


def test_csv_has_a_line_of_names_and_every_row(simulated: Simulated) -> None:
    lines = list(csv.DictReader(io.StringIO(call(simulated, "funnel", "--csv").stdout)))
    rows = told(simulated, "funnel")
    assert [(line["stage"], int(line["entered"])) for line in lines] == [(row["stage"], row["entered"]) for row in rows]
    assert lines[-1]["conversion"] == ""


def test_a_picture_shows_every_stage_and_what_was_asked(simulated: Simulated, tmp_path: Path) -> None:
    to = tmp_path / "funnel.svg"
    assert call(simulated, "funnel", "--within", "60", "--chart", str(to)).exit_code == 0
    svg = to.read_text()
    for row in told(simulated, "funnel", "--within", "60"):
        assert f">{row['stage']}<" in svg
        assert f">{row['entered']:,}" in svg
    assert "2026-06-01 to 2026-10-01 · track funnel · within 60 days" in svg


def test_a_split_has_a_panel_per_value(simulated: Simulated, tmp_path: Path) -> None:
    to = tmp_path / "funnel.svg"
    assert call(simulated, "funnel", "--by", "channel", "--chart", str(to)).exit_code == 0
    assert ">email<" in to.read_text()
    assert ">web<" in to.read_text()


def test_a_page_needs_no_network(tmp_path: Path) -> None:
    draw(styled({"mark": "point", "data": {"values": [{"x": 1}]}, "encoding": {}}, "t", "s"), tmp_path / "one.html")
    page = (tmp_path / "one.html").read_text()
    assert re.findall(r"<script[^>]* src=|<link ", page) == []


def test_a_picture_of_nothing_or_of_another_kind_is_refused(simulated: Simulated, tmp_path: Path) -> None:
    refused = call(simulated, "funnel", "--chart", str(tmp_path / "funnel.gif"))
    assert refused.exit_code == 1
    assert "an .svg or an .html" in refused.stderr
    empty = CliRunner().invoke(
        cli,
        ["report", "stages", "--track", "none", "--chart", str(tmp_path / "x.svg")],
        env=simulated.reader,
    )
    assert empty.exit_code == 1
    assert "nothing to draw" in empty.stderr


def test_texts_in_arguments_are_texts_in_the_query(simulated: Simulated) -> None:
    odd = call(simulated, "funnel", "--track", "o'clock\\", "--sql").stdout
    assert "track = 'o\\'clock\\\\'" in odd
    assert told(simulated, "funnel", "--track", "o'clock\\") == []


def test_the_guide_lists_every_report_with_its_view_and_arguments() -> None:
    guide = (ROOT / "docs" / "guide" / "reports.md").read_text()
    for report in REPORTS.values():
        arguments = ", ".join(f"`--{argument.name}`" for argument in report.arguments)
        assert f"| `{report.name}` | {report.title} | `{report.view}` | {arguments} |" in guide


def test_a_database_without_a_policy_is_told_from_one_without_rows(simulated: Simulated) -> None:
    settings = simulated.settings.model_copy(update={"clickhouse_database": "no_policy"})
    migrate(connect(settings))
    for name in ("funnel", "roi"):
        answered = CliRunner().invoke(
            cli, ["report", name], env={**simulated.reader, "THROUGHLINE_CLICKHOUSE_DATABASE": "no_policy"}
        )
        assert answered.exit_code == 1
        assert "the policy is not in ClickHouse yet" in answered.stderr

"""The notebook of the examples runs from its first cell to its last, and draws what ClickHouse says."""

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from sinks.clickhouse.connection import connect
from tests.conftest import Simulated
from tests.instance import ROOT

CELLS = json.loads((ROOT / "examples" / "funnel.ipynb").read_text())["cells"]


def run(cell: dict[str, Any], known: dict[str, Any]) -> Any:
    """A code cell as a notebook runs it; what its last line comes to."""
    body = ast.parse("".join(cell["source"])).body
    last = body.pop() if isinstance(body[-1], ast.Expr) else None
    exec(compile(ast.Module(body, []), cell["id"], "exec"), known)
    return eval(compile(ast.Expression(last.value), cell["id"], "eval"), known) if isinstance(last, ast.Expr) else None


def test_every_cell_runs_and_the_picture_is_of_the_funnel(
    simulated: Simulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = simulated.settings
    address = {
        "url": settings.clickhouse_url,
        "database": settings.clickhouse_database,
        "readonly_user": settings.clickhouse_readonly_user,
        "readonly_password": "of-the-analyst",
    }
    (tmp_path / "run.json").write_text(json.dumps({"clickhouse": address}))
    monkeypatch.setenv("THROUGHLINE_DATA", str(tmp_path))
    known: dict[str, Any] = {}
    shown = {cell["id"]: run(cell, known) for cell in CELLS if cell["cell_type"] == "code"}
    entered = (
        connect(settings)
        .query(
            "SELECT stage, entered FROM v_funnel(track = 'funnel', since = '2020-01-01 00:00:00', until = now64(3),"
            " within_days = 90, by = 'all') ORDER BY rank"
        )
        .result_rows
    )
    assert list(zip(shown["ask"]["stage"], shown["ask"]["entered"], strict=True)) == [tuple(row) for row in entered]
    assert len(shown["more"]) > 0
    svg = shown["draw"]._repr_svg_()
    for stage, count in entered:
        assert f">{stage}<" in svg
        assert f">{count:,}" in svg


def test_the_notebook_is_kept_without_what_a_run_leaves_in_it() -> None:
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in CELLS if "outputs" in cell)

"""`throughline import`: what needs no instance, and how refusals are told."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from console.main import cli

LEADS = Path(__file__).parents[2] / "examples" / "olist" / "leads.yaml"
ROWS = """mql_id,first_contact_date,landing_page_id,origin
dac32acd4db4c29c230538b72f8dd87d,2018-02-01,88740e65d5d6b056e0cda098e1ea6313,social
8c18d1de7f67e60dbd64e3c07d7e9d5d,2017-10-20,007f9098284a86ee80ddeb25d53e0af8,paid_search
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    written = tmp_path / "leads.csv"
    written.write_text(ROWS)
    return written


def import_(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["import", *map(str, arguments)], catch_exceptions=False)


def test_a_dry_run_needs_no_instance_and_shows_what_rows_become(file: Path) -> None:
    told = import_(file, "--mapping", LEADS, "--dry-run")
    assert told.exit_code == 0
    assert "lead.qualified" in told.stdout
    assert "2 rows read, 2 would be accepted, 0 rejected" in told.stdout


def test_json_is_one_document_that_counts_rows(file: Path) -> None:
    told = json.loads(import_(file, "--mapping", LEADS, "--dry-run", "--json").stdout)
    assert {name: told[name] for name in ("read", "accepted", "rejected")} == {"read": 2, "accepted": 2, "rejected": 0}
    assert told["seconds"] >= 0


def test_rejected_rows_are_named_and_the_exit_code_says_so(file: Path) -> None:
    file.write_text(ROWS + "someone,not-a-date,x,social\n")
    told = import_(file, "--mapping", LEADS, "--dry-run")
    assert told.exit_code == 1
    assert "1 rejected" in told.stdout
    assert "row 3" in told.stderr


def test_a_mapping_that_cannot_be_used_is_wrong_usage(file: Path, tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text("nonsense: 1\n")
    refused = import_(file, "--mapping", mapping, "--dry-run")
    assert refused.exit_code == 2
    assert str(mapping) in refused.stderr


def test_without_an_instance_only_a_dry_run_goes(file: Path, tmp_path: Path) -> None:
    assert import_(file, "--mapping", LEADS, "--data", tmp_path).exit_code == 3

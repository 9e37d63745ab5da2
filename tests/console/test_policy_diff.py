"""`throughline policy diff` against a real ClickHouse: what would change, and whom it concerns."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.console.conftest import JO, Throughline
from tests.journey.policies import changed
from tests.journey.telling import DEFAULT


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    """The default policy, where a demo alone qualifies nobody."""

    def change(tree: dict[str, Any]) -> None:
        tree["version"] = 2
        tree["tracks"]["lead"]["stages"][1]["enter"][0]["type"] = ["lead.qualified"]

    path = tmp_path / "draft.yaml"
    path.write_text(changed(change))
    return path


def told(throughline: Throughline, *arguments: str) -> Any:
    answered = throughline("policy", "diff", *arguments, "--json")
    assert answered.exit_code == 0, answered.output
    return json.loads(answered.stdout)


def test_what_would_change_is_counted_and_the_customers_are_listed(throughline: Throughline, draft: Path) -> None:
    found = told(throughline, str(draft))
    mqls = next(row for row in found["counts"] if (row["kind"], row["name"]) == ("entered", "lead.mql"))
    assert (mqls["before"], mqls["after"], mqls["difference"]) == (1, 0, -1)
    assert (found["in_force"], found["draft"]) == ("default@1", "default@2")
    assert (found["touchpoints"], found["customers"], found["changed"]) == (5, 2, 1)
    (jo,) = found["customers_changed"]
    assert (jo["customer_id"], jo["who"]) == (JO, "jo@acme.example")
    assert jo["stages"] == {"lead": {"before": "mql", "after": None}}


def test_the_policy_in_force_changes_nothing(throughline: Throughline) -> None:
    found = told(throughline, str(DEFAULT))
    assert found["changed"] == 0
    assert all(row["difference"] == 0 for row in found["counts"])


def test_people_see_what_changes_and_whom_it_concerns(
    throughline: Throughline, draft: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = throughline("policy", "diff", str(draft)).stdout
    assert max(map(len, shown.splitlines())) <= 80
    for expected in ("entries into a stage", "lead: mql", "-1", "1 of 2 customers", "jo@acme.example", "lead: mql → -"):
        assert expected in shown, shown


def test_a_time_from_which_to_count_is_said(throughline: Throughline, draft: Path) -> None:
    found = told(throughline, str(draft), "--since", "2026-03-03")
    assert ("entered", "lead.mql") not in {(row["kind"], row["name"]) for row in found["counts"]}
    assert found["changed"] == 1


def test_a_draft_with_mistakes_is_refused_with_all_of_them(throughline: Throughline, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("policy: x\nversion: one\n")
    answered = throughline("policy", "diff", str(bad))
    assert answered.exit_code == 1
    assert "nothing of it is used" in answered.stderr

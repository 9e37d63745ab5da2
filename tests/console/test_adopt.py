"""A policy is adopted on a running instance, from a past day on; and both teams meet at two people of one account."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.instance import ask, running, say
from tests.journey.policies import changed
from tests.process import eventually

NOW = datetime.now(UTC)


def touchpoint(number: int, kind: str, team: str, direction: str, who: str, **given: object) -> str:
    at = (NOW - timedelta(hours=40 - number)).isoformat()
    fields = {"id": f"t-{number}", "source": "ex", "type": kind, "team": team, "direction": direction}
    return json.dumps({**fields, "occurred_at": at, "customer": {"email": f"{who}@acme.example"}, **given})


def draft(folder: Path, version: int) -> Path:
    """The default policy, where a demo alone qualifies nobody."""

    def change(tree: dict[str, Any]) -> None:
        tree["version"] = version
        tree["tracks"]["lead"]["stages"][1]["enter"][0]["type"] = ["lead.qualified"]

    path = folder / f"draft-{version}.yaml"
    path.write_text(changed(change))
    return path


@pytest.mark.timeout(300)
def test_a_policy_adopted_from_a_day_on_corrects_what_was_said_and_alerts_nobody(
    tmp_path: Path, port_base: int
) -> None:
    told = [
        touchpoint(1, "demo.requested", "marketing", "inbound", "jo"),
        touchpoint(2, "email.sent", "marketing", "outbound", "kim", subject="contract"),
        touchpoint(3, "email.sent", "sales", "outbound", "lee", subject="contract"),
    ]
    second = draft(tmp_path, 2)
    with running(tmp_path / "data", port_base) as data:
        for line in told:
            say(data, "emit", line)
        eventually(lambda: len(ask(data, "overlaps", "--kind", "account")) == 1, 60)
        (overlap,) = ask(data, "overlaps", "--kind", "account")
        assert (overlap["who"], overlap["subject"], overlap["precedence"]) == ("acme.example", "contract", "sales")
        kim = ask(data, "customer", "kim@acme.example")
        assert (kim["account"], [row["id"] for row in kim["account_overlaps"]]) == ("acme.example", [overlap["id"]])
        assert [row["people"] for row in ask(data, "sql", "SELECT people FROM v_accounts")] == [3]
        assert ask(data, "customer", "jo@acme.example")["tracks"]["lead"]["stage"] == "mql"
        foreseen = ask(data, "policy", "diff", str(second))
        assert [row["who"] for row in foreseen["customers_changed"]] == ["jo@acme.example"]
        alerts = ask(data, "sql", "SELECT count() AS alerts FROM v_alerts")

        since = (NOW - timedelta(hours=60)).isoformat()
        adopted = ask(data, "policy", "adopt", str(second), "--from", since, "--yes")
        assert (adopted["policy"], adopted["before"], adopted["customers"]) == ("default@2", "default@1", 3)
        eventually(lambda: "lead" not in ask(data, "customer", "jo@acme.example")["tracks"], 90)
        assert ask(data, "sql", "SELECT count() AS alerts FROM v_alerts") == alerts
        (rebuilt,) = ask(data, "sql", "SELECT DISTINCT reason FROM v_rebuilds")
        assert rebuilt["reason"] == "policy"

        explained = ask(data, "explain", "jo@acme.example")
        assert {step["policy"] for step in explained["steps"] if step["touchpoint"]} == {"default@2"}
        assert [row["track"] for row in explained["now"]["positions"]] == ["funnel"]
        assert "raise `version`" in _refused(data, "policy", "adopt", str(second), "--yes")
        third = draft(tmp_path, 3)
        assert "adopt from a later time" in _refused(data, "policy", "adopt", str(third), "--from", since, "--yes")
        say(data, "policy", "adopt", str(third), "--yes")
        say(data, "verify")


def _refused(data: Path, *arguments: str) -> str:
    import subprocess

    from tests.instance import command
    from tests.process import ROOT

    ran = subprocess.run(command(data, *arguments), capture_output=True, text=True, cwd=ROOT, check=False)
    assert ran.returncode == 1, ran.stdout
    return ran.stderr

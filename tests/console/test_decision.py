"""A person decides an overlap on a running instance, and what sales said of the lead is on the customer's page."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.instance import ask, running, say
from tests.process import eventually

NOW = datetime.now(UTC)


def touchpoint(number: int, kind: str, team: str, direction: str, **given: object) -> str:
    return json.dumps(
        {
            "id": f"t-{number}",
            "source": "ex",
            "type": kind,
            "team": team,
            "direction": direction,
            "occurred_at": (NOW - timedelta(hours=20 - number)).isoformat(),
            "customer": {"email": "jo@acme.example"},
            **given,
        }
    )


@pytest.mark.timeout(300)
def test_an_overlap_is_decided_and_sales_answers_are_told(tmp_path: Path, port_base: int) -> None:
    told = [
        touchpoint(1, "demo.requested", "marketing", "inbound", campaign="spring"),
        touchpoint(2, "lead.accepted", "sales", "internal", actor="rep-1"),
        touchpoint(3, "deal.created", "sales", "internal", value={"amount": "9000.50", "currency": "EUR"}),
        touchpoint(4, "quote.sent", "sales", "outbound", subject="pricing"),
        touchpoint(5, "email.sent", "marketing", "outbound", subject="promotion"),
    ]
    with running(tmp_path / "data", port_base) as data:
        for line in told:
            say(data, "emit", line)
        eventually(lambda: len(ask(data, "overlaps", "--kind", "conflict")) == 1, 60)
        (found,) = ask(data, "overlaps", "--kind", "conflict")
        decided = ask(data, "overlaps", "resolve", found["id"][:12], "--as", "sales/jo", "--reason", "list price it is")
        assert (decided["status"], decided["resolution"]) == ("resolved", "decision")
        assert ask(data, "overlaps", "--kind", "conflict") == []
        assert ask(data, "overlaps", "resolve", found["id"], "--as", "sales/jo")["resolution"] == "decision"
        jo = ask(data, "customer", "jo@acme.example")
        assert [(deal["status"], deal["amount"]) for deal in jo["deals"]] == [("open", 9000.5)]
        assert [(said["disposition"], said["campaign"]) for said in jo["feedback"]] == [("accepted", "spring")]
        decision = jo["timeline"][-1]
        assert (decision["source"], decision["actor"], decision["properties"]["reason"]) == (
            "throughline", "jo", "list price it is",
        )  # fmt: skip
        (quality,) = ask(data, "sql", "SELECT campaign, accepted, answered, acceptance FROM v_lead_quality")
        assert quality == {"campaign": "spring", "accepted": 1, "answered": 1, "acceptance": 1.0}
        say(data, "verify")

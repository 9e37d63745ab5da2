"""What people ask of a running instance, against a real ClickHouse: shapes, filters, exit codes."""

import json
from typing import Any

import pytest

from console.analyst import analyst_of
from console.questions.people import names_of
from console.web import search
from console.web.search import found_like
from schemas.settings import Run
from tests.console.conftest import ANN, BO, JO, Throughline


def told(throughline: Throughline, *arguments: str) -> Any:
    answered = throughline(*arguments, "--json")
    assert answered.exit_code == 0, answered.output
    return json.loads(answered.stdout)


@pytest.mark.parametrize("name", ["jo@acme.example", " Jo@ACME.example", JO, JO.upper(), "b-1"])
def test_a_customer_is_found_by_any_identifier_in_any_spelling(throughline: Throughline, name: str) -> None:
    assert told(throughline, "customer", name)["customer_id"] == JO


def test_a_customer_is_told_in_the_shape_that_scripts_rely_on(throughline: Throughline) -> None:
    jo = told(throughline, "customer", "jo@acme.example")
    assert jo["identifiers"] == {"anonymous_id": ["b-1"], "email": ["jo@acme.example"]}
    funnel = jo["tracks"]["funnel"]
    assert {name: funnel[name] for name in ("stage", "entered_at", "furthest", "visits")} == {
        "stage": "evaluation", "entered_at": "2026-03-04T10:00:00.000Z", "furthest": "evaluation",
        "visits": {"evaluation": 1},
    }  # fmt: skip
    assert jo["tracks"]["lead"]["stage"] == "mql"
    assert jo["owner"] == {"team": "sales", "actor": "rep-1", "since": "2026-03-02T12:00:00.000Z"}
    assert [(overlap["kind"], overlap["status"]) for overlap in jo["overlaps"]] == [("conflict", "open")]
    assert [(clock["name"], clock["state"]) for clock in jo["clocks"]] == [("mql_answered", "breached")]
    assert jo["stalled"] == []
    assert (jo["persona"], jo["score"]) == (
        "doer", {"fit": 50.0, "engagement": 16.5, "as_of": "2026-03-04T10:00:00.000Z"},
    )  # fmt: skip
    assert funnel["stage_total_ms"] == funnel["stage_open_ms"] + 5
    assert [(deal["deal"], deal["status"], deal["amount"]) for deal in jo["deals"]] == [("d-7", "open", 1200.5)]
    assert [(said["disposition"], said["campaign"]) for said in jo["feedback"]] == [("accepted", "spring")]
    assert jo["last_touch"]["sales"]["type"] == "quote.sent"


def test_the_timeline_is_in_event_time_with_the_moves_that_each_touchpoint_made(throughline: Throughline) -> None:
    timeline = told(throughline, "customer", "jo@acme.example")["timeline"]
    assert [entry["type"] for entry in timeline] == [
        "page.viewed", "demo.requested", "quote.sent", "email.sent", "time.passed",
    ]  # fmt: skip
    assert timeline[0]["moves"][0]["to_stage"] == "intent"
    assert timeline[0]["properties"] == {"path": "/pricing"}
    assert float(timeline[2]["value"]["amount"]) == 1200.5
    assert timeline[4]["moves"][0]["to_stage"] == "inactive"


def test_a_customer_is_shown_to_people(throughline: Throughline) -> None:
    shown = throughline("customer", "jo@acme.example")
    assert shown.exit_code == 0
    for expected in (
        "jo@acme.example",
        "d-7 is open",
        "accepted",
        "doer, fit 50",
        "evaluation",
        "conflict on promotion",
        "mql_answered",
        "> quote.sent",
    ):
        assert expected in shown.stdout


def test_nobody_is_an_exit_code_and_a_hint(throughline: Throughline) -> None:
    answered = throughline("customer", "nobody@nowhere.example", "--json")
    assert answered.exit_code == 1
    assert answered.stdout == ""
    assert "nobody is known by" in answered.stderr


def test_stalled_prospects_are_those_of_now(throughline: Throughline) -> None:
    found = told(throughline, "stalled")
    assert [(row["customer_id"], row["who"], row["stage"], row["since"]) for row in found] == [
        (BO, "bo@acme.example", "consideration", "2026-03-15T09:00:00.000Z")
    ]


@pytest.mark.parametrize(
    ("moment", "customers"),
    [("2026-03-14", set()), ("2026-03-16", {BO}), ("2026-04-01T00:00:00+02:00", {BO, JO}), ("2026-05-06", {BO})],
)
def test_stalled_prospects_can_be_asked_for_any_time(
    throughline: Throughline, moment: str, customers: set[str]
) -> None:
    assert {row["customer_id"] for row in told(throughline, "stalled", "--as-of", moment)} == customers


def test_a_few_have_the_names_that_they_have_among_many(run: Run) -> None:
    analyst = analyst_of(run)
    few = names_of(analyst, [JO, BO, ANN])
    assert few[JO] == "jo@acme.example"
    among_many = names_of(analyst, [JO, BO, ANN, *map(str, range(1000))])
    analyst.close()
    assert {who: among_many[who] for who in few} == few


def test_a_search_looks_further_where_the_identifiers_seen_last_are_of_too_few(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    analyst = analyst_of(run)
    found = found_like(analyst, "ACME")
    ids = {row["customer_id"] for row in found}
    assert {JO, BO} <= ids and len(ids) == len(found)
    monkeypatch.setattr(search, "_FIRST", 1)
    monkeypatch.setattr(search, "_MORE", 2)
    further = found_like(analyst, "ACME")
    by_id = found_like(analyst, JO[4:20])
    analyst.close()
    assert [row["customer_id"] for row in further] == [row["customer_id"] for row in found]
    assert [row["customer_id"] for row in by_id] == [JO]


def test_stalled_prospects_are_filtered(throughline: Throughline) -> None:
    assert told(throughline, "stalled", "--stage", "intent") == []
    assert len(told(throughline, "stalled", "--stage", "consideration", "--team", "marketing")) == 1


def test_overlaps_are_the_open_ones_unless_all_are_asked_for(throughline: Throughline) -> None:
    assert [row["kind"] for row in told(throughline, "overlaps")] == ["conflict"]
    assert [row["kind"] for row in told(throughline, "overlaps", "--status", "all")] == ["conflict", "pressure"]
    assert told(throughline, "overlaps", "--severity", "low") == []
    assert told(throughline, "overlaps", "--kind", "conflict", "--team", "sales")[0]["who"] == "jo@acme.example"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["resolve", "ffff", "--as", "sales/jo"], "there is no overlap"),
        (["resolve", "0", "--as", "sales/jo"], "overlaps begin with"),
        (["resolve", "0", "--as", "/jo"], "names no team"),
        (["resolve", "0", "--as", "support/jo"], "its teams are marketing, sales"),
    ],
)
def test_a_decision_on_no_overlap_or_by_nobody_says_what_to_do(
    throughline: Throughline, arguments: list[str], said: str
) -> None:
    answered = throughline("overlaps", *arguments)
    assert answered.exit_code != 0
    assert said in answered.stderr


def test_a_decision_on_an_overlap_that_is_over_says_how_it_ended(throughline: Throughline) -> None:
    (over,) = told(throughline, "overlaps", "--status", "resolved")
    answered = told(throughline, "overlaps", "resolve", over["id"], "--as", "sales/jo")
    assert (answered["status"], answered["resolution"]) == ("resolved", "expiry")


def test_tables_for_people_say_how_many_there_are(throughline: Throughline) -> None:
    assert "1 open overlaps" in throughline("overlaps").stdout
    assert "1 stalled" in throughline("stalled").stdout


def test_sql_answers_with_rows_of_plain_values(throughline: Throughline) -> None:
    sql = "SELECT id, occurred_at, value_amount FROM v_touchpoints WHERE type = 'quote.sent'"
    assert told(throughline, "sql", sql) == [
        {"id": "t3", "occurred_at": "2026-03-04T10:00:00.000Z", "value_amount": 1200.5}
    ]
    assert "t3" in throughline("sql", sql).stdout


def test_sql_shows_what_clickhouse_says_and_fails(throughline: Throughline) -> None:
    answered = throughline("sql", "SELECT nonsense FROM v_touchpoints", "--json")
    assert answered.exit_code == 1
    assert "Code: 47" in answered.stderr
    assert "nonsense" in answered.stderr


def test_sql_cannot_write(throughline: Throughline) -> None:
    answered = throughline("sql", "DROP TABLE touchpoints")
    assert answered.exit_code == 1
    assert "readonly" in answered.stderr.lower()


def test_rejected_records_are_listed_and_shown_with_their_bytes(throughline: Throughline) -> None:
    assert told(throughline, "rejected", "list")[0]["reason"] == "not_json"
    assert told(throughline, "rejected", "list", "--reason", "future") == []
    assert told(throughline, "rejected", "show", "touchpoints.sales/0/7")["value"] == "{broken"
    assert "{broken" in throughline("rejected", "show", "touchpoints.sales/0/7").stdout
    assert throughline("rejected", "show", "touchpoints.sales/0/8").exit_code == 1


def test_everybody_in_the_content_is_known(throughline: Throughline) -> None:
    rows = told(throughline, "sql", "SELECT DISTINCT customer_id FROM v_positions")
    assert {row["customer_id"] for row in rows} == {JO, BO, ANN}

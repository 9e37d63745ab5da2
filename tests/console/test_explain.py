"""`throughline explain` against a real ClickHouse: its end is what the product says, and people can read the way."""

import json
from datetime import UTC, datetime

import pytest

from console.explanation_page import flow
from journey.explanation import explain
from journey.fact import Position
from streams.touches import touch_of
from streams.wire import decode
from tests.console.conftest import JO, Throughline, touchpoints
from tests.journey.telling import RULES, ms


def told(throughline: Throughline, *arguments: str) -> dict[str, object]:
    answered = throughline("explain", *arguments, "--json")
    assert answered.exit_code == 0, answered.output
    found: dict[str, object] = json.loads(answered.stdout)
    return found


def test_the_end_of_the_explanation_is_what_a_fold_of_the_same_touchpoints_says(throughline: Throughline) -> None:
    found = told(throughline, "jo@acme.example", "--as-of", "2026-03-06")
    wires = [decode(model.model_dump_json(exclude_none=True).encode()) for model in touchpoints()]
    touches = [touch_of(wire, RULES.names_read) for wire in wires if wire.customer_id == JO]
    expected = explain(touches, JO, RULES, ms("2026-03-06"))
    positions = {fact.track: fact.stage for fact in expected.facts.values() if isinstance(fact, Position)}
    assert {row["track"]: row["stage"] for row in found["now"]["positions"]} == positions  # type: ignore[index]
    assert positions == {"funnel": "evaluation", "lead": "mql"}
    assert [step["touchpoint"]["id"] for step in found["steps"] if step["touchpoint"]] == ["t1", "t2", "t3", "t4"]  # type: ignore[attr-defined]


def test_each_step_has_the_rule_its_words_and_what_it_saw(throughline: Throughline) -> None:
    first = told(throughline, "jo@acme.example")["steps"][0]  # type: ignore[index]
    (said,) = [one for one in first["said"] if one["fact"]["fact"] == "transition"]
    assert said["rule"] == "tracks.funnel.intent.enter"
    assert said["words"]["properties"] == {"path": {"starts_with": "/pricing"}}
    assert said["values"]["properties.path"] == "/pricing"
    assert first["policy"] == "default@1"


def test_people_can_read_it_in_80_columns(throughline: Throughline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = throughline("explain", "jo@acme.example", "--as-of", "2026-03-06", "--all").stdout
    assert max(map(len, shown.splitlines())) <= 80
    for expected in (
        "nowhere to intent (enter)",
        "clock mql_routed of marketing: running",
        "overlap conflict",
        "So now",
    ):
        assert expected in shown, shown


def test_nobody_is_an_exit_code(throughline: Throughline) -> None:
    assert throughline("explain", "nobody@nowhere.example").exit_code == 1


def test_a_piece_of_a_policy_is_written_as_the_file_may_have_it() -> None:
    condition = {
        "type": ["page.viewed"],
        "count": 2,
        "within": "7d",
        "properties": {"x": {"at_least": 4.0}, "y": {"equals": True}},
    }
    assert flow(condition) == "{type: page.viewed, count: 2, within: 7d, properties: {x: {at_least: 4}, y: true}}"
    assert flow([True, None, "a"]) == "[true, null, a]"


def test_the_time_until_which_it_explains_is_said(throughline: Throughline) -> None:
    found = told(throughline, "jo@acme.example", "--as-of", "2026-03-02T09:01:00Z")
    assert datetime.fromisoformat(str(found["until"])) == datetime(2026, 3, 2, 9, 1, tzinfo=UTC)
    assert len(found["steps"]) == 1  # type: ignore[arg-type]

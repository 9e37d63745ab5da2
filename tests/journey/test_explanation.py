"""Why a customer is where it is: the steps end where the journey stands, and each names its rule and what that saw."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from journey.explanation import Explanation, Said, explain
from journey.fact import Clock, Correction, Handoff, Overlap, Stalled, TooLate, Transition
from journey.looking import span
from journey.packed import pack_head
from journey.policy.reading import read
from journey.rebuild import fold_history
from journey.rules import Rules
from journey.touch import Touch
from tests.journey.journeys import touches
from tests.journey.policies import changed, rules_entering
from tests.journey.telling import DAY, HOUR, RULES, START, Story, touch

LATER = START + 80 * DAY


def why(told: list[Touch], fact: type, now: int = 0, /, **wanted: object) -> Said:
    """The last thing of a kind that was said with these contents, and its reason."""
    found = explain(told, "c-1", RULES, now)
    said = [one for step in found.steps for one in step.said if isinstance(one.fact, fact)]
    return [one for one in said if all(getattr(one.fact, name) == value for name, value in wanted.items())][-1]


@given(touches(days=30))
@settings(max_examples=150, deadline=None)
def test_the_end_of_the_explanation_is_what_the_product_says(told: list[Touch]) -> None:
    story = Story()
    for one in told:
        story.arrive([one])
    story.arrive([], LATER)
    found = explain(told, story.customer, RULES, LATER)
    assert pack_head(found.head) == pack_head(story.journey.head)
    expected = {fact.id: fact for fact in story.current() if not isinstance(fact, Correction | TooLate)}
    assert _plain(found.facts) == _plain(expected)


def _plain(facts: dict[str, object]) -> dict[str, object]:
    stamped = {"version", "recorded_at"}
    return {
        key: {name: value for name, value in msgspec.to_builtins(fact).items() if name not in stamped}
        for key, fact in facts.items()
    }


@given(touches(days=30))
@settings(max_examples=60, deadline=None)
def test_every_touchpoint_is_a_step_and_the_last_that_is_said_of_a_fact_is_how_it_stands(told: list[Touch]) -> None:
    found = explain(told, "c-1", RULES, LATER)
    assert [step.touch for step in found.steps if step.touch] == told
    assert [step.at for step in found.steps] == sorted(step.at for step in found.steps)
    last = {one.fact.id: one.fact for step in found.steps for one in step.said}
    assert last.items() <= found.facts.items()
    assert all(one.why.rule for step in found.steps for one in step.said)
    assert msgspec.json.encode([step.said for step in found.steps])


def test_a_counted_rule_tells_its_words_and_how_many_it_saw_in_its_window() -> None:
    told = [touch(f"v{n}", START + n * DAY, "page.viewed", properties={"path": "/pricing"}) for n in range(2)]
    said = why(told, Transition, to_stage="mql")
    assert said.why.rule == "tracks.lead.mql.enter"
    assert said.why.words["count"] == 2
    assert said.why.words["within"] == "7d"
    assert said.why.values["times in 7 days"] == "2 or more of 2 needed"
    assert said.why.values["properties.path"] == "/pricing"
    assert said.why.values["stage of lead"] is None


def test_a_rule_on_score_tells_the_score_at_that_moment() -> None:
    traits = {"traits": {"seniority": "vp", "company_size": 80}}
    told = [touch(f"f{n}", START + n * HOUR, "form.submitted", properties=traits) for n in range(4)]
    said = why(told, Transition, to_stage="mql")
    assert said.why.values["fit"] == 50
    assert 50 <= said.why.values["engagement"] < 60


def test_regress_re_entry_and_a_detour_by_time_name_their_rules() -> None:
    told = [
        touch("q", START, "quote.sent", "sales", "outbound"),
        touch("d", START + DAY, "quote.declined", "sales", "inbound"),
        touch("b", START + 70 * DAY, "form.submitted"),
    ]
    assert why(told, Transition, kind="regress").why.words == {
        "when": {"type": ["quote.declined"]}, "from": "evaluation", "to": "consideration"
    }  # fmt: skip
    away = why(told, Transition, kind="exit")
    assert (away.why.rule, away.why.words["no_activity"]) == ("tracks.funnel.inactive.after", "60d")
    assert away.why.values["last counted activity"] == datetime(2026, 1, 6, 10, tzinfo=UTC)
    assert why(told, Transition, kind="re-enter").why.rule == "tracks.funnel.consideration.enter"


def test_a_clock_tells_what_started_it_its_limit_and_what_stopped_it() -> None:
    told = [
        touch("q", START, "lead.qualified", direction="internal"),
        touch("a", START + 2 * HOUR, "lead.accepted", "sales", "internal"),
    ]
    started = why(told, Clock, name="mql_answered", state="running")
    assert started.why.rule == "clocks.mql_answered.start"
    assert started.why.words == {
        "start": {"enter": {"track": "lead", "stage": "mql"}}, "limit": "24bh", "calendar": "office"
    }  # fmt: skip
    assert started.why.values["due"] == datetime(2026, 1, 8, 10, tzinfo=UTC)
    stopped = why(told, Clock, name="mql_answered", state="met")
    assert (stopped.why.rule, stopped.why.values["type"]) == ("clocks.mql_answered.stop", "lead.accepted")
    breached = why(told, Clock, name="mql_routed", state="breached")
    assert breached.why.values["late_ms"] == HOUR
    assert why(told[:1], Clock, LATER, name="mql_routed", state="breached").why.rule == "clocks.mql_routed.limit"
    handoff = why(told, Handoff, kind="accepted")
    assert (handoff.why.rule, handoff.why.words["to"]) == ("owners.accepted", "sales")
    assert handoff.why.values["owner"] == "marketing"


def test_a_stall_tells_the_stages_limit_and_the_last_touch_that_counted() -> None:
    told = [touch("t", START, "trial.started"), touch("c", START + 20 * DAY, "call.logged", "sales", "outbound")]
    opened = why(told, Stalled, kind="no_activity", status="open", escalated_at=None)
    assert opened.why.words == {"stage": "intent", "no_activity": "7d"}
    assert opened.why.values["last counted"] == datetime(2026, 1, 5, 10, tzinfo=UTC)
    resolved = why(told, Stalled, kind="no_activity", status="resolved")
    assert (resolved.why.rule, resolved.why.values["channel"]) == ("stalled.counted", "call")


def test_an_overlap_tells_both_teams_the_window_and_who_goes_first_and_why() -> None:
    told = [
        touch("v", START, "page.viewed", properties={"path": "/pricing"}),
        touch("s", START + DAY, "call.logged", "sales", "outbound", subject="pricing"),
        touch("m", START + 2 * DAY, "email.sent", "marketing", "outbound", subject="pricing"),
    ]
    both = why(told, Overlap, kind="subject")
    assert both.why.words["subject_within"] == "7d"
    assert both.why.values["by"] == "owner of pricing in intent"
    turf = why(told, Overlap, kind="off_turf")
    assert turf.why.words["pricing"] == [{"team": "marketing"}, {"from": "intent", "team": "sales"}]
    assert (turf.why.values["stage of funnel before"], turf.why.values["owner"]) == ("intent", "sales")
    expired = why(told, Overlap, LATER, kind="subject", status="resolved")
    assert expired.why.words == {"expire_after": "14d"}


def test_a_persons_decision_is_why_an_overlap_is_over() -> None:
    told = [
        touch("m", START, "email.sent", "marketing", "outbound", subject="pricing"),
        touch("s", START + DAY, "call.logged", "sales", "outbound", subject="pricing"),
    ]
    found = why(told, Overlap, kind="subject").fact
    decided = touch("d", START + 2 * DAY, "overlap.resolved", "sales", "internal", properties={"id": found.id})
    over = why([*told, decided], Overlap, kind="subject", status="resolved").why
    assert (over.rule, over.words, over.values) == (
        "overlaps.decision", {"type": ["overlap.resolved"]}, {"type": "overlap.resolved"}
    )  # fmt: skip


@pytest.mark.parametrize(
    ("ms", "told"),
    [(2 * DAY, "2 days"), (DAY, "1 day"), (36 * HOUR, "36 hours"), (90_000, "90 seconds"), (1500, "1500 ms")],
)
def test_a_length_of_time_is_told_in_the_largest_unit_that_is_exact(ms: int, told: str) -> None:
    assert span(ms) == told


def test_every_kind_of_condition_tells_what_it_saw() -> None:
    rules = rules_entering(
        {
            "type": "form.submitted",
            "value": {"at_least": 10},
            "absent": {"when": {"type": "ad.clicked"}, "within": "2d"},
            "furthest": {"funnel": "interest"},
            "not": {"stage": {"lead": ["customer"]}},
            "any": [{"actor": "rep-1"}, {"persona": "buyer"}],
        },
        personas=[{"persona": "buyer", "when": [{"seniority": "vp"}]}],
    )
    told = [
        touch("a", START, "ad.clicked"),
        touch("f", START + 5 * DAY, "form.submitted", actor="rep-1", amount=250_000, currency="EUR"),
    ]
    found: Explanation = explain(told, "c-1", rules, 0)
    (said,) = [one for one in found.steps[-1].said if isinstance(one.fact, Transition) and one.fact.track == "probe"]
    assert said.why.values == {
        "stage of probe": "seen",
        "type": "form.submitted",
        "value": "25.00 EUR",
        "the last such one before": datetime(2026, 1, 5, 10, tzinfo=UTC),
        "furthest stage of funnel": "interest",
        "stage of lead": None,
        "actor": "rep-1",
        "persona": None,
    }


def _second(tree: dict[str, Any]) -> None:
    tree["version"] = 2
    tree["clocks"] = [clock for clock in tree["clocks"] if clock["clock"] != "mql_answered"]
    tree["tracks"]["funnel"]["stages"][3]["no_activity"] = "20d"


THEN = Rules(read(changed(_second)), START + 5 * DAY, RULES)


@given(touches(days=12))
@settings(max_examples=60, deadline=None)
def test_each_touchpoint_is_explained_by_the_policy_of_its_day_and_the_end_is_the_same(told: list[Touch]) -> None:
    found = explain(told, "c-1", THEN, LATER)
    _, facts = fold_history(told, "c-1", THEN, LATER)
    assert _plain(found.facts) == _plain({fact.id: fact for fact in facts})
    assert all(step.policy == ("default@2" if step.at >= THEN.since else "default@1") for step in found.steps)
    assert all(one.fact.policy == step.policy for step in found.steps if step.touch for one in step.said)


def test_what_another_policy_ends_is_told_at_its_day() -> None:
    told = [
        touch("q", START + 4 * DAY, "lead.qualified", direction="internal"),
        touch("v", START + 6 * DAY, "page.viewed"),
    ]
    found = explain(told, "c-1", THEN, 0)
    (step,) = [step for step in found.steps if step.at == THEN.since]
    assert [(one.fact.name, one.fact.state, one.why.words) for one in step.said if isinstance(one.fact, Clock)] == [
        ("mql_answered", "cancelled", {"policy": "default@2"})
    ]

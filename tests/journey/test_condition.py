"""What a condition may ask, one thing at a time, by a track whose second stage it enters."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.condition import FieldIs
from journey.fact import Overlap, Transition
from journey.policy.reading import read
from journey.rules import Rules
from journey.settling import compile_test
from journey.touch import Touch
from tests.journey.policies import changed, rules_entering
from tests.journey.telling import DAY, HOUR, START, Story, touch

PERSONAS = [
    {"persona": "champion", "when": [{"role": "user", "company_size": {"at_least": 50}}, {"fan": True}]},
    {"persona": "buyer", "when": [{"seniority": ["vp", "chief"]}]},
    {"persona": "anyone", "when": [{}]},
]


def hits(rules: Rules, *touches: Touch) -> list[str]:
    """The touchpoints that entered the stage."""
    story = Story(rules)
    story.arrive(list(touches))
    return [
        fact.touchpoint.id
        for fact in story.current(Transition)
        if (fact.track, fact.to_stage) == ("probe", "hit") and fact.touchpoint
    ]


def traits(number: int, **known: Any) -> Touch:
    return touch(f"t{number}", START + number * HOUR, "form.submitted", properties={"traits": known})


def money(amount: float | None, currency: str = "EUR") -> Touch:
    value = {} if amount is None else {"amount": round(amount * 10_000), "currency": currency}
    return touch("m", START + DAY, "deal.created", "sales", "internal", **value)


@pytest.mark.parametrize(
    ("wanted", "given_value", "holds"),
    [
        ({"at_least": 1000}, money(1000), True),
        ({"at_least": 1000}, money(999.9999), False),
        ({"at_least": 0.1}, money(0.1), True),
        ({"at_most": 10}, money(10.0001), False),
        ({"at_least": 1000, "currency": "EUR"}, money(1000, "USD"), False),
        ({"currency": ["EUR", "USD"]}, money(1, "USD"), True),
        ({}, money(0), True),
        ({}, money(None), False),
    ],
)
def test_value_asks_for_an_amount_to_the_cent_and_its_currency(
    wanted: dict[str, Any], given_value: Touch, holds: bool
) -> None:
    assert bool(hits(rules_entering({"value": wanted}), touch("a", START, "x.y"), given_value)) is holds


@pytest.mark.parametrize(
    ("test", "given_value", "holds"),
    [
        ({"exists": False}, None, True),
        ({"exists": False}, "yes", False),
        ({"at_least": 4}, "4.5", True),
        ({"at_least": 4}, "many", False),
        ({"at_least": 0}, True, False),
    ],
)
def test_a_property_that_is_there_or_not_and_one_that_is_no_number(
    test: dict[str, Any], given_value: Any, holds: bool
) -> None:
    answered = touch("a", START, "survey.answered", properties={"stars": given_value, "path": "/x"})
    assert bool(hits(rules_entering({"type": "survey.answered", "properties": {"stars": test}}), answered)) is holds


def test_touchpoints_of_which_no_property_is_asked_are_judged_like_the_others() -> None:
    def without_properties(tree: dict[str, Any]) -> None:
        tree["overlaps"]["reply"] = {"type": "email.replied"}
        tree["stalled"]["counted"] = {"direction": "inbound"}

    story = Story(Rules(read(changed(without_properties))))
    story.arrive(
        [
            touch("m", START, "email.sent", "marketing", "outbound", subject="pricing", properties={"automated": True}),
            touch("s", START + HOUR, "email.sent", "sales", "outbound", subject="pricing"),
        ]
    )
    assert (story.stage("funnel"), {fact.kind for fact in story.current(Overlap)}) == (
        "awareness",
        {"subject", "off_turf"},
    )


def test_a_condition_that_is_not_settled_cannot_be_asked_of_a_journey() -> None:
    with pytest.raises(ValueError, match="not settled"):
        compile_test(FieldIs("type", ("deal.won",)))


def test_counts_can_be_of_touchpoints_worth_something() -> None:
    rules = rules_entering({"type": "deal.created", "value": {"at_least": 5}, "count": 2})
    small, large = money(4), money(6)
    second = touch("n", START + 2 * DAY, "deal.created", "sales", "internal", amount=60_000, currency="EUR")
    assert hits(rules, small, second) == []
    assert hits(rules, large, second) == ["n"]


def test_absent_holds_where_no_such_touchpoint_came_before_within_the_window() -> None:
    rules = rules_entering({"type": "email.replied", "absent": {"when": {"direction": "inbound"}, "within": "7d"}})
    reply = touch("r", START + 7 * DAY, "email.replied")
    assert hits(rules, reply) == ["r"], "itself does not count"
    assert hits(rules, touch("a", START, "page.viewed"), reply) == [], "exactly seven days earlier is inside"
    assert hits(rules, touch("a", START - 1, "page.viewed"), reply) == ["r"]
    assert hits(rules, touch("a", START + DAY, "email.sent", direction="outbound"), reply) == ["r"]


def test_absent_may_ask_for_what_the_touchpoint_itself_is_not() -> None:
    rules = rules_entering({"type": "deal.created", "absent": {"when": {"type": "call.logged"}}})
    call = touch("c", START, "call.logged", "sales", "outbound")
    assert hits(rules, touch("a", START, "page.viewed"), money(1)) == ["m"]
    assert hits(rules, call, money(1)) == []


def test_absent_may_be_of_any_and_not() -> None:
    silent = {"any": [{"type": "call.logged"}, {"channel": "email", "not": {"properties": {"automated": True}}}]}
    rules = rules_entering({"type": "deal.created", "absent": {"when": silent, "within": "2d"}})
    assert hits(rules, touch("e", START, "email.sent", properties={"automated": True}), money(1)) == ["m"]
    assert hits(rules, touch("e", START, "email.sent"), money(1)) == []


def test_a_late_touchpoint_takes_an_absence_back() -> None:
    rules = rules_entering({"type": "deal.created", "absent": {"when": {"type": "call.logged"}}})
    story = Story(rules)
    story.arrive([touch("a", START, "page.viewed"), money(1)])
    assert story.stage("probe") == "hit"
    story.arrive([touch("c", START + HOUR, "call.logged", "sales", "outbound")])
    assert story.stage("probe") == "seen"


def test_the_persona_is_the_first_that_the_latest_traits_fit() -> None:
    rules = rules_entering({"persona": "buyer"}, personas=PERSONAS)
    assert hits(rules, traits(1, seniority="vp")) == ["t1"], "the touchpoint's own traits are known"
    assert hits(rules, traits(1, seniority="intern"), traits(2, seniority="chief")) == ["t2"]
    assert hits(rules, traits(1, seniority="vp", fan=True)) == [], "a champion first"
    assert hits(rules, traits(1, role="user"), traits(2, seniority="vp"), traits(3, company_size=80)) == ["t2"]


def test_nobody_is_a_persona_before_a_trait_is_known() -> None:
    rules = rules_entering({"persona": ["champion", "buyer", "anyone"]}, personas=PERSONAS)
    assert hits(rules, touch("a", START, "form.submitted")) == []
    story = Story(rules)
    story.arrive([traits(1, seniority="vp")])
    assert rules.persona_name(story.journey.head) == "buyer"


def test_the_stage_of_another_track_is_the_one_before_the_touchpoint_moves_it() -> None:
    rules = rules_entering({"type": "deal.won", "stage": {"lead": ["opportunity"]}})
    created = touch("d", START, "deal.created", "sales", "internal")
    won = touch("w", START + DAY, "deal.won", "sales", "internal")
    assert hits(rules, created, won) == ["w"]
    assert hits(rules, won) == []


def test_no_number_of_stages_or_rules_is_too_many() -> None:
    stages = [
        {"stage": f"s{number}", "enter": [{"type": f"kind.n{number}", "count": 2}, {"type": f"sort.n{number}"}]}
        for number in range(300)
    ]
    rules = Rules(read(changed(lambda tree: tree["tracks"].update(probe={"stages": stages}))))
    story = Story(rules)
    story.arrive([touch("a", START, "sort.n7"), touch("b", START + 1, "kind.n299"), touch("c", START + 2, "kind.n299")])
    assert story.stage("probe") == "s299"


@settings(max_examples=12, deadline=None)
@given(st.permutations(["type", "value", "properties", "any", "absent"]), st.permutations(range(4)))
def test_the_order_of_fields_and_alternatives_changes_nothing(fields: list[str], alternatives: list[int]) -> None:
    condition: dict[str, Any] = {
        "type": ["deal.created", "deal.won"],
        "value": {"at_least": 5},
        "properties": {"a.b": 1, "c": {"exists": False}},
        "any": [{"channel": "crm"}, {"channel": "web"}, {"team": "sales"}, {"actor": "x"}],
        "absent": {"when": {"type": "call.logged"}},
    }
    shuffled = {field: condition[field] for field in fields}
    shuffled["any"] = [condition["any"][number] for number in alternatives]
    told = touch("m", START, "deal.created", "sales", properties={"a": {"b": 1}}, amount=60_000, currency="EUR")
    assert hits(rules_entering(shuffled), told) == ["m"]

"""Deals: by name or the open one, and a won deal that is reopened takes back what it gave."""

from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.deal import MOST_DEALS
from journey.fact import Deal, Position
from journey.policy.reading import read
from journey.rules import Rules
from journey.touch import Touch
from tests.journey.journeys import arrivals, touches
from tests.journey.policies import changed
from tests.journey.telling import DAY, HOUR, RULES, START, Story, ms, touch

UNIT = 10_000


def _winning_gives(tree: dict[str, Any]) -> None:
    tree["score"]["engagement"]["points"].append({"when": {"type": "deal.won"}, "points": 40})


WINNING_GIVES = Rules(read(changed(_winning_gives)))


def sale(touchpoint_id: str, day: float, what: str, amount: int | None = None, **properties: object) -> Touch:
    worth = {} if amount is None else {"amount": amount * UNIT, "currency": "EUR"}
    return touch(
        touchpoint_id,
        START + round(day * DAY),
        f"deal.{what}",
        "sales",
        "internal",
        actor="rep-1",
        properties=properties or None,
        **worth,
    )


def deals(*told: Touch, rules: Rules = RULES) -> dict[str, Deal]:
    story = Story(rules)
    story.arrive(told)
    return {fact.deal: fact for fact in story.current(Deal)}


def test_a_deal_is_created_changed_and_won() -> None:
    found = deals(
        sale("s1", 0, "created", 9000, deal="d-1", expected_close_at="2026-02-01"),
        sale("s2", 3, "changed", 8500, deal="d-1"),
        sale("s3", 9, "won", deal="d-1"),
    )
    deal = found["d-1"]
    assert (deal.status, deal.amount, deal.currency, deal.reopened) == ("won", Decimal(8500), "EUR", 0)
    assert (ms(deal.created_at), ms(deal.closed_at)) == (START, START + 9 * DAY)
    assert ms(deal.expected_close_at) == ms("2026-02-01T00:00")
    assert (deal.owner_team, deal.owner_actor, deal.touchpoint.id) == ("sales", "rep-1", "s3")


def test_a_touchpoint_without_a_name_means_the_open_deal_that_changed_last() -> None:
    found = deals(
        sale("s1", 0, "created", 100, deal="d-1"),
        sale("s2", 1, "created", 200, deal="d-2"),
        sale("s3", 2, "won"),
        sale("s4", 3, "lost"),
    )
    assert {name: deal.status for name, deal in found.items()} == {"d-1": "lost", "d-2": "won"}


def test_whoever_buys_again_without_naming_a_deal_has_two() -> None:
    found = deals(sale("s1", 0, "won", 100), sale("s2", 40, "won", 150))
    assert [(deal.status, deal.amount) for deal in found.values()] == [("won", Decimal(100)), ("won", Decimal(150))]
    assert list(found) == ["ex/s1", "ex/s2"]


def test_a_deal_that_was_closed_before_it_was_recorded_keeps_its_end() -> None:
    found = deals(sale("s1", 0, "won", 100, deal="d-1"), sale("s2", 1, "created", deal="d-1"))
    deal = found["d-1"]
    assert (deal.status, ms(deal.closed_at), ms(deal.created_at)) == ("won", START, START + DAY)


def test_said_twice_a_deal_is_won_once() -> None:
    found = deals(sale("s1", 0, "won", 100, deal="d-1"), sale("s2", 2, "won", 100, deal="d-1"))
    assert ms(found["d-1"].closed_at) == START


def test_a_reopened_deal_is_no_revenue_any_more() -> None:
    found = deals(
        sale("s1", 0, "created", 100, deal="d-1"), sale("s2", 1, "won", deal="d-1"), sale("s3", 2, "reopened")
    )
    deal = found["d-1"]
    assert (deal.status, deal.closed_at, deal.reopened, deal.amount) == ("open", None, 1, Decimal(100))


@pytest.mark.parametrize("undone", ["reopened", "lost"])
def test_a_won_deal_that_is_undone_returns_the_score_that_it_gave_as_far_as_it_has_not_faded(undone: str) -> None:
    with_deal, without = Story(WINNING_GIVES), Story(WINNING_GIVES)
    told = [touch("m1", START, "form.submitted"), touch("m2", START + 9 * DAY, "webinar.attended")]
    with_deal.arrive([*told, sale("s1", 2, "won", 100, deal="d"), sale("s2", 20, undone, deal="d")])
    without.arrive([*told, sale("s2", 20, "changed")])
    assert with_deal.journey.head.engagement == pytest.approx(without.journey.head.engagement)
    (position,) = {fact.engagement for fact in with_deal.current(Position)}
    assert position == pytest.approx(without.journey.head.engagement, abs=0.01)


def test_a_deal_reopened_and_won_again_gives_its_score_once() -> None:
    story = Story(WINNING_GIVES)
    story.arrive([sale("s1", 0, "won", 100), sale("s2", 14, "reopened"), sale("s3", 14.5, "won", 90)])
    assert story.journey.head.engagement == pytest.approx(40)


def test_an_open_deal_goes_to_the_customers_new_owner() -> None:
    story = Story()
    story.arrive([sale("s1", 0, "created", 100, deal="d-1"), sale("s2", 1, "won", 100, deal="d-2")])
    given_to = {"team": "sales", "owner": "rep-2"}
    story.arrive([touch("s3", START + 2 * DAY, "owner.assigned", "sales", "internal", properties=given_to)])
    assert {fact.deal: fact.owner_actor for fact in story.current(Deal)} == {"d-1": "rep-2", "d-2": "rep-1"}


def test_any_order_inside_the_window_tells_the_same_deals() -> None:
    told = [
        sale("s1", 0, "created", 100),
        sale("s2", 1, "won"),
        sale("s3", 2, "created", 300),
        sale("s4", 3, "reopened"),
        sale("s5", 4, "changed", 250),
    ]
    outcomes = set()
    for order in permutations(told):
        story = Story()
        for one in order:
            story.arrive([one])
        outcomes.add(tuple((fact.deal, fact.status, fact.amount, fact.reopened) for fact in story.current(Deal)))
    assert len(outcomes) == 1


def test_only_the_latest_deals_are_remembered_open_ones_longest() -> None:
    story = Story()
    story.arrive([sale("s0", 0, "created", 1, deal="kept")])
    for number in range(3 * MOST_DEALS):
        story.arrive([sale(f"w{number}", 1 + number, "won", number, deal=f"d-{number}")])
    kept = [run.key for run in story.journey.head.deals]
    assert len(kept) == MOST_DEALS
    assert kept[:2] == ["kept", f"d-{2 * MOST_DEALS + 1}"]
    assert len(story.current(Deal)) == 3 * MOST_DEALS + 1


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_what_was_won_is_the_sum_of_the_deals_that_stand_as_won(data: st.DataObject) -> None:
    """Held against a plain reading of named deals: the last word on each."""
    names, words = ["d-1", "d-2", "d-3"], ["created", "changed", "won", "lost", "reopened"]
    told = [
        sale(f"s{hour}", hour / 24, data.draw(st.sampled_from(words)), hour, deal=data.draw(st.sampled_from(names)))
        for hour in range(data.draw(st.integers(1, 20)))
    ]
    state, worth = {}, {}
    for one in told:
        name, word = one.properties["deal"], one.type.removeprefix("deal.")
        state[name] = {"reopened": "open", "won": "won", "lost": "lost"}.get(word, state.get(name, "open"))
        worth[name] = one.amount // UNIT
    story = Story()
    for batch in data.draw(arrivals(told)):
        story.arrive(batch)
    found = {fact.deal: (fact.status, fact.amount) for fact in story.current(Deal)}
    assert found == {name: (status, worth[name]) for name, status in state.items()}
    assert {run.key for run in story.journey.head.deals} == set(found)


@given(touches())
@settings(max_examples=40, deadline=None)
def test_a_deal_that_is_open_is_closed_at_no_time_and_a_closed_one_is(told: list[Touch]) -> None:
    story = Story()
    story.arrive(told, START + 30 * DAY + HOUR)
    for fact in story.current(Deal):
        assert (fact.closed_at is None) == (fact.status == "open")

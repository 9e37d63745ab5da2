"""A policy from a day on: what happened before stays under the old one, then the journey goes on in the new terms."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.agreement import expect, is_outdated
from journey.correction import arrive, begin
from journey.fact import Clock, Position, Stalled, Transition
from journey.packed import pack_head
from journey.policy.reading import read
from journey.rebuild import fold_history
from journey.rules import Rules
from tests.journey.journeys import arrivals, touches
from tests.journey.policies import changed
from tests.journey.telling import DAY, HOUR, RULES, START, Story, ms, touch

SINCE = START + 3 * DAY


def stricter(tree: dict[str, Any]) -> None:
    """Version 2: no sql stage, no clock for re-offers, no stall in interest, a stage `trial` before evaluation."""
    tree["version"] = 2
    lead, funnel = tree["tracks"]["lead"], tree["tracks"]["funnel"]
    lead["stages"] = [stage for stage in lead["stages"] if stage["stage"] != "sql"]
    place = next(number for number, stage in enumerate(funnel["stages"]) if stage["stage"] == "evaluation")
    funnel["stages"].insert(place, {"stage": "trial", "team": "sales", "enter": [{"type": "trial.started"}]})
    for stage in funnel["stages"]:
        if stage["stage"] == "interest":
            del stage["no_activity"], stage["no_progress"]
    tree["clocks"] = [clock for clock in tree["clocks"] if clock["clock"] != "reoffer"]
    tree["definitions"] = [term for term in tree["definitions"] if (term.get("reached") or {}).get("stage") != "sql"]


STRICTER = changed(stricter)
BOTH = Rules(read(STRICTER), SINCE, RULES)


def labels(story: Story, kind: Any = Transition) -> list[tuple[str, str]]:
    return [(fact.to_stage, fact.policy) for fact in story.current(kind) if fact.track == "funnel"]


def test_each_touchpoint_is_judged_by_the_policy_of_its_day() -> None:
    story = Story(rules=BOTH)
    story.arrive([touch("t1", START, "trial.started"), touch("t2", SINCE, "trial.started")])
    assert labels(story) == [("intent", "default@1"), ("trial", "default@2")]


def test_a_customer_whose_stage_is_gone_falls_back_to_the_one_before_it() -> None:
    story = Story(rules=BOTH)
    for number, kind in enumerate(("lead.qualified", "lead.accepted", "lead.confirmed")):
        story.arrive([touch(f"t{number}", START + number * HOUR, kind, "sales", "internal")])
    assert story.stage("lead") == "sql"
    story.arrive([touch("later", SINCE + HOUR, "deal.created", "sales", "internal")])
    (moved,) = [fact for fact in story.current(Transition) if fact.to_stage == "opportunity"]
    assert (moved.from_stage, moved.policy) == ("sal", "default@2")


def test_a_clock_that_the_new_policy_does_not_know_is_cancelled_on_its_day() -> None:
    story = Story(rules=BOTH)
    story.arrive([touch("t1", START, "lead.recycled", "sales", "internal")], SINCE + DAY)
    (clock,) = [fact for fact in story.current(Clock) if fact.name == "reoffer"]
    assert (clock.state, clock.stopped_at.timestamp() * 1000) == ("cancelled", SINCE)


def test_a_stall_that_the_new_policy_does_not_know_is_resolved_on_its_day() -> None:
    since = START + 30 * DAY
    story = Story(rules=Rules(read(STRICTER), since, RULES))
    story.arrive([touch("t1", START, "email.clicked")], since + DAY)
    stalls = [fact for fact in story.current(Stalled) if fact.stage == "interest"]
    assert [(fact.kind, fact.status) for fact in stalls] == [("no_activity", "resolved")]


def test_a_stall_that_the_new_policy_watches_too_stays_open() -> None:
    since = START + 30 * DAY
    story = Story(rules=Rules(read(STRICTER), since, RULES))
    story.arrive([touch("t1", START, "trial.started")], since + DAY)
    stalls = {fact.kind: fact.status for fact in story.current(Stalled)}
    assert stalls == {"no_activity": "open", "no_progress": "open"}
    story.arrive([touch("t2", since + 2 * DAY, "form.submitted")])
    assert {fact.kind: fact.status for fact in story.current(Stalled)} == {
        "no_activity": "resolved",
        "no_progress": "open",
    }


def test_a_track_that_is_new_begins_with_the_next_touchpoint() -> None:
    cared_for = changed(
        lambda tree: tree.update(
            version=2, tracks={**tree["tracks"], "care": {"stages": [{"stage": "known", "enter": [{}]}]}}
        )
    )
    story = Story(rules=Rules(read(cared_for), SINCE, RULES))
    story.arrive([touch("t1", START, "form.submitted")], SINCE + DAY)
    assert story.stage("care") is None
    story.arrive([touch("t2", SINCE + 2 * DAY, "form.submitted")])
    (entered,) = [fact for fact in story.current(Transition) if fact.track == "care"]
    assert (entered.to_stage, entered.policy, ms(entered.at)) == ("known", "default@2", SINCE + 2 * DAY)


def test_a_track_that_is_no_more_takes_its_stalls_with_it() -> None:
    def with_care(tree: dict[str, Any]) -> None:
        stages = [{"stage": "known", "enter": [{}], "no_progress": "1d"}]
        tree["tracks"] = {"care": {"stages": stages}, **tree["tracks"]}

    first = Rules(read(changed(with_care)))
    story = Story(rules=Rules(read(changed(lambda tree: tree.update(version=2))), SINCE, first))
    story.arrive([touch("t1", START, "trial.started")], SINCE + DAY)
    (stall,) = [fact for fact in story.current(Stalled) if fact.track == "care"]
    assert (stall.status, ms(stall.resolved_at)) == ("resolved", SINCE)
    assert story.stage("funnel") == "intent"


def test_a_customer_of_a_team_that_is_no_more_goes_back_to_the_first_owner() -> None:
    first = Rules(read(changed(lambda tree: tree["teams"].append("partners"))))
    story = Story(rules=Rules(read(changed(lambda tree: tree.update(version=2))), SINCE, first))
    given_away = {"team": "partners", "owner": "pat"}
    story.arrive([touch("t1", START, "owner.assigned", "sales", "internal", properties=given_away)])
    assert (story.journey.head.owner, story.journey.head.owner_actor) == ("partners", "pat")
    story.arrive([touch("t2", SINCE + DAY, "page.viewed")])
    head = story.journey.head
    assert (head.owner, head.owner_actor, head.owner_since) == ("marketing", None, SINCE)


def test_who_is_first_seen_after_the_day_knows_the_new_policy_only() -> None:
    story = Story(rules=BOTH)
    story.arrive([touch("t1", SINCE + DAY, "trial.started")])
    assert labels(story) == [("trial", "default@2")]
    assert {fact.policy for fact in story.current(Position)} == {"default@2"}
    assert all(ms(fact.at) == SINCE + DAY for fact in story.current(Position))


def test_who_is_under_the_older_policy_waits_for_the_day_of_the_next_once() -> None:
    story = Story()
    story.arrive([touch("t1", START, "page.viewed")])
    head = story.journey.head
    assert not expect(head, RULES), "there is no other"
    assert head.due > SINCE
    assert expect(head, BOTH)
    assert head.due == SINCE
    assert not expect(head, BOTH), "it waits already"


@pytest.mark.parametrize("kind", ["page.viewed", "email.clicked", "owner.assigned"])
@pytest.mark.parametrize("of_account", [False, True])
def test_who_comes_before_the_day_waits_for_it_as_who_was_there_already(kind: str, of_account: bool) -> None:
    first, both = (RULES.accounts, BOTH.accounts) if of_account else (RULES, BOTH)
    there, comes = begin(first), begin(both)
    arrive(there, "ada", [touch("t1", START, kind)], START, first)
    expect(there.head, both)
    arrive(comes, "ada", [touch("t1", START, kind)], START, both)
    assert pack_head(there.head) == pack_head(comes.head)
    assert 0 < comes.head.due <= SINCE


def test_positions_read_in_the_terms_of_their_policy() -> None:
    story = Story(rules=BOTH)
    story.arrive([touch("t1", START, "meeting.held", "sales")], SINCE + DAY)
    story.arrive([touch("t2", SINCE + 2 * DAY, "quote.declined")])
    found = {fact.track: fact for fact in story.current(Position)}["funnel"]
    assert (found.stage, found.furthest, found.visits) == (
        "consideration",
        "evaluation",
        {"evaluation": 1, "consideration": 1},
    )


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_any_order_of_arrival_ends_the_same_across_the_day(data: st.DataObject) -> None:
    told = data.draw(touches(days=7))
    in_order, shuffled = Story(rules=BOTH), Story(rules=BOTH)
    for one in told:
        in_order.arrive([one])
    for batch in data.draw(arrivals(told)):
        shuffled.arrive(batch, data.draw(st.integers(START, START + 9 * DAY)))
    for story in (in_order, shuffled):
        story.arrive([], START + 40 * DAY)
    assert pack_head(in_order.journey.head) == pack_head(shuffled.journey.head)
    folded, _ = fold_history(told, "c-1", BOTH, START + 40 * DAY)
    assert pack_head(folded.head) == pack_head(in_order.journey.head)


def test_a_journey_that_went_past_the_day_without_knowing_is_outdated() -> None:
    before, after = Story(), Story()
    before.arrive([touch("t1", SINCE - 1, "page.viewed")])
    after.arrive([touch("t1", SINCE, "page.viewed")])
    assert [is_outdated(story.journey.head, BOTH) for story in (before, after)] == [False, True]

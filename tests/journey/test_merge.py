"""Two journeys become one, one becomes two again: what moves, what is said, who hears of it."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from journey.correction import arrive, begin
from journey.fact import Merge, Overlap, Rebuilt, Stalled
from journey.ledger import OPENED, RESOLVED
from journey.merge import come_back, depart, let_go, note, swap, take_in, want_rebuild
from journey.packed import pack_head
from journey.rebuild import fold_history
from journey.touch import Touch
from tests.journey.journeys import touches
from tests.journey.telling import DAY, HOUR, RULES, START, Story, touch


def pricing(name: str, at: int, team: str, **more: Any) -> Touch:
    return touch(name, at, "email.sent", team, "outbound", subject="pricing", **more)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_one_journey_of_two_is_what_one_customer_would_have_had(data: st.DataObject) -> None:
    told = data.draw(touches())
    mine = data.draw(st.lists(st.booleans(), min_size=len(told), max_size=len(told)))
    winner, loser, alone = Story(customer="w"), Story(customer="d"), Story(customer="w")
    for belongs, one in zip(mine, told, strict=True):
        (winner if belongs else loser).arrive([one])
        alone.arrive([one])
    left = depart(loser.journey, "d", "w", 1, START, RULES)
    assert left.complete
    take_in(winner.journey, "w", left.members, left.touches, 0, RULES)
    assert pack_head(winner.journey.head) == pack_head(alone.journey.head)
    assert winner.journey.members == {"d": 1}


def test_who_departs_says_where_to_and_takes_back_what_was_open() -> None:
    story = Story(customer="d")
    story.arrive([pricing("m", START, "marketing"), pricing("s", START + HOUR, "sales")])
    left = depart(story.journey, "d", "w", 3, START + DAY, RULES)
    (merge,) = [fact for fact in left.outcome.facts if isinstance(fact, Merge)]
    assert (merge.into, merge.number) == ("w", 3)
    assert {fact.kind for fact in left.outcome.taken_back if isinstance(fact, Overlap)} == {"subject", "off_turf"}
    assert all(fact.deleted for fact in left.outcome.taken_back)
    assert (left.journey.redirect, left.journey.decided, left.journey.head.seen) == ("w", 3, 0)


def test_who_was_never_seen_departs_in_silence() -> None:
    left = depart(begin(RULES), "d", "w", 1, START, RULES)
    assert (left.outcome.facts, left.touches, left.complete) == ([], [], True)


def test_a_journey_longer_than_its_state_asks_for_history() -> None:
    story = Story(customer="d")
    for number in range(40):
        story.arrive([touch(f"t{number}", START + number * DAY, "page.viewed")])
    assert not depart(story.journey, "d", "w", 1, START + 41 * DAY, RULES).complete


def test_who_comes_back_takes_the_merge_back_and_begins_empty() -> None:
    left = depart(begin(RULES), "d", "w", 1, START, RULES).journey
    own, outcome = come_back(left, "d", 2, START + DAY, RULES)
    (undone,) = outcome.facts
    assert isinstance(undone, Merge) and undone.deleted and undone.into == "w"
    assert (own.redirect, own.decided, own.head.seen) == ("", 2, 0)


def test_a_touchpoint_of_somebody_let_go_by_a_later_decision_is_left_out() -> None:
    journey = begin(RULES)
    assert not let_go(journey, "d", 5), "it never belonged here"
    told = [touch("t", START, "form.submitted", of="d"), touch("own", START, "page.viewed", of="w")]
    outcome, astray = take_in(journey, "w", {"d": 4}, told, 0, RULES)
    assert (astray, outcome.folded, journey.members) == (["d"], 1, {})
    outcome, astray = take_in(journey, "w", {"d": 6}, told, 0, RULES)
    assert (astray, outcome.folded, journey.members, journey.released) == ([], 1, {"d": 6}, {})


def test_only_a_later_decision_lets_a_member_go() -> None:
    journey = begin(RULES)
    take_in(journey, "w", {"d": 4}, [], 0, RULES)
    assert not let_go(journey, "d", 3)
    assert let_go(journey, "d", 5)
    assert (journey.members, journey.released) == ({}, {"d": 5})


def test_who_was_let_go_is_forgotten_when_its_own_partition_knows_and_believed_only_by_its_own_word_then() -> None:
    journey = begin(RULES)
    take_in(journey, "w", {"d": 4}, [], 0, RULES, "d")
    assert let_go(journey, "d", 7)
    assert not let_go(journey, "d", 5, True), "it knows of an earlier one"
    assert (journey.released, journey.forgotten) == ({"d": 7}, 0)
    assert not let_go(journey, "d", 7, True)
    assert (journey.released, journey.forgotten) == ({}, 7)
    _, astray = take_in(journey, "w", {"x": 6, "d": 6, "y": 8}, [], 0, RULES, "x")
    assert (astray, journey.members) == (["d"], {"x": 6, "y": 8})


def test_a_rebuild_is_wanted_once_until_it_came() -> None:
    journey = begin(RULES)
    assert want_rebuild(journey, 7)
    assert not want_rebuild(journey, 9)
    assert journey.rebuild == 10, "the later offset has to be in the history"


def test_what_arrives_while_a_journey_is_rebuilt_is_folded_in_after_it() -> None:
    story, old = Story(), touch("old", START - 90 * DAY, "form.submitted")
    story.arrive([touch("new", START, "page.viewed")])
    story.arrive([old])
    want_rebuild(story.journey, 2)
    meanwhile = touch("meanwhile", START + HOUR, "demo.requested")
    note(story.journey, 2, meanwhile)
    story.arrive([meanwhile])
    history = [old, touch("new", START, "page.viewed")]
    rebuilt, facts = fold_history(history, story.customer, RULES)
    journey, outcome = swap(story.journey, rebuilt, facts, story.customer, "too_late", 2, 2, 0, RULES)
    whole, _ = fold_history([*history, meanwhile], story.customer, RULES)
    assert pack_head(journey.head) == pack_head(whole.head)
    (said,) = [fact for fact in outcome.facts if isinstance(fact, Rebuilt)]
    assert (said.reason, said.touchpoints) == ("too_late", 2)


def test_people_hear_after_a_rebuild_only_of_what_ended_or_took_its_place() -> None:
    story = Story()
    story.arrive([touch("t", START, "trial.started")])
    story.arrive([], START + 8 * DAY)
    (open_stall,) = [fact for fact in story.current(Stalled) if fact.status == "open"]
    # History knows a call that never reached the worker: the silence began later, and has lasted too long since.
    history = [touch("t", START, "trial.started"), touch("c", START + DAY, "call.logged", "sales", "outbound")]
    rebuilt, facts = fold_history(history, story.customer, RULES, START + 8 * DAY)
    _, outcome = swap(story.journey, rebuilt, facts, story.customer, "person", 2, 2, START + 8 * DAY, RULES)
    assert [fact.id for fact in outcome.taken_back] == [open_stall.id]
    assert [event for _, event in outcome.events] == [OPENED]


def test_a_stall_that_history_resolves_is_told_as_resolved() -> None:
    story = Story()
    story.arrive([touch("t", START, "trial.started")])
    story.arrive([], START + 8 * DAY)
    history = [touch("t", START, "trial.started"), touch("c", START + 8 * DAY, "call.logged", "sales", "outbound")]
    rebuilt, facts = fold_history(history, story.customer, RULES)
    _, outcome = swap(story.journey, rebuilt, facts, story.customer, "person", 2, 2, 0, RULES)
    assert [event for _, event in outcome.events] == [RESOLVED]


def test_an_overlap_that_history_begins_earlier_is_told_anew_and_one_that_only_history_knows_is_not() -> None:
    story = Story()
    story.arrive([pricing("m", START + DAY, "marketing"), pricing("s", START + 2 * DAY, "sales")])
    known = {fact.id for fact in story.current(Overlap) if fact.kind == "subject"}
    history = [
        pricing("m0", START, "marketing"), pricing("s0", START + HOUR, "sales"),
        pricing("m", START + DAY, "marketing"), pricing("s", START + 2 * DAY, "sales"),
        touch("c1", START + 2 * DAY, "owner.claimed", "sales", "internal", subject="contract"),
        touch("c2", START + 3 * DAY, "owner.claimed", "marketing", "internal", subject="contract"),
    ]  # fmt: skip
    rebuilt, facts = fold_history(history, story.customer, RULES)
    _, outcome = swap(story.journey, rebuilt, facts, story.customer, "person", 4, 4, 0, RULES)
    said = {fact.id: fact for fact in outcome.facts if isinstance(fact, Overlap) and not fact.deleted}
    assert known <= {fact.id for fact in outcome.taken_back}
    heard = {(said[key].kind, said[key].subject) for key, event in outcome.events if event == OPENED}
    assert ("subject", "pricing") in heard
    assert ("double_owner", "contract") in {(fact.kind, fact.subject) for fact in said.values()} - heard


def test_a_departed_customers_touchpoints_keep_whose_they_were() -> None:
    journey = begin(RULES)
    arrive(journey, "d", [touch("a", START, "page.viewed"), touch("b", START + 1, "page.viewed", of="e")], 0, RULES)
    journey.members = {"e": 1}
    left = depart(journey, "d", "w", 2, START, RULES)
    assert [(one.id, one.of) for one in left.touches] == [("a", "d"), ("b", "e")]
    assert left.members == {"d": 2, "e": 2}

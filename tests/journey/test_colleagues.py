"""Both teams at once with different people of one account: found, extended, resolved, in whatever order it is heard."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.alert import alerts
from journey.fact import Correction, Fact, Overlap, TooLate
from journey.ledger import overlap_id
from journey.packed import pack_head, pack_journey
from journey.policy.reading import read
from journey.rules import Rules
from journey.saying import instant
from journey.touch import Touch
from tests.journey.journeys import arrivals
from tests.journey.policies import changed
from tests.journey.telling import DAY, HOUR, MINUTE, RULES, START, Story, touch

LATER = START + 60 * DAY
JO, KIM, LEE = "jo", "kim", "lee"


def account() -> Story:
    return Story(RULES.accounts, "account-1")


def reached(number: str, at: int, team: str, of: str, subject: str = "pricing", **more: Any) -> Touch:
    return touch(number, START + at, more.pop("kind", "email.sent"), team, "outbound", subject=subject, of=of, **more)


def told(*touches: Touch, now: int = 0) -> Story:
    story = account()
    for one in touches:
        story.arrive([one])
    story.arrive([], now)
    return story


def test_two_teams_on_one_subject_with_two_people_within_a_week_overlap() -> None:
    story = told(reached("m1", 0, "marketing", JO), reached("s1", 7 * DAY, "sales", KIM))
    (found,) = story.current()
    assert isinstance(found, Overlap)
    assert (found.kind, found.subject, found.status, found.severity) == ("account", "pricing", "open", "medium")
    assert found.teams == ["marketing", "sales"]
    assert [ref.id for ref in found.touchpoints] == ["m1", "s1"]
    assert found.customer_id == "account-1"


@pytest.mark.parametrize(
    "second",
    [
        reached("s1", DAY, "sales", JO),
        reached("m2", DAY, "marketing", KIM),
        reached("s1", DAY, "sales", KIM, "promotion"),
        reached("s1", DAY, "sales", KIM, "support"),
        reached("s1", 7 * DAY + 1, "sales", KIM),
        touch("s1", START + DAY, "email.received", "sales", "inbound", subject="pricing", of=KIM),
    ],
    ids=["one person", "one team", "another subject", "not watched", "after more than a week", "inbound"],
)
def test_nothing_overlaps_with(second: Touch) -> None:
    first = reached("m1", 0, "marketing", JO, "support" if second.subject == "support" else "pricing")
    assert told(first, second).current() == []


def test_a_second_person_of_the_other_team_is_remembered_behind_the_one_reached_now() -> None:
    story = told(
        reached("m1", 0, "marketing", JO), reached("m2", HOUR, "marketing", KIM), reached("s1", DAY, "sales", KIM)
    )
    (found,) = story.current(Overlap)
    assert [ref.id for ref in found.touchpoints] == ["m1", "s1"]


def test_later_touchpoints_extend_the_open_overlap_and_it_expires_a_fortnight_after_the_last() -> None:
    story = told(
        reached("m1", 0, "marketing", JO), reached("s1", DAY, "sales", KIM), reached("m2", 3 * DAY, "marketing", LEE)
    )
    (found,) = story.current(Overlap)
    assert (found.last_at, len(found.touchpoints)) == (instant(START + 3 * DAY), 3)
    assert story.journey.head.due == START + 17 * DAY
    story.arrive([], START + 17 * DAY)
    (found,) = story.current(Overlap)
    assert (found.status, found.resolution, found.resolved_at) == ("resolved", "expiry", instant(START + 17 * DAY))


@pytest.mark.parametrize(
    ("kind", "properties", "resolution"),
    [("owner.claimed", None, "claim"), ("owner.released", None, "release"), ("overlap.resolved", {}, "decision")],
)
def test_claim_release_and_a_persons_decision_resolve_it(kind: str, properties: Any, resolution: str) -> None:
    story = told(reached("m1", 0, "marketing", JO), reached("s1", DAY, "sales", KIM))
    if properties is not None:
        properties = {"id": overlap_id(story.journey.head.overlaps[0], story.customer)}
    story.arrive([touch("x", START + 2 * DAY, kind, "sales", "internal", of=KIM, properties=properties)])
    (found,) = story.current(Overlap)
    assert (found.status, found.resolution) == ("resolved", resolution)


def test_a_claim_on_another_subject_leaves_it_open() -> None:
    story = told(reached("m1", 0, "marketing", JO), reached("s1", DAY, "sales", KIM))
    story.arrive([touch("x", START + 2 * DAY, "owner.claimed", "sales", "internal", of=KIM, subject="contract")])
    assert [found.status for found in story.current(Overlap)] == ["open"]


def test_the_teams_of_two_claims_are_held_apart_and_the_earlier_one_goes_first() -> None:
    story = told(
        touch("c1", START, "owner.claimed", "marketing", "internal", of=JO, subject="pricing"),
        reached("m1", HOUR, "marketing", JO),
        reached("s1", DAY, "sales", KIM),
        touch("c2", START + 2 * DAY, "owner.claimed", "sales", "internal", of=KIM, subject="pricing"),
    )
    (found,) = story.current()
    assert (found.status, found.precedence, found.precedence_rule) == ("open", "marketing", "claim")


def accepted(number: str, at: int, of: str, kind: str = "lead.accepted", **more: Any) -> Touch:
    return touch(number, START + at, kind, "sales", "internal", of=of, **more)


@pytest.mark.parametrize(
    ("before", "subject", "precedence"),
    [
        ([], "pricing", "marketing"),
        ([accepted("a", 0, LEE)], "pricing", "sales"),
        ([accepted("a", 0, LEE), accepted("b", 1, LEE, "lead.rejected")], "pricing", "marketing"),
        ([accepted("a", 0, LEE), accepted("b", 1, KIM), accepted("c", 2, KIM, "lead.recycled")], "pricing", "sales"),
        ([accepted("a", 0, LEE, "deal.created")], "promotion", "sales"),
        ([accepted("a", 0, LEE)], "targeting", "marketing"),
        ([accepted("a", 0, LEE, "owner.assigned", properties={"team": "sales"})], "pricing", "sales"),
        ([accepted("a", 0, LEE, "owner.assigned", properties={"team": "finance"})], "pricing", "marketing"),
        ([], "contract", "sales"),
    ],
)
def test_who_goes_first_is_the_subjects_owner_by_whether_sales_holds_one_of_the_people(
    before: list[Touch], subject: str, precedence: str
) -> None:
    outbound = [reached("m1", HOUR, "marketing", JO, subject), reached("s1", DAY, "sales", KIM, subject)]
    (found,) = told(*before, *outbound).current()
    assert (found.precedence, found.precedence_rule) == (precedence, "subject_owner")


def test_on_a_subject_that_nobody_owns_the_accounts_owner_goes_first() -> None:
    rules = Rules(read(changed(lambda tree: tree["subjects"]["owners"].update(pricing=[]))))
    story = Story(rules.accounts, "account-1")
    story.arrive([accepted("a", 0, LEE), reached("m1", HOUR, "marketing", JO), reached("s1", DAY, "sales", KIM)])
    (found,) = story.current()
    assert found.precedence == "sales"


def test_a_late_touchpoint_corrects_what_was_said_of_an_account() -> None:
    story = told(reached("m1", 0, "marketing", JO), reached("s1", 3 * DAY, "sales", JO), now=START + 4 * DAY)
    assert story.current() == []
    story.arrive([reached("m0", DAY, "marketing", KIM)])
    assert [type(fact).__name__ for fact in story.current()] == ["Overlap"]
    assert story.journey.head.seen == 3


def test_people_are_told_when_it_opens_and_when_it_is_resolved() -> None:
    story, heard = account(), []
    for batch in ([reached("m1", 0, "marketing", JO)], [reached("s1", DAY, "sales", KIM)], []):
        outcome = story.arrive(batch, START + 20 * DAY if not batch else 0)
        heard += [alert.type for alert in alerts(outcome, instant(START))]
    assert heard == ["overlap.opened", "overlap.resolved"]


def test_an_account_with_thousands_of_people_keeps_a_bounded_state() -> None:
    story, sizes = account(), []
    for batch in range(10):
        touches = []
        for n in range(300):
            at, team = (batch * 300 + n) * 10 * MINUTE, ("marketing", "sales")[n % 2]
            touches.append(reached(f"o{batch}-{n}", at, team, f"p{n % 250}"))
            touches.append(accepted(f"a{batch}-{n}", at, f"p{batch}-{n}"))
        story.arrive(touches)
        sizes.append(len(pack_journey(story.journey)))
    assert max(sizes) <= 1.1 * sizes[4]
    assert len(story.journey.head.contacts) <= 4


@st.composite
def of_people(draw: st.DrawFn) -> list[Touch]:
    made = []
    for number in range(draw(st.integers(2, 20))):
        kind = draw(
            st.sampled_from(["email.sent"] * 4 + ["owner.claimed", "owner.released", "lead.accepted", "lead.rejected"])
        )
        team = draw(st.sampled_from(["marketing", "sales"]))
        at = START + draw(st.integers(0, 7 * DAY // MINUTE)) * MINUTE
        direction = "outbound" if kind == "email.sent" else "internal"
        subject = draw(st.sampled_from(["pricing", "promotion", None]))
        made.append(
            touch(f"t{number}", at, kind, team, direction, subject=subject, of=draw(st.sampled_from([JO, KIM, LEE])))
        )
    return sorted(made, key=lambda one: one.key)


def content(story: Story) -> dict[str, bytes]:
    kept: list[Fact] = [fact for fact in story.current() if not isinstance(fact, Correction | TooLate)]
    return {fact.id: msgspec.json.encode(fact) for fact in kept}


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_any_order_and_duplication_inside_the_window_ends_in_the_same_state_and_facts(data: st.DataObject) -> None:
    touches = data.draw(of_people())
    expected = told(*touches, now=LATER)
    story, now = account(), 0
    for batch in data.draw(arrivals(touches)):
        now = max(now, data.draw(st.integers(START, START + 10 * DAY)))
        story.arrive(batch, now)
    story.arrive([], LATER)
    assert pack_head(story.journey.head) == pack_head(expected.journey.head)
    assert content(story) == content(expected)


@given(of_people())
@settings(max_examples=60, deadline=None)
def test_an_account_says_nothing_but_overlaps_across_people(touches: list[Touch]) -> None:
    facts = told(*touches, now=LATER).current()
    assert all(isinstance(fact, Overlap) and fact.kind == "account" and fact.status == "resolved" for fact in facts)


OUTBOUND = st.builds(
    reached,
    st.uuids().map(str),
    st.integers(0, 20 * DAY),
    st.sampled_from(["marketing", "sales"]),
    st.sampled_from([JO, KIM, LEE]),
)


@given(st.lists(OUTBOUND, min_size=2, max_size=12))
@settings(max_examples=150, deadline=None)
def test_something_overlaps_exactly_where_two_people_were_reached_by_two_teams_within_a_week(
    touches: list[Touch],
) -> None:
    story = account()
    story.arrive(sorted(touches, key=lambda one: one.key))
    story.arrive([], LATER)
    pairs = [
        (a, b) for a in touches for b in touches if a.team < b.team and a.of != b.of and abs(a.at - b.at) <= 7 * DAY
    ]
    assert bool(story.current(Overlap)) == bool(pairs)

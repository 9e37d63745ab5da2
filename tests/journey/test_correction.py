"""Order, duplication, grouping and the moments of sweeping change nothing about where a journey ends."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.correction import MOST_RECENTS, arrive, begin
from journey.fact import Correction, TooLate, Transition
from journey.packed import pack_head, pack_journey, unpack_journey
from journey.touch import Touch
from tests.journey.journeys import arrivals, touches
from tests.journey.telling import DAY, HOUR, MINUTE, RULES, START, Story, touch

LATER = START + 40 * DAY


def content(story: Story) -> dict[str, bytes]:
    """The facts that stand, without the traces of how they came about."""
    kept = [fact for fact in story.current() if not isinstance(fact, Correction | TooLate)]
    return {fact.id: msgspec.json.encode(fact) for fact in kept}


def in_order(told: list[Touch], now: int = LATER) -> Story:
    story = Story()
    for one in told:
        story.arrive([one])
    story.arrive([], now)
    return story


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_any_order_and_duplication_inside_the_window_ends_in_the_same_state_and_facts(data: st.DataObject) -> None:
    told = data.draw(touches())
    expected = in_order(told)
    story = Story()
    for batch in data.draw(arrivals(told)):
        story.arrive(batch)
    story.arrive([], LATER)
    assert pack_head(story.journey.head) == pack_head(expected.journey.head)
    assert content(story) == content(expected)


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_when_and_how_often_time_was_looked_at_changes_nothing(data: st.DataObject) -> None:
    told = data.draw(touches(days=7))
    expected = in_order(told)
    story, now = Story(), 0
    for batch in data.draw(arrivals(told)):
        now = max(now, data.draw(st.integers(START, START + 10 * DAY)))
        story.arrive(batch, now)
    story.arrive([], LATER)
    assert pack_head(story.journey.head) == pack_head(expected.journey.head)
    assert content(story) == content(expected)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_months_of_touchpoints_a_little_out_of_order_end_as_in_order(data: st.DataObject) -> None:
    told = data.draw(touches(most=60, days=120))
    expected = in_order(told, START + 200 * DAY)
    story = Story()
    late = sorted(told, key=lambda one: (one.at + data.draw(st.integers(0, 6)) * DAY, one.id))
    for one in late:
        story.arrive([one], one.at if data.draw(st.booleans()) else 0)
    story.arrive([], START + 200 * DAY)
    assert story.journey.too_late == 0
    assert pack_head(story.journey.head) == pack_head(expected.journey.head)
    assert content(story) == content(expected)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_what_is_too_late_depends_on_the_order_of_arrival_and_never_on_grouping(data: st.DataObject) -> None:
    told = data.draw(touches(most=30, days=60))
    shuffled = data.draw(st.permutations(told + told))
    one_by_one, at_once = Story(), Story()
    for one in shuffled:
        one_by_one.arrive([one])
    at_once.arrive(list(shuffled))
    for story in (one_by_one, at_once):
        story.arrive([], START + 200 * DAY)
    assert pack_head(one_by_one.journey.head) == pack_head(at_once.journey.head)
    assert one_by_one.journey.too_late == at_once.journey.too_late
    again = [story.arrive(list(shuffled), START + 200 * DAY) for story in (one_by_one, at_once)]
    assert again[0].duplicates == again[1].duplicates
    assert again[0].too_late == again[1].too_late


def test_a_late_touchpoint_corrects_the_facts_it_changes_and_says_so() -> None:
    story = Story()
    story.arrive([touch("m2", "2026-08-03T09:00", "webinar.attended")])
    story.arrive([touch("m1", "2026-08-01T09:00", "email.clicked")])
    kinds = [
        (fact.from_stage, fact.to_stage, fact.kind) for fact in story.current(Transition) if fact.track == "funnel"
    ]
    assert kinds == [(None, "interest", "enter"), ("interest", "consideration", "advance")]
    (correction,) = story.current(Correction)
    assert (correction.touchpoint.id, correction.retracted) == ("m1", 0)


def test_a_touchpoint_exactly_at_the_window_is_in_time_and_one_millisecond_older_is_too_late() -> None:
    story = Story()
    story.arrive([touch("new", START, "form.submitted")])
    story.arrive([touch("old", START - 7 * DAY - 1, "ad.clicked"), touch("edge", START - 7 * DAY, "ad.clicked")])
    (too_late,) = story.current(TooLate)
    assert (too_late.touchpoint.id, too_late.behind_ms) == ("old", 7 * DAY + 1)
    assert story.journey.head.seen == 2


def test_a_stall_that_a_late_touchpoint_disproves_is_taken_back() -> None:
    story = Story()
    story.arrive([touch("m1", START, "trial.started")], START + 8 * DAY)
    assert [fact.status for fact in story.current() if fact.id in story.published and hasattr(fact, "since")] == [
        "open"
    ]
    outcome = story.arrive([touch("m2", START + 6 * DAY, "page.viewed")], START + 8 * DAY)
    assert not [fact for fact in story.current() if hasattr(fact, "since")]
    assert [type(fact).__name__ for fact in outcome.taken_back] == ["Stalled"]


def test_a_bot_with_many_touchpoints_keeps_a_bounded_state() -> None:
    story = Story()
    sizes = []
    for batch in range(10):
        told = [touch(f"{batch}-{n}", START + (batch * 400 + n) * MINUTE, "page.viewed") for n in range(400)]
        story.arrive(told)
        sizes.append(len(pack_journey(story.journey)))
    assert len(story.journey.recents) <= MOST_RECENTS + 16
    assert max(sizes) <= 1.1 * sizes[3]
    assert story.journey.head.seen == 4000


def test_a_state_packed_and_unpacked_goes_on_as_if_it_had_not_been() -> None:
    told = [touch(f"t{n}", START + n * 5 * HOUR, "page.viewed", properties={"path": "/pricing"}) for n in range(120)]
    kept, journey = Story(), begin(RULES)
    for one in told:
        kept.arrive([one])
        arrive(journey, kept.customer, [one], 0, RULES)
        journey = unpack_journey(pack_journey(journey))
    assert pack_journey(journey) == pack_journey(kept.journey)


def test_versions_of_a_customer_only_rise() -> None:
    story = Story()
    versions = []
    for number in range(30):
        story.arrive([touch(f"t{number}", START + (number * 7 % 30) * HOUR, "content.downloaded")])
        versions.append(story.journey.version)
    assert versions == sorted(versions)


def test_people_hear_of_a_stall_once_however_often_it_is_refolded() -> None:
    story, heard = Story(), []
    story.arrive([touch("m1", START, "trial.started")], START + 8 * DAY)
    for day, now in ((6, 8), (2, 9), (3, 14), (4, 14)):
        outcome = story.arrive([touch(f"late-{day}", START + day * DAY, "call.logged", "sales")], START + now * DAY)
        heard += [event for (_, event) in outcome.events] + ["taken back" for _ in outcome.taken_back]
    assert heard == ["taken back", "opened"]


def test_a_touchpoint_that_is_too_late_twice_is_said_twice_in_rising_versions() -> None:
    story, versions = Story(), []
    old = touch("old", START - 60 * DAY, "ad.clicked")
    story.arrive([touch("new", START, "form.submitted")])
    for number in range(2):
        story.arrive([old, touch(f"n{number}", START + (number + 1) * DAY, "page.viewed")])
        versions.append(story.journey.version)
        story.arrive([touch("later", START + 40 * DAY, "page.viewed")])
        story.arrive([old])
        versions.append(story.journey.version)
    assert len(set(versions)) > 2


def test_one_that_is_far_too_late_twice_in_one_batch_is_said_once() -> None:
    story = Story()
    story.arrive([touch("new", START, "form.submitted")])
    old = touch("old", START - 60 * DAY, "ad.clicked")
    outcome = story.arrive(
        [old, touch("n1", START + DAY, "page.viewed"), old, touch("n2", START + DAY, "page.viewed"), old]
    )
    assert len([fact for fact in outcome.facts if isinstance(fact, TooLate)]) == 1

"""A journey folded anew from history is what arrivals in event order would have left, and goes on as that one does."""

from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.correction import MOST_RECENTS
from journey.fact import Correction, Fact, TooLate
from journey.packed import pack_head, pack_journey
from journey.rebuild import DisorderedError, fold_history
from journey.state import Journey
from journey.touch import Touch
from tests.journey.journeys import arrivals, touches
from tests.journey.telling import DAY, HOUR, MINUTE, RULES, START, Story, touch

CUSTOMER = Story.customer
LATER = START + 300 * DAY


def in_order(told: list[Touch], now: int = 0) -> Story:
    story = Story()
    for one in told:
        story.arrive([one])
    story.arrive([], now)
    return story


def content(facts: list[Fact]) -> dict[str, bytes]:
    return {fact.id: msgspec.json.encode(fact) for fact in facts if not isinstance(fact, Correction | TooLate)}


def without_counts(journey: Journey) -> bytes:
    """A journey but for what only arrivals can count."""
    return pack_journey(journey.but(version=0, corrections=0, too_late=0))


@given(st.data())
@settings(max_examples=120, deadline=None)
def test_any_order_and_duplication_of_a_history_leaves_what_arrivals_in_order_leave(data: st.DataObject) -> None:
    told = data.draw(touches(most=40, days=data.draw(st.sampled_from([3, 30, 200]))))
    now = data.draw(st.sampled_from([0, LATER]))
    received = [one for batch in data.draw(arrivals(told)) for one in batch]
    journey, facts = fold_history(received, CUSTOMER, RULES, now)
    expected = in_order(told, now)
    assert without_counts(journey) == without_counts(expected.journey)
    assert content(facts) == content(expected.current())
    assert journey.head.seen == len(told)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_rebuilt_journey_goes_on_as_if_it_had_been_live_all_along(data: st.DataObject) -> None:
    told = data.draw(touches(most=40, days=60))
    cut = data.draw(st.integers(0, len(told)))
    journey, facts = fold_history(iter(told[:cut]), CUSTOMER, RULES)
    rebuilt, live = Story(), in_order(told[:cut])
    rebuilt.journey, rebuilt.published = journey, {fact.id: fact for fact in facts}
    later = [one for batch in data.draw(arrivals(told[max(0, cut - 3) :])) for one in batch] if told[cut:] else []
    for story in (rebuilt, live):
        for one in later:
            story.arrive([one])
        story.arrive([], LATER)
    assert pack_head(rebuilt.journey.head) == pack_head(live.journey.head)
    assert without_counts(rebuilt.journey) == without_counts(live.journey)
    assert content(rebuilt.current()) == content(live.current())


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_history_in_whatever_order_it_arrived_live_ends_exact_by_a_rebuild(data: st.DataObject) -> None:
    told = data.draw(touches(most=30, days=120))
    live = Story()
    for batch in data.draw(arrivals(told)):
        live.arrive(batch)
    journey, facts = fold_history(told, CUSTOMER, RULES, LATER)
    expected = in_order(told, LATER)
    assert pack_head(journey.head) == pack_head(expected.journey.head)
    assert content(facts) == content(expected.current())
    live.arrive([], LATER)
    if not live.journey.too_late:
        assert pack_head(live.journey.head) == pack_head(journey.head)


def test_of_a_touchpoint_received_twice_the_first_counts() -> None:
    first, second = touch("t1", START + DAY, "trial.started"), touch("t1", START, "lead.disqualified", "sales")
    received = [first, second, touch("t0", START + HOUR, "page.viewed")]
    journey, _ = fold_history(received, CUSTOMER, RULES)
    assert journey.head.seen == 2
    assert pack_head(journey.head) == pack_head(in_order([received[2], first]).journey.head)


def test_nothing_that_falls_due_later_than_asked_is_done() -> None:
    told = [touch("t1", START, "trial.started")]
    quiet, _ = fold_history(told, CUSTOMER, RULES)
    assert (quiet.head.fired, quiet.head.stalls) == (0, [])
    stalled, facts = fold_history(told, CUSTOMER, RULES, START + 8 * DAY)
    assert stalled.head.fired == START + 7 * DAY
    assert "Stalled" in {type(fact).__name__ for fact in facts}


def test_a_stream_that_is_not_in_order_or_has_one_twice_is_refused() -> None:
    first, second = touch("t1", START, "page.viewed"), touch("t2", START + HOUR, "page.viewed")
    for wrong in ([second, first], [first, first]):
        with pytest.raises(DisorderedError, match="ex/t1"):
            fold_history(iter(wrong), CUSTOMER, RULES)


def test_a_bots_history_is_streamed_and_its_journey_is_as_small_as_a_live_one() -> None:
    held: list[Touch] = []

    def bot(count: int) -> Iterator[Touch]:
        for number in range(count):
            made = touch(f"{number:07}", START + number * MINUTE, "page.viewed")
            held.append(made)
            del held[: -MOST_RECENTS * 2]
            yield made

    journey, facts = fold_history(bot(5000), CUSTOMER, RULES)
    assert journey.head.seen == 5000
    assert len(journey.recents) <= MOST_RECENTS + 16
    assert len(pack_journey(journey)) < 120_000
    assert len(facts) < 10
    journey_of_fewer, _ = fold_history(bot(2500), CUSTOMER, RULES)
    assert len(pack_journey(journey)) < 1.1 * len(pack_journey(journey_of_fewer))


def test_nobody_known_has_a_journey_that_nothing_was_folded_into() -> None:
    journey, facts = fold_history([], CUSTOMER, RULES, LATER)
    assert (facts, without_counts(journey)) == ([], without_counts(Story().journey))

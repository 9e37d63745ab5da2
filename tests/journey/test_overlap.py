"""Both teams on one thing: who is named, who decides, what opens and what ends it."""

from typing import Any

from journey.fact import Overlap
from journey.packed import pack_head
from journey.touch import Touch
from tests.journey.telling import DAY, HOUR, MINUTE, START, Story, touch


def overlaps(story: Story, kind: str) -> list[Overlap]:
    return [fact for fact in story.current(Overlap) if fact.kind == kind]


def pricing(number: int, at: int, team: str, **more: Any) -> Touch:
    return touch(f"p{number}", at, "email.sent", team, "outbound", subject="pricing", **more)


def test_off_turf_names_the_team_that_acted_and_the_one_whose_subject_it_was_before() -> None:
    story = Story()
    story.arrive(
        [
            touch("m1", START, "form.submitted"),
            touch("s1", START + HOUR, "quote.sent", "sales", "outbound", subject="pricing"),
        ]
    )
    (found,) = overlaps(story, "off_turf")
    assert found.teams == ["marketing", "sales"]
    assert found.precedence == "sales", "the quote brought the customer to evaluation, where pricing is sales'"


def test_two_campaigns_of_one_team_are_no_overlap() -> None:
    story = Story()
    story.arrive([pricing(n, START + n * HOUR, "marketing", campaign=f"c{n}") for n in range(3)])
    assert overlaps(story, "subject") == []


def test_exactly_seven_days_apart_is_an_overlap_and_a_millisecond_more_is_not() -> None:
    inside, outside = Story(), Story()
    inside.arrive([pricing(1, START, "marketing"), pricing(2, START + 7 * DAY, "sales")])
    outside.arrive([pricing(1, START, "marketing"), pricing(2, START + 7 * DAY + 1, "sales")])
    assert len(overlaps(inside, "subject")) == 1
    assert overlaps(outside, "subject") == []


def test_a_claim_resolves_what_is_open_on_its_subject_and_decides_from_then_on() -> None:
    story = Story()
    story.arrive([pricing(1, START, "marketing"), pricing(2, START + HOUR, "sales")])
    story.arrive([touch("c", START + 2 * HOUR, "owner.claimed", "marketing", "internal", subject="pricing")])
    (found,) = overlaps(story, "subject")
    assert (found.status, found.resolution) == ("resolved", "claim")
    story.arrive([pricing(3, START + 3 * HOUR, "sales")])
    latest = overlaps(story, "subject")[-1]
    assert (latest.status, latest.precedence, latest.precedence_rule) == ("open", "marketing", "claim")


def test_two_claims_at_once_are_a_double_owner_and_the_first_one_decides() -> None:
    story = Story()
    for number, team in enumerate(("sales", "marketing")):
        story.arrive([touch(f"c{number}", START + number * DAY, "owner.claimed", team, "internal", subject="pricing")])
    (found,) = overlaps(story, "double_owner")
    assert (found.severity, found.precedence, found.teams) == ("high", "sales", ["marketing", "sales"])


def test_the_seventh_touch_of_both_teams_in_a_week_is_pressure_and_opens_once() -> None:
    story = Story()
    told = [
        touch(f"t{n}", START + n * HOUR, "email.sent", "sales" if n == 3 else "marketing", "outbound") for n in range(9)
    ]
    story.arrive(told[:6])
    assert overlaps(story, "pressure") == []
    story.arrive(told[6:])
    (found,) = overlaps(story, "pressure")
    assert [ref.id for ref in found.touchpoints] == ["t6", "t7", "t8"]


def test_an_overlap_nobody_touches_for_fourteen_days_expires() -> None:
    story = Story()
    story.arrive([pricing(1, START, "marketing"), pricing(2, START + HOUR, "sales")], START + 20 * DAY)
    (found,) = overlaps(story, "subject")
    assert found.resolution == "expiry"
    assert found.resolved_at is not None
    assert (found.resolved_at - found.last_at).days == 14


def test_a_person_decides_by_the_overlaps_id() -> None:
    story = Story()
    story.arrive([pricing(1, START, "marketing"), pricing(2, START + HOUR, "sales")])
    (found,) = overlaps(story, "subject")
    decision = touch("d", START + 2 * HOUR, "overlap.resolved", "sales", "internal", properties={"id": found.id})
    story.arrive([decision])
    assert [fact.resolution for fact in overlaps(story, "subject")] == ["decision"]


def strayed(customer_id: str = "c-1") -> tuple[Story, str]:
    """A customer in whose evaluation marketing promoted, and the id of that overlap."""
    story = Story(customer=customer_id)
    story.arrive([touch("d", START, "demo.held", "sales", "outbound")])
    story.arrive([touch("m", START + HOUR, "email.sent", "marketing", "outbound", subject="promotion")])
    (found,) = overlaps(story, "off_turf")
    return story, found.id


def decision(at: int, overlap_id: str, **more: Any) -> Touch:
    return touch("decision", at, "overlap.resolved", "sales", "internal", properties={"id": overlap_id}, **more)


def test_a_decision_stands_after_it_was_folded_away_and_something_came_late() -> None:
    story, overlap_id = strayed()
    story.arrive([decision(START + 2 * HOUR, overlap_id)])
    for number in range(1, 30):
        story.arrive([touch(f"n{number}", START + number * 10 * HOUR, "note.written", "sales", "internal")])
    story.arrive([touch("late", START + 285 * HOUR, "email.sent", "marketing", "outbound", subject="promotion")])
    decided, again = overlaps(story, "off_turf")
    assert (decided.status, decided.resolution) == ("resolved", "decision")
    assert again.status == "open"


def test_a_decision_may_mean_an_overlap_as_it_was_called_before_its_customer_was_merged() -> None:
    _, overlap_id = strayed("c-2")
    story, own = strayed("c-1")
    assert own != overlap_id
    story.arrive([decision(START + 2 * HOUR, overlap_id, of="c-2")])
    (found,) = overlaps(story, "off_turf")
    assert (found.status, found.resolution) == ("resolved", "decision")


def test_a_tool_that_makes_teams_and_subjects_up_does_not_make_state_grow() -> None:
    story, sizes = Story(), []
    for batch in range(4):
        told = []
        for number in range(150):
            at, team = START + (batch * 150 + number) * MINUTE, f"team_{batch}_{number}"
            told.append(touch(f"o{batch}-{number}", at, "email.sent", team, "outbound", subject="pricing"))
            claim = touch(f"c{batch}-{number}", at, "owner.claimed", team, "internal", subject=f"s{number}")
            told.append(claim)
        story.arrive(told)
        sizes.append(len(pack_head(story.journey.head)))
    assert sizes[-1] <= 1.1 * sizes[0]

"""What a position says besides the place: persona, score, probability and each team's latest touchpoint, as of `at`."""

from typing import Any

from journey.fact import Position
from journey.policy.reading import read
from journey.rules import Rules
from tests.journey.policies import changed
from tests.journey.telling import DAY, START, Story, ms, touch


def _likely(tree: dict[str, Any]) -> None:
    for stage in tree["tracks"]["funnel"]["stages"]:
        stage["probability"] = {"evaluation": 0.4, "purchase": 1.0}.get(stage["stage"])


LIKELY = Rules(read(changed(_likely)))


def funnel(story: Story) -> Position:
    return next(fact for fact in story.current(Position) if fact.track == "funnel")


def test_a_position_says_when_each_team_last_had_to_do_with_the_customer_as_of_then() -> None:
    story = Story()
    story.arrive([touch("m1", START, "form.submitted"), touch("s1", START + DAY, "meeting.held", "sales")])
    story.arrive([touch("m2", START + 2 * DAY, "email.opened")])
    position = funnel(story)
    assert ms(position.at) == START + DAY
    assert {team: ms(at) for team, at in position.last_touch.items()} == {"marketing": START, "sales": START + DAY}


def test_the_engagement_of_a_position_is_as_of_then() -> None:
    story = Story()
    story.arrive([touch("m1", START, "form.submitted"), touch("m2", START + 14 * DAY, "demo.requested")])
    assert funnel(story).engagement == 37.5


def test_a_move_by_time_alone_says_a_position_too() -> None:
    story = Story()
    story.arrive([touch("m1", START, "form.submitted")], START + 61 * DAY)
    position = funnel(story)
    assert (position.stage, ms(position.at)) == ("inactive", START + 60 * DAY)
    assert 0 < position.engagement < 1


def test_new_traits_say_a_position_anew_without_a_move() -> None:
    story = Story()
    story.arrive([touch("m1", START, "form.submitted")])
    story.arrive([touch("m2", START + DAY, "email.opened", properties={"traits": {"seniority": "vp"}})])
    assert {(fact.fit, ms(fact.at)) for fact in story.current(Position)} == {(30.0, START + DAY)}


def test_the_probability_is_that_of_the_stage_and_goes_back_with_a_reopened_deal() -> None:
    story = Story(LIKELY)
    story.arrive([touch("s1", START, "deal.created", "sales")])
    assert funnel(story).probability == 0.4
    story.arrive([touch("s2", START + DAY, "deal.won", "sales")])
    assert funnel(story).probability == 1.0
    story.arrive([touch("s3", START + 2 * DAY, "deal.reopened", "sales")])
    assert funnel(story).probability == 0.4

"""Sales' feedback carries what led to the lead: campaign, content, persona, the rule of the MQL and its policy."""

from typing import Any

import pytest

from journey.fact import Feedback
from journey.policy.reading import read
from journey.rules import Rules
from journey.touch import Touch
from tests.journey.policies import changed
from tests.journey.telling import DAY, START, Story, ms, touch


def _personas(tree: dict[str, Any]) -> None:
    tree["personas"] = [
        {"persona": "leader", "when": [{"seniority": ["vp", "chief"]}]},
        {"persona": "doer", "when": [{"seniority": ["engineer"]}]},
    ]


WITH_PERSONAS = Rules(read(changed(_personas)))


def answer(touchpoint_id: str, day: float, kind: str, **properties: object) -> Touch:
    return touch(
        touchpoint_id, START + round(day * DAY), kind, "sales", "internal", actor="rep-1", properties=properties or None
    )


def feedback(*told: Touch, rules: Rules | None = None) -> list[Feedback]:
    story = Story(rules) if rules else Story()
    story.arrive(told)
    return story.current(Feedback)


def test_a_rejection_says_what_had_made_the_lead() -> None:
    (fact,) = feedback(
        touch("m1", START, "content.downloaded", campaign="winter", content="ebook"),
        touch("m2", START + DAY, "demo.requested", campaign="spring", content="case study"),
        touch("m3", START + 2 * DAY, "email.opened", campaign="summer"),
        answer("s1", 3, "lead.rejected", reason="no_fit"),
    )
    assert (fact.disposition, fact.reason, fact.team, fact.actor) == ("rejected", "no_fit", "sales", "rep-1")
    assert (fact.campaign, fact.content) == ("spring", "case study")
    assert (fact.mql_rule, fact.mql_policy, ms(fact.mql_at)) == ("lead.mql.enter.1", "default@1", START + DAY)
    assert fact.touchpoint.id == "s1"


def test_where_the_touchpoint_of_the_mql_names_none_the_latest_one_of_marketing_before_it_does() -> None:
    (fact,) = feedback(
        touch("m1", START, "ad.clicked", campaign="winter"),
        touch("m2", START + DAY, "email.clicked", content="ebook"),
        touch("s0", START + DAY + 1, "email.sent", "sales", "outbound", campaign="cold list"),
        answer("m3", 2, "lead.qualified"),
        touch("m4", START + 3 * DAY, "ad.clicked", campaign="later"),
        answer("s1", 4, "lead.accepted"),
    )
    assert (fact.campaign, fact.content) == ("winter", "ebook")


def test_an_answer_to_somebody_who_never_was_a_lead_names_no_rule() -> None:
    (fact,) = feedback(touch("m1", START, "ad.clicked", campaign="winter"), answer("s1", 1, "lead.accepted"))
    assert (fact.campaign, fact.mql_rule, fact.mql_policy, fact.mql_at) == ("winter", None, None, None)


@pytest.mark.parametrize(
    ("kind", "disposition"),
    [
        ("lead.accepted", "accepted"),
        ("lead.rejected", "rejected"),
        ("lead.recycled", "recycled"),
        ("deal.lost", "lost"),
        ("lead.rated", "rated"),
    ],
)
def test_every_disposition_has_its_touchpoints(kind: str, disposition: str) -> None:
    (fact,) = feedback(touch("m1", START, "demo.requested"), answer("s1", 1, kind))
    assert (fact.disposition, fact.reason, fact.rating) == (disposition, None, None)


@pytest.mark.parametrize(
    ("said", "told"),
    [("Bad data", "bad_data"), ("bad-data", "bad_data"), ("their boss left", "their boss left"), (7, "7"), ("", None)],
)
def test_a_reason_is_told_in_the_policys_words_and_an_unknown_one_as_it_was_said(said: object, told: object) -> None:
    (fact,) = feedback(answer("s1", 1, "lead.rejected", reason=said))
    assert fact.reason == told


@pytest.mark.parametrize(("said", "told"), [(4, 4.0), ("4.5", 4.5), ("good", None), (True, None), ([3], None)])
def test_a_rating_is_a_number(said: object, told: object) -> None:
    (fact,) = feedback(answer("s1", 1, "lead.rated", rating=said))
    assert fact.rating == told


def test_the_persona_is_the_one_that_became_a_lead() -> None:
    accepted, rejected = feedback(
        touch("m1", START, "demo.requested", properties={"traits": {"seniority": "vp"}}),
        answer("s1", 1, "lead.accepted"),
        answer("s2", 2, "lead.rejected", reason="wrong_persona", traits={"seniority": "engineer"}),
        rules=WITH_PERSONAS,
    )
    assert (accepted.persona, rejected.persona) == ("leader", "leader")


def test_a_persona_that_became_known_after_the_lead_is_told_where_there_was_none() -> None:
    (fact,) = feedback(
        touch("m1", START, "demo.requested"),
        answer("s1", 1, "lead.rejected", reason="wrong_persona", traits={"seniority": "engineer"}),
        rules=WITH_PERSONAS,
    )
    assert fact.persona == "doer"


def test_a_lead_that_came_again_is_held_against_what_led_there_the_last_time() -> None:
    first, second, third = feedback(
        touch("m1", START, "demo.requested", campaign="winter"),
        answer("s1", 1, "lead.rejected", reason="no_response"),
        touch("m2", START + 9 * DAY, "demo.requested", campaign="spring"),
        answer("s2", 10, "lead.accepted"),
        answer("s3", 11, "lead.rated", rating=5),
    )
    assert [fact.campaign for fact in (first, second, third)] == ["winter", "spring", "spring"]
    assert second.mql_at == third.mql_at


def test_a_late_touchpoint_of_a_campaign_corrects_what_led_to_the_lead() -> None:
    story = Story()
    story.arrive([answer("m2", 2, "lead.qualified"), answer("s1", 3, "lead.accepted")])
    story.arrive([touch("m1", START, "ad.clicked", campaign="winter")])
    (fact,) = story.current(Feedback)
    assert fact.campaign == "winter"

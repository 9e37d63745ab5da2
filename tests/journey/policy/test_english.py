"""Conditions in plain English, as both teams read them in the agreement."""

from typing import Any

import pytest

from journey.policy.condition import Condition
from journey.policy.duration import Duration
from journey.policy.english import sentence, span
from journey.policy.reading import read
from journey.policy.walk import conditions
from tests.journey.telling import DEFAULT


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ({}, "any touchpoint"),
        ({"direction": "inbound"}, "any inbound touchpoint"),
        ({"type": "email.*"}, "any email"),
        ({"type": ["deal.won", "deal.lost"]}, "deal won or deal lost"),
        ({"type": "email.opened", "count": 2, "within": "14d"}, "email opened, for the 2nd time within 14 days"),
        ({"type": "a.b", "count": 11}, "a b, for the 11th time"),
        ({"type": "page.viewed", "properties": {"path": {"starts_with": "/pricing"}}},
         "page viewed, with path beginning with /pricing"),
        ({"type": "deal.created", "value": {"at_least": 10000, "currency": "EUR"}},
         "deal created, worth at least 10,000 EUR"),
        ({"value": {}}, "any touchpoint, with a value"),
        ({"direction": "inbound", "absent": {"when": {"direction": "inbound"}, "within": "30d"}},
         "any inbound touchpoint, with no inbound touchpoint in the 30 days before"),
        ({"type": "deal.won", "absent": {"when": {"type": "call.logged"}}},
         "deal won, with no call logged ever before"),
        ({"persona": ["economic_buyer", "champion"]},
         "any touchpoint, where the persona is economic buyer or champion"),
        ({"score": {"fit": {"at_least": 40}, "engagement": {"at_least": 50}}},
         "any touchpoint, with fit at least 40 and engagement at least 50"),
        ({"type": "a.b", "not": {"stage": {"lead": ["opportunity", "customer"]}}},
         "a b, unless lead is at opportunity or customer"),
        ({"type": "a.b", "furthest": {"funnel": "purchase"}}, "a b, once funnel has reached purchase"),
        ({"direction": "outbound", "team": "sales", "channel": ["call", "email"],
          "not": {"properties": {"automated": True}}},
         "any outbound touchpoint, of sales, by call or email, unless it is marked as automated"),
        ({"any": [{"direction": "inbound"}, {"type": "meeting.held"}]}, "any inbound touchpoint or meeting held"),
        ({"any": [{"direction": "inbound"}, {"direction": "outbound", "channel": "call"}]},
         "any inbound touchpoint; or any outbound touchpoint, by call"),
        ({"type": "a.b", "all": [{"team": "sales"}]}, "a b, of sales"),
        ({"type": "call.logged", "any": [{"direction": "inbound"}, {"direction": "outbound"}]},
         "call logged, that is inbound or outbound"),
        ({"type": "a.b", "not": {"any": [{"direction": "inbound"}, {"type": "meeting.held"}]}},
         "a b, unless it is inbound or meeting held"),
        ({"type": "survey.answered", "properties": {"satisfied": False, "score": {"at_most": 6}}},
         "survey answered, with satisfied no, with score at most 6"),
    ],
)  # fmt: skip
def test_a_condition_reads_as_people_say_it(condition: dict[str, Any], told: str) -> None:
    assert sentence(Condition.model_validate(condition)) == told


@pytest.mark.parametrize(
    ("given", "told"),
    [("1d", "1 day"), ("24bh", "24 business hours"), ("30 m", "30 minutes"), ("1bh", "1 business hour")],
)
def test_a_duration_reads_as_people_say_it(given: str, told: str) -> None:
    assert span(Duration.parse(given)) == told


def test_every_condition_of_the_default_policy_can_be_read_aloud() -> None:
    for path, condition in conditions(read(DEFAULT.read_text())):
        told = sentence(condition)
        assert told and not {"{", "_", "None", ".."} & set(told.split()), (path, told)
        assert "_" not in told, (path, told)

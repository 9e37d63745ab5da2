"""What a draft would change is counted per thing and customer, and nothing differs from itself."""

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from journey.comparison import Comparison, things
from journey.correction import arrive, begin
from journey.fact import Stalled
from journey.policy.reading import read
from journey.rules import Rules
from journey.saying import instant
from journey.touch import Touch
from tests.journey.journeys import touches
from tests.journey.policies import changed
from tests.journey.telling import DAY, HOUR, RULES, START, Story, touch

LATER = START + 90 * DAY


def _stricter(tree: dict[str, Any]) -> None:
    tree["version"] = 2
    pricing = tree["tracks"]["lead"]["stages"][1]["enter"][1]
    pricing["count"] = 3
    tree["overlaps"]["subject_within"] = "1d"
    tree["tracks"]["funnel"]["stages"][3]["no_activity"] = "60d"


DRAFT = Rules(read(changed(_stricter)))
VIEWS = [touch(f"v{n}", START + n * HOUR, "page.viewed", properties={"path": "/pricing"}) for n in range(2)]
MAILS = [
    touch("m", START + DAY, "email.sent", "marketing", "outbound", subject="pricing"),
    touch("s", START + 3 * DAY, "email.sent", "sales", "outbound", subject="pricing"),
]


def compared(*customers: list[Touch], since: int = 0, draft: Rules = DRAFT) -> Comparison:
    comparison = Comparison(RULES, draft, since, LATER)
    for number, told in enumerate(customers):
        comparison.take(f"c-{number}", told)
    return comparison


def differences(comparison: Comparison) -> dict[tuple[str, str], tuple[int, int]]:
    return {(one.kind, one.name): (one.before, one.after) for one in comparison.counts if one.difference}


def test_leads_that_would_not_qualify_are_counted_with_what_follows_from_them() -> None:
    found = differences(compared(VIEWS, VIEWS))
    assert found["entered", "lead.mql"] == (2, 0)
    assert found["handoff", "offered"] == (2, 0)
    assert found["breached", "mql_routed"] == (2, 0)
    assert found["stalled", "intent no_activity"] == (2, 0)
    assert found["alert", "clock.breached"] == (4, 0)


def test_overlaps_that_would_not_open_are_counted_by_kind() -> None:
    found = differences(compared(MAILS))
    assert found["overlap", "subject"] == (1, 0)
    assert found["alert", "overlap.opened"][0] - found["alert", "overlap.opened"][1] == 1


def test_the_customers_that_differ_are_listed_with_what_changes_and_where_they_would_be() -> None:
    comparison = compared(VIEWS, [touch("x", START, "ad.clicked")])
    (one,) = comparison.changed
    assert one.customer_id == "c-0"
    assert one.stages == {"lead": ("mql", None)}
    assert ("entered", "lead.mql", 1, 0) in [(each.kind, each.name, each.before, each.after) for each in one.counts]
    assert (comparison.customers, comparison.touchpoints) == (2, 3)


def test_what_was_before_the_time_is_folded_and_not_counted() -> None:
    assert ("entered", "lead.mql") in differences(compared(VIEWS, since=START + HOUR))
    late = compared(VIEWS, since=START + 2 * HOUR)
    assert ("entered", "lead.mql") not in differences(late)
    assert late.changed[0].stages == {"lead": ("mql", None)}


def test_what_opened_before_the_time_and_ended_after_it_counts_as_what_was_told_then() -> None:
    story = Story()
    story.arrive(MAILS)
    story.arrive([], LATER)
    counted = things(story.current(), instant(START + 10 * DAY))
    assert counted["alert", "overlap.resolved"] == 2
    assert counted["overlap", "subject"] == 0


def test_of_a_silence_that_began_before_the_time_only_what_was_told_after_it_counts() -> None:
    story = Story()
    story.arrive([touch("t", START, "trial.started")], START + 8 * DAY)
    story.arrive([], START + 20 * DAY)
    story.arrive([touch("c", START + 25 * DAY, "call.logged", "sales", "outbound")])
    facts = [fact for fact in story.current(Stalled) if fact.kind == "no_activity"]
    told = {
        "all": things(facts, instant(START)),
        "once it was known": things(facts, instant(START + 10 * DAY)),
        "once it was told twice": things(facts, instant(START + 20 * DAY)),
        "once it was over": things(facts, instant(START + 26 * DAY)),
    }
    heard = {name: [what for kind, what in counted if kind == "alert"] for name, counted in told.items()}
    assert heard == {
        "all": ["prospect.stalled", "prospect.escalated", "prospect.unstalled"],
        "once it was known": ["prospect.escalated", "prospect.unstalled"],
        "once it was told twice": ["prospect.unstalled"],
        "once it was over": [],
    }


def test_an_accounts_people_are_compared_by_the_rules_of_accounts() -> None:
    comparison = Comparison(RULES, DRAFT, 0, LATER)
    reached = [
        touch("m", START, "email.sent", "marketing", "outbound", subject="pricing", of="jo"),
        touch("s", START + 3 * DAY, "email.sent", "sales", "outbound", subject="pricing", of="kim"),
    ]
    comparison.take("account-1", reached, account=True)
    assert differences(comparison)["overlap", "account"] == (1, 0)
    assert comparison.customers == 0


@given(touches(days=30))
@settings(max_examples=50, deadline=None)
def test_nothing_differs_from_itself(told: list[Touch]) -> None:
    comparison = compared(told, draft=RULES)
    assert not differences(comparison)
    assert comparison.changed == []


@given(st.lists(touches(most=12, days=20), min_size=1, max_size=4))
@settings(max_examples=40, deadline=None)
def test_the_sums_are_those_of_the_customers(customers: list[list[Touch]]) -> None:
    sums: Counter[tuple[str, str]] = Counter()
    for each in compared(*customers).changed:
        sums.update({(one.kind, one.name): one.difference for one in each.counts})
    found = {thing: after - before for thing, (before, after) in differences(compared(*customers)).items()}
    assert found == {thing: difference for thing, difference in sums.items() if difference}


@given(touches(days=30))
@settings(max_examples=50, deadline=None)
def test_as_many_alerts_are_counted_as_one_who_listened_from_the_first_touchpoint_would_have_heard(
    told: list[Touch],
) -> None:
    journey, heard = begin(RULES), Counter[str]()
    for one in [*told, None]:
        outcome = arrive(journey, "c", [one] if one else [], one.at if one else LATER, RULES)
        heard.update(event for _, event in outcome.events)
    counted = compared(told, draft=RULES).counts
    assert sum(one.before for one in counted if one.kind == "alert") >= sum(heard.values())

"""Small hostile histories: one instant for several things, deals reopened, browsers that turn out to be somebody.

Every check of the large history holds on them too.
"""

import json
from collections.abc import Callable
from itertools import groupby
from random import Random
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from schemas.settings import Settings
from schemas.topic import RAW_MARKETING, RAW_SALES
from sinks.clickhouse.table import TABLES
from sinks.clickhouse.writer import TOPICS
from streams.memory import MemoryLine
from tests.journey.telling import RULES
from tests.reference.random_journeys import arrivals, journey
from tests.sinks.views import test_as_of as as_of
from tests.sinks.views import test_attribution as attribution
from tests.sinks.views import test_campaigns as campaigns
from tests.sinks.views import test_customers as customers
from tests.sinks.views import test_funnel as funnel
from tests.sinks.views import test_sales as sales
from tests.sinks.views import test_teamwork as teamwork
from tests.sinks.views.conftest import ENDS, History, Records, hashed, write
from tests.sinks.views.world import DAY, HOUR, Row, ms, world_of

WHOLE = (ENDS - 70 * DAY, ENDS + 30 * DAY)
CHECKS: list[Callable[[History], None]] = [
    lambda history: funnel.test_time_to_convert_counts_those_who_have_not_apart(history, "funnel"),
    lambda history: funnel.test_time_in_stage_sets_open_ages_beside_closed_visits(history, "lead", ENDS),
    lambda history: funnel.check_funnel(history, "funnel", "channel"),
    lambda history: attribution.check_credits(history, "w_shaped", *WHOLE),
    lambda history: attribution.check_credits(history, "markov", *WHOLE),
    lambda history: sales.test_velocity_is_the_product_of_its_four_factors(history, *WHOLE, "owner"),
    sales.test_the_pipeline_is_open_deals_by_owner_stage_and_month_weighted_by_the_stage,
    lambda history: sales.test_attainment_and_pace_are_of_the_period_that_the_moment_is_in(history, ENDS - 30 * DAY),
    lambda history: sales.test_sourced_is_one_teams_and_influenced_may_be_both(history, *WHOLE),
    lambda history: campaigns.test_a_campaign_is_held_against_what_it_cost(history, *WHOLE, "linear"),
    lambda history: campaigns.test_content_helps_at_the_stage_where_it_was_met(history, *WHOLE, "funnel"),
    lambda history: customers.test_a_cohort_is_followed_by_the_month(history, *WHOLE),
    customers.test_totals_count_each_touchpoint_each_customer_and_each_stall_once,
    lambda history: customers.test_paths_are_links_that_leave_nobody_out(history, *WHOLE, "lead"),
    lambda history: teamwork.test_compliance_is_of_those_that_ended_and_the_unanswered_are_told_apart(history, *WHOLE),
    lambda history: teamwork.test_what_became_of_leads_is_told_by_the_offer(history, *WHOLE),
    lambda history: as_of.test_where_everybody_was_then(history, ENDS - 31 * DAY, "funnel"),
    lambda history: as_of.test_what_was_open_then_by_what_was_known_then(history, ENDS - 31 * DAY, ENDS - 33 * DAY),
]


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000))
@example(seed=3766)  # three moves of a track at one instant
def test_every_check_holds_on_small_hostile_histories(emptied: History, seed: int) -> None:
    for table in [*(table.name for table in TABLES), "touches", "moves", "owners", "people", "stalls", *_told(emptied)]:
        emptied.client.command(f"TRUNCATE TABLE {table}")
    records = hostile(seed)
    write(emptied.client, records)
    history = hashed(History(emptied.client, records, world_of(records), ENDS))
    for check in CHECKS:
        check(history)


def _told(history: History) -> list[str]:
    sql = "SELECT name FROM system.tables WHERE database = currentDatabase() AND endsWith(name, '_told')"
    return [row["name"] for row in history.ask(sql)]


def hostile(seed: int) -> Records:
    """A few random journeys side by side, late, twice, partly anonymous, through intake, resolver and journeys."""
    chance = Random(seed)
    arriving: list[tuple[int, Row]] = []
    for number in range(chance.randint(1, 6)):
        latest = 0
        for touch in arrivals(chance, journey(chance, 40)[0]):
            latest = max(latest, ms(touch["occurred_at"]) + 60_000)
            arriving.append((latest, dressed(chance, touch, number)))
    line, told = MemoryLine(RULES, Settings()), []
    for hour, some in groupby(sorted(arriving, key=lambda one: one[0]), lambda one: one[0] // HOUR):
        raw = [(_topic(touch), None, json.dumps(touch).encode()) for _, touch in some]
        line.take(raw, (hour + 1) * HOUR)
        told += [(topic, list(records)) for topic, records in line.written() if topic in TOPICS]
    return told


def dressed(chance: Random, touch: Row, number: int) -> Row:
    """The touchpoint with what reports read besides: who it is, campaign, content, money, a deal."""
    who: dict[str, str] = {"email": f"p{number}@a.example"}
    if chance.random() < 0.3:
        who = {"anonymous_id": f"b-{number}", **(who if chance.random() < 0.3 else {})}
    more: dict[str, Any] = {"campaign": "spring", "content": "guide", "value": _money(chance), "cost": _money(chance)}
    kept = {name: value for name, value in more.items() if chance.random() < 0.35}
    properties = dict(touch["properties"])
    if touch["type"].startswith("deal.") and chance.random() < 0.5:
        properties |= {"deal": chance.choice("ab"), "expected_close_at": "2026-03-20"}
    return {**touch, "id": f"{number}-{touch['id']}", "customer": who, **kept, "properties": properties}


def _money(chance: Random) -> dict[str, str]:
    return {
        "amount": f"{chance.randrange(1, 10**6) / 100:.2f}",
        "currency": chance.choice(["EUR", "USD", "GBP", "CHF"]),
    }


def _topic(touch: Row) -> str:
    return RAW_SALES if touch["team"] == "sales" else RAW_MARKETING

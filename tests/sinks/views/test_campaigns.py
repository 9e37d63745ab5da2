"""What marketing spends and what comes of it, against sums by hand: campaigns, new customers, content, field, brand."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest

from tests.journey.telling import RULES
from tests.sinks.views.conftest import ENDS, History, text
from tests.sinks.views.test_sales import asked
from tests.sinks.views.world import DAY, Row, World, euros, ratio, value_of

PERIODS = [(ENDS - 150 * DAY, ENDS - 50 * DAY), (ENDS - 50 * DAY, ENDS), (ENDS + DAY, ENDS + 2 * DAY)]
LEAD = [stage.stage for stage in RULES.policy.tracks["lead"].stages]


def within(history: History, since: int, until: int) -> list[Row]:
    return [touch for touch in history.world.touches if since <= touch["occurred_at"] < until]


def costs(touches: list[Row]) -> list[tuple[Row, Decimal | None]]:
    """Touches that cost something, with how many euros; None without a rate."""
    return [
        (touch, euros(touch["cost"]["amount"], touch["cost"]["currency"], touch["occurred_at"]))
        for touch in touches
        if touch.get("cost")
    ]


def total(values: Any) -> Decimal:
    return sum((value for value in values if value is not None), Decimal(0))


@pytest.mark.parametrize(("since", "until"), PERIODS)
@pytest.mark.parametrize("model", ["linear", "position"])
def test_a_campaign_is_held_against_what_it_cost(history: History, since: int, until: int, model: str) -> None:
    period = {"since": text(since), "until": text(until)}
    credits: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in asked(history, "v_attribution", model=model, **period):
        credits[row["campaign"]] += row["credit"]
    touched: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for touch in within(history, since, until):
        if touch.get("campaign") and touch["customer_id"]:
            mine = touched[touch["campaign"]]
            mine[touch["customer_id"]] = min(touch["occurred_at"], mine.get(touch["customer_id"], touch["occurred_at"]))
    spent: defaultdict[str, list[tuple[Row, Decimal | None]]] = defaultdict(list)
    for touch, cost in costs(within(history, since, until)):
        spent[touch.get("campaign") or ""].append((touch, cost))
    rows = asked(history, "v_campaign_roi", model=model, margin=0.8, **period)
    assert {row["campaign"] for row in rows} == {name for name in (*credits, *touched, *spent) if name}
    for row in rows:
        name = row["campaign"]
        cost = total(one for _, one in spent[name])
        on_ads = total(one for touch, one in spent[name] if touch["channel"] == "ads")
        assert (row["cost"], row["ad_cost"], row["revenue"]) == (cost, on_ads, credits[name])
        assert row["unconverted"] == sum(one is None for _, one in spent[name])
        profit = float(credits[name]) * 0.8
        assert row["gross_profit"] == pytest.approx(profit)
        assert row["roi"] == (pytest.approx((profit - float(cost)) / float(cost)) if cost else None)
        assert row["roas"] == (pytest.approx(float(credits[name]) / float(on_ads)) if on_ads else None)
        assert row["customers"] == len(touched[name])
        reached = {
            stage: {
                move["customer_id"] for move in history.world.of("transition")
                if (move["track"], move["to_stage"]) == ("lead", stage) and since <= move["at"] < until
                and move["at"] >= touched[name].get(move["customer_id"], 10**18)
            }
            for stage in LEAD
        }  # fmt: skip
        assert row["reached"] == {stage: len(customers) for stage, customers in reached.items() if customers}
        assert row["cost_per"] == pytest.approx({stage: float(cost) / n for stage, n in row["reached"].items()})


@pytest.mark.parametrize(("since", "until"), PERIODS)
def test_a_new_customer_costs_what_both_teams_spent(history: History, since: int, until: int) -> None:
    spent = costs(within(history, since, until))
    deals: defaultdict[str, list[Row]] = defaultdict(list)
    for deal in history.world.of("deal"):
        if deal["status"] == "won" and deal["closed_at"] < until:
            deals[deal["customer_id"]].append(deal)
    new = [mine for mine in deals.values() if min(one["closed_at"] for one in mine) >= since]
    revenue = total(value_of(one) for mine in new for one in mine)
    (row,) = asked(history, "v_cac", since=text(since), until=text(until), margin=0.5, months=12)
    by_team = [total(cost for touch, cost in spent if touch["team"] == team) for team in ("marketing", "sales")]
    assert [row["cost"], row["marketing_cost"], row["sales_cost"]] == [sum(by_team), *by_team]
    assert (row["new_customers"], row["revenue"]) == (len(new), revenue)
    cac = ratio(float(sum(by_team)), len(new))
    assert row["cac"] == (None if cac is None else pytest.approx(cac))
    monthly = float(revenue) / len(new) / 12 if new else None
    assert row["payback_months"] == (pytest.approx((cac or 0) / (monthly * 0.5)) if monthly else None)


@pytest.mark.parametrize(("since", "until"), PERIODS)
@pytest.mark.parametrize("track", ["funnel", "lead"])
def test_content_helps_at_the_stage_where_it_was_met(history: History, since: int, until: int, track: str) -> None:
    moves, days = history.world.moves(track), 10 * DAY
    met: defaultdict[tuple[str, str | None], list[tuple[str, bool, bool]]] = defaultdict(list)
    for touch in within(history, since, until):
        who, at = touch["customer_id"], touch["occurred_at"]
        if touch.get("content") and who:
            before = [move["to_stage"] for move in moves.get(who, []) if move["at"] < at]
            on = any(
                move["kind"] in {"enter", "advance", "skip"} and at <= move["at"] <= at + days
                for move in moves.get(who, [])
            )
            won = any(
                deal["customer_id"] == who and deal["status"] == "won" and at <= deal["closed_at"] <= at + days
                for deal in history.world.of("deal")
            )
            met[touch["content"], before[-1] if before else None].append((who, on, won))
    rows = asked(history, "v_content", track=track, within_days=10, since=text(since), until=text(until))
    assert {(row["content"], row["stage"]) for row in rows} == set(met)
    for row in rows:
        mine = met[row["content"], row["stage"]]
        customers, on = {who for who, _, _ in mine}, {who for who, moved, _ in mine if moved}
        assert (row["touchpoints"], row["customers"], row["moved_on"]) == (len(mine), len(customers), len(on))
        assert (row["share"], row["won"]) == (len(on) / len(customers), len({who for who, _, won in mine if won}))


@pytest.mark.parametrize(("since", "until"), PERIODS)
def test_field_marketing_is_followed_from_the_first_meeting(history: History, since: int, until: int) -> None:
    days = 30 * DAY
    met: defaultdict[str | None, list[Row]] = defaultdict(list)
    spent: defaultdict[str | None, list[Decimal | None]] = defaultdict(list)
    for touch in within(history, since, until):
        if touch["channel"] == "event" and touch["customer_id"]:
            met[touch.get("campaign")].append(touch)
    for touch, cost in costs(within(history, since, until)):
        if touch["channel"] == "event":
            spent[touch.get("campaign")].append(cost)
    rows = asked(history, "v_field", within_days=30, since=text(since), until=text(until))
    assert {row["campaign"] for row in rows} == set(met) | set(spent)
    for row in rows:
        name = row["campaign"]
        firsts: dict[str, int] = {}
        for touch in met[name]:
            firsts[touch["customer_id"]] = min(touch["occurred_at"], firsts.get(touch["customer_id"], 10**18))
        leads, mqls = _entered(history.world, firsts, days)
        deals = [
            deal for deal in history.world.of("deal")
            if deal["created_at"] is not None and deal["customer_id"] in firsts
            and 0 <= deal["created_at"] - firsts[deal["customer_id"]] <= days
        ]  # fmt: skip
        assert (row["touchpoints"], row["customers"]) == (len(met[name]), len(firsts))
        assert (row["leads"], row["mqls"], row["opportunities"]) == (len(leads), len(mqls), len(deals))
        assert row["pipeline_value"] == total(value_of(deal) for deal in deals)
        assert row["won_value"] == total(value_of(deal) for deal in deals if deal["status"] == "won")
        assert row["cost"] == total(spent[name])


def _entered(world: World, firsts: dict[str, int], days: int) -> tuple[set[str], set[str]]:
    """Who went on on the lead track within so long of the first meeting, and who became a lead."""
    moved = [
        move for move in world.of("transition")
        if move["track"] == "lead" and move["kind"] in {"enter", "advance", "skip", "re-enter"}
        and move["customer_id"] in firsts and 0 <= move["at"] - firsts[move["customer_id"]] <= days
    ]  # fmt: skip
    return {move["customer_id"] for move in moved}, {move["customer_id"] for move in moved if move["to_stage"] == "mql"}


@pytest.mark.parametrize(("since", "until"), PERIODS)
def test_the_brand_is_counts_and_means_of_touchpoints_by_channel(history: History, since: int, until: int) -> None:
    everything = within(history, since, until)
    rows = asked(history, "v_brand", since=text(since), until=text(until))
    assert {row["channel"] for row in rows} == {touch["channel"] for touch in everything}
    for row in rows:
        mine = [touch for touch in everything if touch["channel"] == row["channel"]]
        inbound, outbound = (sum(touch["direction"] == one for touch in mine) for one in ("inbound", "outbound"))
        rivals = sum(touch.get("subject") == "competitor" for touch in mine)
        scores = [_number(touch, "score") for touch in mine if touch["type"] == "survey.answered"]
        ratings = [_number(touch, "rating") for touch in mine if touch["type"] == "review.posted"]
        scores, ratings = ([value for value in values if value is not None] for values in (scores, ratings))
        assert row["touchpoints"] == len(mine)
        assert row["share_of_touchpoints"] == pytest.approx(len(mine) / len(everything))
        assert row["reach"] == len({touch["customer_id"] for touch in mine} - {""})
        assert (row["traffic"], row["engagements"]) == (sum(one["type"] == "page.viewed" for one in mine), inbound)
        assert row["engagement_rate"] == ratio(inbound, outbound)
        assert (row["about_competitors"], row["share_of_voice"]) == (rivals, pytest.approx(1 - rivals / len(mine)))
        promoters, detractors = (sum(value >= 9 for value in scores), sum(value <= 6 for value in scores))
        assert row["nps"] == (pytest.approx(100 * (promoters - detractors) / len(scores)) if scores else None)
        assert (row["answers"], row["reviews"]) == (len(scores), len(ratings))
        assert row["mean_rating"] == (pytest.approx(sum(ratings) / len(ratings)) if ratings else None)


def _number(touch: Row, name: str) -> float | None:
    value = (touch.get("properties") or {}).get(name)
    return None if value is None or isinstance(value, str) else float(value)

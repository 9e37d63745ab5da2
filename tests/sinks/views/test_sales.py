"""What sales earns and has under way, against sums by hand: velocity, pipeline, quotas, coverage, sources."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.journey.telling import RULES
from tests.sinks.views.conftest import ENDS, History, text
from tests.sinks.views.test_attribution import TERMS, credited
from tests.sinks.views.world import DAY, Row, quantile, ratio, value_of

PERIODS = [(ENDS - 120 * DAY, ENDS - 40 * DAY), (ENDS - 40 * DAY, ENDS), (ENDS + DAY, ENDS + 2 * DAY)]
MOMENTS = [ENDS, ENDS - 3 * DAY, ENDS - 33 * DAY, ENDS - 64 * DAY, 1_767_225_600_000, 1_767_225_599_999]


def asked(history: History, view: str, **given: Any) -> list[Row]:
    values = ", ".join(f"{name} = '{value}'" for name, value in given.items())
    return history.ask(f"SELECT * FROM {view}({values})")


@pytest.mark.parametrize(("since", "until"), PERIODS)
@pytest.mark.parametrize("by", ["all", "owner", "owner_team"])
def test_velocity_is_the_product_of_its_four_factors(history: History, since: int, until: int, by: str) -> None:
    deals: defaultdict[str | None, list[Row]] = defaultdict(list)
    for deal in history.world.of("deal"):
        deals[{"owner": deal["owner_actor"], "owner_team": deal["owner_team"]}.get(by)].append(deal)
    rows = asked(history, "v_velocity", since=text(since), until=text(until), by=by)
    assert {row["value"] for row in rows} == set(deals)
    for row in rows:
        mine = deals[row["value"]]
        closed = [one for one in mine if one["closed_at"] is not None and since <= one["closed_at"] < until]
        won = [one for one in closed if one["status"] == "won"]
        lost = [one for one in closed if one["status"] == "lost"]
        open_ = [
            one for one in mine
            if one["created_at"] is not None and one["created_at"] < until
            and (one["closed_at"] is None or one["closed_at"] >= until)
        ]  # fmt: skip
        worth = sum((value_of(one) or Decimal(0) for one in won), Decimal(0))
        days = quantile([one["closed_at"] - one["created_at"] for one in won if one["created_at"] is not None], 0.5)
        assert (row["open"], row["won"], row["lost"], row["won_value"]) == (len(open_), len(won), len(lost), worth)
        assert row["unvalued"] == sum(value_of(one) is None for one in won)
        assert row["win_rate"] == ratio(len(won), len(won) + len(lost))
        assert row["average_deal"] == (pytest.approx(float(worth) / len(won)) if won else None)
        assert row["cycle_days"] == (None if days is None else pytest.approx(days / DAY))
        if not won or not days:
            assert row["velocity"] is None
        else:
            rate = len(won) / (len(won) + len(lost))
            assert row["velocity"] == pytest.approx(len(open_) * rate * float(worth) / len(won) / (days / DAY))


def test_the_pipeline_is_open_deals_by_owner_stage_and_month_weighted_by_the_stage(history: History) -> None:
    leads = {one["customer_id"]: one for one in history.world.of("position") if one["track"] == "lead"}
    expected: defaultdict[Any, list[Row]] = defaultdict(list)
    for deal in history.world.of("deal"):
        if deal["status"] == "open":
            stage = leads[deal["customer_id"]]["stage"] if deal["customer_id"] in leads else None
            closes = deal["expected_close_at"]
            month = None if closes is None else datetime.fromtimestamp(closes / 1000, UTC).date().replace(day=1)
            expected[deal["owner_team"], deal["owner_actor"], stage, month].append(deal)
    rows = history.ask("SELECT * FROM v_pipeline")
    assert {(row["owner_team"], row["owner_actor"], row["stage"], row["closes_in"]) for row in rows} == set(expected)
    for row in rows:
        deals = expected[row["owner_team"], row["owner_actor"], row["stage"], row["closes_in"]]
        values = [value_of(deal) for deal in deals]
        assert (row["deals"], row["unvalued"]) == (len(deals), values.count(None))
        assert row["open_value"] == sum((value for value in values if value is not None), Decimal(0))
        chance = leads[deals[0]["customer_id"]]["probability"] if row["stage"] else None
        assert float(row["weighted_value"]) == pytest.approx(float(row["open_value"]) * float(chance or 0), abs=0.01)


def period_of(kind: str, at: int) -> tuple[int, int, int, int]:
    """Start and end (epoch ms, UTC), business days, and those begun by the moment."""
    today = datetime.fromtimestamp(at // 1000, UTC).date()
    if kind == "weekly":
        first = today - timedelta(days=today.weekday())
        last = first + timedelta(days=7)
    else:
        months = 1 if kind == "monthly" else 3
        first = today.replace(day=1, month=(today.month - 1) // months * months + 1)
        ahead = first.month - 1 + months
        last = first.replace(year=first.year + ahead // 12, month=ahead % 12 + 1)
    days = [first + timedelta(days=number) for number in range((last - first).days)]
    business = [day for day in days if day.weekday() < 5]
    begins, ends = (
        round(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000) for day in (first, last)
    )
    return begins, ends, len(business), sum(day <= today for day in business)


def actual(history: History, quota: str, begins: int, until: int) -> int:
    """The four quotas of the default policy, counted."""
    if quota in {"leads", "opportunities"}:
        stage = "mql" if quota == "leads" else "opportunity"
        moves = history.world.of("transition")
        return len({
            one["customer_id"] for one in moves
            if (one["track"], one["to_stage"]) == ("lead", stage) and begins <= one["at"] < until
        })  # fmt: skip
    if quota == "talks":
        talks = [one for one in history.world.touches if one["type"] in {"meeting.held", "demo.held"}]
        return sum(begins <= one["occurred_at"] < until for one in talks)
    won = [one for one in history.world.of("deal") if one["status"] == "won"]
    return sum(begins <= one["closed_at"] < until for one in won)


@pytest.mark.parametrize("at", MOMENTS)
def test_attainment_and_pace_are_of_the_period_that_the_moment_is_in(history: History, at: int) -> None:
    rows = {row["quota"]: row for row in asked(history, "v_quota", at=text(at))}
    assert set(rows) == {quota.quota for quota in RULES.policy.quotas}
    for quota in RULES.policy.quotas:
        row = rows[quota.quota]
        begins, ends, business, elapsed = period_of(quota.period, at)
        got = actual(history, quota.quota, begins, min(ends, at + 1))
        assert [round(row[name].timestamp() * 1000) for name in ("starts_at", "ends_at")] == [begins, ends]
        assert (row["actual"], row["business_days"], row["elapsed_days"]) == (got, business, elapsed)
        assert row["attainment"] == pytest.approx(got / quota.amount)
        pace = got / quota.amount / (elapsed / business) if elapsed else None
        assert row["pace"] == (None if pace is None else pytest.approx(pace))


@pytest.mark.parametrize("at", MOMENTS)
def test_coverage_sets_what_should_close_against_what_is_missing(history: History, at: int) -> None:
    (row,) = asked(history, "v_coverage", at=text(at))
    begins, ends, _, _ = period_of("quarterly", at)
    open_ = [
        one for one in history.world.of("deal") if one["status"] == "open" and one["expected_close_at"] is not None
    ]
    ahead = [one for one in open_ if begins <= one["expected_close_at"] < ends]
    missing = max(0, 15 - actual(history, "wins", begins, min(ends, at + 1)))
    assert (row["quota"], row["open_pipeline"], row["missing"]) == ("wins", len(ahead), missing)
    assert row["coverage"] == ratio(len(ahead), missing)


@pytest.mark.parametrize(("since", "until"), PERIODS)
def test_sourced_is_one_teams_and_influenced_may_be_both(history: History, since: int, until: int) -> None:
    sourced: defaultdict[str, list[Row]] = defaultdict(list)
    influenced: defaultdict[str, list[Row]] = defaultdict(list)
    touches = credited(history.world)
    for deal in history.world.of("deal"):
        if deal["created_at"] is None or not since <= deal["created_at"] < until:
            continue
        begins, ends = deal["created_at"] - TERMS.lookback.ms, deal["closed_at"] or 10**18
        mine = sorted(
            (one["occurred_at"], one["hash"], one["team"]) for one in touches.get(deal["customer_id"], [])
             if begins <= one["occurred_at"]
        )  # fmt: skip
        before = [team for at, _, team in mine if at <= deal["created_at"]]
        if before:
            sourced[before[-1]].append(deal)
        for team in {team for at, _, team in mine if at <= ends}:
            influenced[team].append(deal)
    rows = asked(history, "v_sourced", since=text(since), until=text(until))
    assert {row["team"] for row in rows} == set(sourced) | set(influenced)
    for row in rows:
        for name, deals in (("sourced", sourced[row["team"]]), ("influenced", influenced[row["team"]])):
            assert row[name] == len(deals)
            assert row[f"{name}_value"] == sum((value_of(deal) or Decimal(0) for deal in deals), Decimal(0))

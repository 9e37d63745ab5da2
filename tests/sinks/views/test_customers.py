"""Who stays, and which way customers came, against a count by hand."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tests.sinks.views.conftest import ENDS, History, text
from tests.sinks.views.test_sales import asked
from tests.sinks.views.world import DAY, Row, ms, value_of

PERIODS = [(ENDS - 150 * DAY, ENDS - 20 * DAY), (ENDS - 75 * DAY, ENDS), (ENDS + DAY, ENDS + 2 * DAY)]


def month(at: int) -> date:
    return datetime.fromtimestamp(at / 1000, UTC).date().replace(day=1)


def apart(first: date, second: date) -> int:
    return (second.year - first.year) * 12 + second.month - first.month


@pytest.mark.parametrize(("since", "until"), PERIODS)
def test_a_cohort_is_followed_by_the_month(history: History, since: int, until: int) -> None:
    deals: defaultdict[str, list[Row]] = defaultdict(list)
    for deal in history.world.of("deal"):
        if deal["status"] == "won" and deal["closed_at"] < until:
            deals[deal["customer_id"]].append(deal)
    cohorts: defaultdict[date, list[str]] = defaultdict(list)
    for who, mine in deals.items():
        if min(one["closed_at"] for one in mine) >= since:
            cohorts[month(min(one["closed_at"] for one in mine))].append(who)
    came: defaultdict[str, set[date]] = defaultdict(set)
    for touch in history.world.touches:
        if touch["direction"] == "inbound" and since <= touch["occurred_at"] < until:
            came[touch["customer_id"]].add(month(touch["occurred_at"]))
    rows = asked(history, "v_cohorts", since=text(since), until=text(until))
    assert {(row["cohort"], row["months_since"]) for row in rows} == {
        (cohort, number) for cohort in cohorts for number in range(apart(cohort, month(until - 1)) + 1)
    }
    for row in rows:
        cohort, number, customers = row["cohort"], row["months_since"], cohorts[row["cohort"]]
        won = {
            who: [one for one in deals[who] if apart(cohort, month(one["closed_at"])) <= number] for who in customers
        }
        active = [
            who for who in customers
            if any(apart(cohort, one) == number for one in came[who])
            or any(apart(cohort, month(one["closed_at"])) == number for one in deals[who])
        ]  # fmt: skip
        loyal = [who for who in customers if len(won[who]) > 1]
        worth = sum((value_of(one) or Decimal(0) for mine in won.values() for one in mine), Decimal(0))
        assert (row["customers"], row["active"], row["loyal"]) == (len(customers), len(active), len(loyal))
        assert (row["retention"], row["loyalty"]) == (len(active) / len(customers), len(loyal) / len(customers))
        assert row["value"] == pytest.approx(float(worth))


@pytest.mark.parametrize(("since", "until"), PERIODS)
@pytest.mark.parametrize("track", ["funnel", "lead"])
def test_paths_are_links_that_leave_nobody_out(history: History, since: int, until: int, track: str) -> None:
    links: Counter[tuple[int, str | None, str | None]] = Counter()
    for moves in history.world.moves(track).values():
        past = [move for move in moves if move["at"] < until]
        if past and past[0]["at"] >= since:
            places = [None, *(move["to_stage"] for move in past), None]
            links.update((step, places[step - 1], places[step]) for step in range(1, len(places)))
    rows = asked(history, "v_paths", track=track, since=text(since), until=text(until))
    assert {(row["step"], row["from_stage"], row["to_stage"]): row["customers"] for row in rows} == dict(links)


def test_freshness_tells_how_far_the_tables_are(history: History) -> None:
    rows = {row["topic"]: row for row in history.ask("SELECT * FROM v_freshness")}
    newest = max(touch["received_at"] for touch in history.world.touches)
    assert round(rows["journey.touchpoints"]["newest_recorded_at"].timestamp() * 1000) == newest
    assert rows["journey.facts"]["newest_event_at"] is not None


def test_totals_count_each_touchpoint_each_customer_and_each_stall_once(history: History) -> None:
    totals = history.ask("SELECT touchpoints, customers FROM v_totals")[0]
    touches = history.world.touches
    assert totals["touchpoints"] == len(touches)
    assert totals["customers"] == len({touch["customer_id"] for touch in touches} - {""})
    found = history.ask("SELECT customer_id, kind, track, stage, since, is_escalated FROM stalls FINAL WHERE is_open")
    names = ("customer_id", "kind", "track", "stage", "since")
    assert {tuple({**row, "since": ms(row["since"])}.values()) for row in found} == {
        (*(stall[name] for name in names), int(stall["escalated_at"] is not None))
        for stall in history.world.of("stalled")
        if stall["status"] == "open"
    }

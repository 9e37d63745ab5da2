"""The numbers worked out by hand in docs/guide/numbers-by-hand.md, asked of ClickHouse."""

import re
from collections.abc import Iterator

import pytest

from tests.process import ROOT
from tests.sinks.views.conftest import History

PAGE = (ROOT / "docs" / "guide" / "numbers-by-hand.md").read_text()
QUARTER = "since = '2026-01-01', until = '2026-04-01'"


@pytest.fixture
def empty(emptied: History) -> Iterator[History]:
    """Nothing but the policy and the rates."""
    for table in ("touchpoints", "touches", "transitions", "moves", "deals"):
        emptied.client.command(f"TRUNCATE TABLE {table}")
    yield emptied
    for table in ("touchpoints", "touches", "transitions", "moves", "deals"):
        emptied.client.command(f"TRUNCATE TABLE {table}")


def test_the_velocity_of_the_page(empty: History) -> None:
    empty.client.command(
        "INSERT INTO deals (customer_id, id, version, status, amount, currency, created_at, closed_at, at) SELECT "
        "toString(number), toString(number), 1, multiIf(number < 50, 'won', number < 200, 'lost', 'open'), 25000, "
        "'EUR', toDateTime64('2026-01-10 00:00:00', 3, 'UTC'), "
        "if(number < 200, toDateTime64('2026-03-11 00:00:00', 3, 'UTC'), NULL), '2026-03-11' FROM numbers(250)"
    )
    (row,) = empty.ask(f"SELECT * FROM v_velocity({QUARTER}, by = 'all')")
    assert (row["open"], row["win_rate"], row["average_deal"], row["cycle_days"]) == (50, 0.25, 25_000, 60)
    assert f"{row['velocity']:,.2f} EUR a day" in PAGE


def test_the_credits_of_the_page(empty: History) -> None:
    empty.client.command(
        "INSERT INTO touchpoints (customer_id, source, id, type, team, channel, direction, occurred_at) VALUES "
        "('c', 's', '1', 'ad.clicked', 'marketing', 'ads', 'inbound', '2026-01-03 09:00:00'), "
        "('c', 's', '2', 'form.submitted', 'marketing', 'web', 'inbound', '2026-01-17 09:00:00'), "
        "('c', 's', '3', 'meeting.held', 'sales', 'meeting', 'outbound', '2026-01-24 09:00:00'), "
        "('c', 's', '4', 'deal.created', 'sales', 'crm', 'internal', '2026-01-25 09:00:00')"
    )
    empty.client.command(
        "INSERT INTO transitions (customer_id, id, version, track, to_stage, kind, at) VALUES "
        "('c', 't', 1, 'lead', 'mql', 'enter', '2026-01-17 09:00:00')"
    )
    empty.client.command(
        "INSERT INTO deals (customer_id, id, version, status, amount, currency, created_at, closed_at) VALUES "
        "('c', 'd', 1, 'won', 100, 'EUR', '2026-01-25 09:00:00', '2026-01-31 09:00:00')"
    )
    rows = re.findall(r"^\| (\w+) \| ([0-9.]+) \| ([0-9.]+) \| ([0-9.]+) \|", PAGE, re.MULTILINE)
    assert [model for model, *_ in rows] == ["first", "last", "linear", "position", "w_shaped", "time_decay"]
    for model, *credits in rows:
        found = empty.ask(f"SELECT credit FROM v_attribution({QUARTER}, model = '{model}') ORDER BY place")
        assert [f"{row['credit']:.2f}" for row in found] == credits, model


def test_the_pace_and_the_coverage_of_the_page(empty: History) -> None:
    empty.client.command(
        "INSERT INTO transitions (customer_id, id, version, track, to_stage, kind, at) SELECT toString(number), "
        "toString(number), 1, 'lead', 'mql', 'enter', '2026-02-03 12:00:00' FROM numbers(10)"
    )
    empty.client.command(
        "INSERT INTO deals (customer_id, id, version, status, created_at, closed_at, expected_close_at) SELECT "
        "toString(number), toString(number), 1, if(number < 5, 'won', 'open'), '2026-01-05', "
        "if(number < 5, toDateTime64('2026-01-20', 3, 'UTC'), NULL), '2026-03-20' FROM numbers(35)"
    )
    quotas = {row["quota"]: row for row in empty.ask("SELECT * FROM v_quota(at = '2026-02-03 20:00:00')")}
    assert (quotas["leads"]["attainment"], quotas["leads"]["elapsed_share"]) == (0.4, 0.4)
    assert f"pace 0.4 / 0.4 = **{quotas['leads']['pace']}**" in PAGE
    (row,) = empty.ask("SELECT * FROM v_coverage(at = '2026-02-03 20:00:00')")
    assert f"coverage 30 / (15 - 5) = **{row['coverage']}**" in PAGE

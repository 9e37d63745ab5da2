"""What was known then, against the same records heard up to that moment; and that replays and merges change nothing."""

from typing import Any

import pytest

from sinks.clickhouse.table import TABLES
from tests.sinks.views.conftest import ENDS, History, text, write
from tests.sinks.views.test_sales import asked
from tests.sinks.views.world import DAY, Row, World, ms, world_of

KNOWN = [ENDS - 90 * DAY, ENDS - 31 * DAY, ENDS + DAY]
# Asked before and after; none asks the server's clock.
PERIOD = f"since = '{text(ENDS - 120 * DAY)}', until = '{text(ENDS)}'"
QUESTIONS = [
    "SELECT customer_id, source, id, occurred_at FROM v_touchpoints",
    "SELECT * EXCEPT (stage_open_ms, stage_total_ms) FROM v_positions",
    "SELECT * FROM v_transitions",
    "SELECT * FROM v_stalled",
    "SELECT * FROM v_deal_values",
    f"SELECT * FROM v_funnel(track = 'funnel', {PERIOD}, within_days = 14, by = 'channel')",
    f"SELECT * FROM v_time_in_stage(track = 'funnel', at = '{text(ENDS)}')",
    f"SELECT * FROM v_attribution(model = 'w_shaped', {PERIOD})",
    f"SELECT * FROM v_brand({PERIOD})",
    f"SELECT * FROM v_cohorts({PERIOD})",
    f"SELECT * FROM v_overlap_rate({PERIOD})",
    f"SELECT * FROM v_quota(at = '{text(ENDS)}')",
    f"SELECT * FROM v_positions_as_of(at = '{text(ENDS)}', known = '{text(ENDS - 20 * DAY)}')",
    f"SELECT * FROM v_deals_as_of(known = '{text(ENDS - 20 * DAY)}')",
]


def then(history: History, known: int) -> World:
    return world_of(history.records, known)


def told(rows: list[Row], *names: str) -> list[tuple[Any, ...]]:
    """These columns of facts, times in epoch ms, in order."""
    return sorted((tuple(_plain(row[name]) for name in names) for row in rows), key=repr)


def _plain(value: Any) -> Any:
    return ms(value) if hasattr(value, "isoformat") else value


@pytest.mark.parametrize("known", KNOWN)
def test_facts_are_told_as_they_were_known(history: History, known: int) -> None:
    past = then(history, known)
    for view, kind, names in (
        ("v_transitions_as_of", "transition", ("customer_id", "id", "track", "to_stage", "at", "recorded_at")),
        ("v_clocks_as_of", "clock", ("customer_id", "id", "name", "state", "stopped_at")),
        ("v_handoffs_as_of", "handoff", ("customer_id", "id", "kind", "actor", "latency_ms")),
        ("v_deals_as_of", "deal", ("customer_id", "id", "status", "closed_at", "reopened")),
    ):
        rows = asked(history, view, known=text(known))
        assert told(rows, *names) == told(past.of(kind), *names), view


@pytest.mark.parametrize("known", KNOWN)
@pytest.mark.parametrize("at", [ENDS - 100 * DAY, ENDS - 33 * DAY])
def test_what_was_open_then_by_what_was_known_then(history: History, known: int, at: int) -> None:
    past = then(history, known)
    for view, kind, since in (("v_stalled_as_of", "stalled", "since"), ("v_overlaps_as_of", "overlap", "opened_at")):
        open_ = [
            one for one in past.of(kind)
            if one[since] <= at and (one["resolved_at"] is None or one["resolved_at"] > at)
        ]  # fmt: skip
        rows = asked(history, view, at=text(at), known=text(known))
        assert told(rows, "customer_id", "id", "kind", since) == told(open_, "customer_id", "id", "kind", since), view
        if kind == "stalled":
            escalated = {one["id"] for one in open_ if one["escalated_at"] is not None and one["escalated_at"] <= at}
            assert {row["id"] for row in rows if row["is_escalated"]} == escalated


@pytest.mark.parametrize("known", KNOWN)
@pytest.mark.parametrize("track", ["funnel", "lead"])
def test_where_everybody_was_then(history: History, known: int, track: str) -> None:
    at, past = ENDS - 32 * DAY, then(history, known)
    rows = [row for row in asked(history, "v_positions_as_of", at=text(at), known=text(known)) if row["track"] == track]
    expected = {}
    for customer, moves in past.moves(track).items():
        before = [move for move in moves if move["at"] <= at]
        if before:
            expected[customer] = (before[-1]["to_stage"], before[-1]["at"], at - before[-1]["at"])
    found = {row["customer_id"]: (row["stage"], ms(row["entered_at"]), row["stage_open_ms"]) for row in rows}
    assert found == expected


def test_what_is_known_now_is_the_last_of_what_was_known(history: History) -> None:
    rows = asked(history, "v_positions_as_of", at=text(ENDS), known=text(ENDS + DAY))
    now = history.ask("SELECT customer_id, track, stage, entered_at FROM v_positions")
    names = ("customer_id", "track", "stage", "entered_at")
    assert told(rows, *names) == told(now, *names)


@pytest.mark.parametrize("known", KNOWN)
def test_touchpoints_are_those_that_had_been_received(history: History, known: int) -> None:
    rows = asked(history, "v_touchpoints_as_of", known=text(known))
    assert told(rows, "derived_id", "source", "id") == told(
        [{**touch, "derived_id": touch["derived"] or ""} for touch in then(history, known).touches],
        "derived_id", "source", "id",
    )  # fmt: skip


def test_replays_and_merges_change_no_answer(history: History) -> None:
    def answers() -> list[list[str]]:
        return [sorted(map(repr, history.ask(question))) for question in QUESTIONS]

    before = answers()
    assert all(before)
    write(history.client, history.records, at_once=5000)
    assert answers() == before
    tables = [
        *(table.name for table in TABLES),
        "touches",
        "moves",
        "owners",
        "transitions_told",
        "stalled_told",
        "deals_told",
    ]
    for table in tables:
        history.client.command(f"OPTIMIZE TABLE {table} FINAL")
    assert answers() == before

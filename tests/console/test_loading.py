"""Simulated customers straight into ClickHouse: what the rules make of them, and namesakes that are like them."""

import json
from datetime import UTC
from decimal import Decimal
from typing import Any

import pytest

from console.loading.load import NotEmptyError, load
from console.loading.namesake import expression
from journey.rebuild import fold_history
from schemas.settings import Settings
from sinks.clickhouse.connection import connect
from sinks.clickhouse.table import TABLES
from streams.history import histories
from tests.conftest import RULES, Simulated
from tests.conftest import SIMULATION as PLAN

# What namesakes have in common with the customer that they are made of.
SHARED = (  # noqa: SIM905 - a hundred quotes say less
    """
source type team actor channel direction subject campaign content occurred_at received_at value_amount value_currency
cost_currency properties origin topic partition generation version is_deleted policy at recorded_at track kind
from_stage to_stage dwell_ms rule stage entered_at furthest visits owner_team owner_actor owner_since persona fit
engagement probability last_touch from_team to_team reason offered_at latency_ms business_ms status severity teams
precedence precedence_rule opened_at last_at resolved_at resolution name state started_at due_at stopped_at late_ms
started_by_source stopped_by_source since last_counted_at last_counted_source escalated_at published retracted
behind_ms number disposition rating mql_rule mql_policy mql_at deal amount currency created_at expected_close_at
closed_at reopened statement detail pointer bytes error key
"""
).split()


def rows(settings: Settings, sql: str) -> list[Any]:
    return list(connect(settings).query(sql).result_rows)


def test_every_column_is_either_a_namesakes_own_or_known_to_be_shared() -> None:
    for table in TABLES:
        shared = {name for name in table.columns if expression(table.name, name) == f"`{name}`"}
        assert shared <= set(SHARED), table.name


def test_each_customer_that_is_folded_has_as_many_namesakes_as_it_takes(simulated: Simulated) -> None:
    sizes = rows(
        simulated.settings,
        "SELECT copies, count() FROM (SELECT count() AS copies FROM (SELECT customer_id, arraySort(groupArray("
        "(occurred_at, source, type))) AS story FROM v_touchpoints WHERE customer_id != '' GROUP BY 1) GROUP BY story)"
        " GROUP BY copies ORDER BY copies",
    )
    assert PLAN.copies == 3
    assert [copies for copies, _ in sizes] == [3]
    assert simulated.loaded.touchpoints > 3 * 180


def test_what_is_told_of_a_loaded_customer_is_what_the_rules_make_of_its_touchpoints(simulated: Simulated) -> None:
    client = connect(simulated.settings)
    members: dict[str, list[str]] = {}
    for customer_id, derived_id in rows(
        simulated.settings,
        "SELECT DISTINCT customer_id, derived_id FROM v_touchpoints WHERE customer_id != '' ORDER BY 1",
    ):
        members.setdefault(customer_id, []).append(derived_id)
    told = rows(
        simulated.settings,
        "SELECT customer_id, track, kind, to_stage, at, dwell_ms FROM v_transitions WHERE rule != ''",
    )
    expected = []
    for customer_id, touches in histories(client, members, RULES.names_read):
        _, facts = fold_history(touches, customer_id, RULES, PLAN.until)
        expected += [
            (customer_id, fact.track, fact.kind, fact.to_stage, fact.at, fact.dwell_ms)
            for fact in facts
            if type(fact).__name__ == "Transition"
        ]
    assert len(expected) > 100
    assert sorted(map(str, [(*each[:4], each[4].replace(tzinfo=UTC), each[5]) for each in told])) == sorted(
        map(str, expected)
    )


def test_no_two_namesakes_share_an_identifier(simulated: Simulated) -> None:
    assert (
        rows(simulated.settings, "SELECT kind, value FROM v_identifiers GROUP BY kind, value HAVING sum(belongs) > 1")
        == []
    )
    ((pairs, ids),) = rows(simulated.settings, "SELECT count(), uniqExact(source, id) FROM v_touchpoints")
    assert pairs == ids


def test_a_campaigns_spend_is_that_on_all_namesakes(simulated: Simulated) -> None:
    spent: dict[tuple[int, str, str], Decimal] = {}
    for wave in range(PLAN.waves):
        for record in PLAN.simulation(wave).history():
            if not record.bad and b"spend.recorded" in (record.value or b""):
                told = json.loads(record.value or b"")
                spent[wave, told["source"], told["id"]] = Decimal(told["cost"]["amount"])
    found = rows(
        simulated.settings, "SELECT count(), sum(cost_amount) FROM v_touchpoints WHERE type = 'spend.recorded'"
    )
    assert found == [(len(spent), 3 * sum(spent.values()))]


def test_what_was_rejected_is_there_once(simulated: Simulated) -> None:
    bad = sum(record.bad for wave in range(PLAN.waves) for record in PLAN.simulation(wave).history())
    assert rows(simulated.settings, "SELECT count() FROM v_rejected") == [(bad,)]


def test_a_database_that_has_touchpoints_is_left_alone(simulated: Simulated) -> None:
    before = rows(simulated.settings, "SELECT count() FROM touchpoints")
    with pytest.raises(NotEmptyError, match="THROUGHLINE_CLICKHOUSE_DATABASE"):
        load(simulated.settings, PLAN, RULES)
    assert rows(simulated.settings, "SELECT count() FROM touchpoints") == before
    assert rows(simulated.settings, "SELECT name FROM system.databases WHERE name LIKE 'simulated_wave%'") == []

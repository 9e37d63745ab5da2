"""How the teams work together, against a count by hand: answers due, speed, collisions, what became of leads."""

from collections import defaultdict
from typing import Any

import pytest

from tests.sinks.views.conftest import ENDS, History, text
from tests.sinks.views.world import DAY, Row, quantile, ratio

PERIODS = [(ENDS - 120 * DAY, ENDS - 60 * DAY), (ENDS - 60 * DAY, ENDS), (ENDS + DAY, ENDS + 2 * DAY)]
IN_PERIOD = "since = {since:String}, until = {until:String}"


def asked(history: History, view: str, since: int, until: int, **more: Any) -> list[Row]:
    given = "".join(f", {name} = '{value}'" for name, value in more.items())
    return history.ask(f"SELECT * FROM {view}({IN_PERIOD}{given})", {"since": text(since), "until": text(until)})


@pytest.mark.parametrize(("since", "until"), PERIODS)
def test_compliance_is_of_those_that_ended_and_the_unanswered_are_told_apart(
    history: History, since: int, until: int
) -> None:
    clocks: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for clock in history.world.of("clock"):
        if since <= clock["started_at"] < until:
            clocks[clock["name"], clock["team"]].append(clock)
    rows = asked(history, "v_sla", since, until)
    assert {(row["name"], row["team"]) for row in rows} == set(clocks)
    for row in rows:
        mine = clocks[row["name"], row["team"]]
        states = [clock["state"] for clock in mine]
        met, breached = states.count("met"), states.count("breached")
        taken = [
            clock["stopped_at"] - clock["started_at"]
            for clock in mine
            if clock["state"] in {"met", "breached"} and clock["stopped_at"] is not None
        ]
        late = [clock["late_ms"] for clock in mine if clock["late_ms"] is not None]
        assert (row["started"], row["met"], row["breached"]) == (len(mine), met, breached)
        assert (row["running"], row["cancelled"]) == (states.count("running"), states.count("cancelled"))
        assert row["unanswered"] == sum(one["state"] == "breached" and one["stopped_at"] is None for one in mine)
        assert row["compliance"] == ratio(met, met + breached)
        assert (row["p50_ms"], row["p90_ms"]) == (quantile(taken, 0.5), pytest.approx(quantile(taken, 0.9)))
        assert row["late_p50_ms"] == quantile(late, 0.5)


@pytest.mark.parametrize(("since", "until"), PERIODS)
@pytest.mark.parametrize("response", ["first_attempt", "two_way"])
def test_speed_to_lead_runs_from_routing_and_never_answered_is_no_speed(
    history: History, since: int, until: int, response: str
) -> None:
    leads: defaultdict[str, list[Row]] = defaultdict(list)
    answers: defaultdict[str, list[Row]] = defaultdict(list)
    for clock in sorted(history.world.of("clock"), key=lambda one: (one["started_at"], one["id"])):
        if clock["name"] == "mql_routed":
            leads[clock["customer_id"]].append(clock)
        elif clock["name"] == response and clock["stopped_at"] and clock["state"] in {"met", "breached"}:
            answers[clock["customer_id"]].append(clock)
    speeds, count, in_limit = [], 0, 0
    for customer, mine in leads.items():
        for lead, following in zip(mine, [*mine[1:], None], strict=True):
            created, ends = lead["started_at"], following["started_at"] if following else 10**18
            if not since <= created < until:
                continue
            count += 1
            found = sorted(
                (one["stopped_at"], one["state"] == "met")
                for one in answers[customer]
                if created <= one["stopped_at"] < ends
            )
            if found:
                routed = lead["stopped_at"]
                begin = routed if routed is not None and routed <= found[0][0] else created
                speeds.append(found[0][0] - begin)
                in_limit += found[0][1]
    (row,) = asked(history, "v_speed_to_lead", since, until, routed="mql_routed", response=response)
    assert (row["leads"], row["answered"], row["never_answered"]) == (count, len(speeds), count - len(speeds))
    assert (row["in_limit"], row["share_in_limit"]) == (in_limit, ratio(in_limit, count))
    assert (row["p50_ms"], row["p90_ms"]) == (quantile(speeds, 0.5), pytest.approx(quantile(speeds, 0.9)))


@pytest.mark.parametrize(("since", "until"), PERIODS)
def test_the_overlap_rate_is_over_those_whom_both_teams_touched(history: History, since: int, until: int) -> None:
    teams: defaultdict[str, set[str]] = defaultdict(set)
    for touch in history.world.touches:
        if since <= touch["occurred_at"] < until and touch["direction"] != "internal" and touch["customer_id"]:
            teams[touch["customer_id"]].add(touch["team"])
    both = sum(len(some) > 1 for some in teams.values())
    customers: defaultdict[str | None, set[str]] = defaultdict(set)
    counts: defaultdict[str | None, int] = defaultdict(int)
    for overlap in history.world.of("overlap"):
        if since <= overlap["opened_at"] < until and overlap["kind"] != "account":
            for kind in (None, overlap["kind"]):
                customers[kind].add(overlap["customer_id"])
                counts[kind] += 1
    rows = asked(history, "v_overlap_rate", since, until)
    assert {row["kind"]: row["overlaps"] for row in rows} == dict(counts)
    for row in rows:
        assert (row["customers"], row["touched_by_both"]) == (len(customers[row["kind"]]), both)
        assert row["rate"] == ratio(row["customers"], both)


@pytest.mark.parametrize(("since", "until"), PERIODS)
def test_what_became_of_leads_is_told_by_the_offer(history: History, since: int, until: int) -> None:
    answers: defaultdict[tuple[str, int], dict[str, int]] = defaultdict(dict)
    for one in history.world.of("handoff"):
        if one["kind"] in {"offered", "accepted", "rejected"}:
            offer = one["at"] if one["kind"] == "offered" else one["offered_at"]
            if offer is not None and since <= offer < until:
                kinds = answers[one["customer_id"], offer]
                kinds[one["kind"]] = max(one["at"], kinds.get(one["kind"], 0))
    offers = {key: kinds for key, kinds in answers.items() if "offered" in kinds}
    accepted = [(customer, kinds["accepted"]) for (customer, _), kinds in offers.items() if "accepted" in kinds]
    recycled = [
        customer
        for customer, at in accepted
        if any(
            (move["customer_id"], move["track"], move["kind"]) == (customer, "lead", "recycle") and move["at"] >= at
            for move in history.world.of("transition")
        )
    ]
    made = [
        one for one in history.world.of("clock") if one["name"] == "mql_answered" and since <= one["started_at"] < until
    ]
    leaked = [one for one in made if one["state"] == "breached"]
    (row,) = asked(history, "v_lead_rates", since, until, answer="mql_answered")
    assert (row["offered"], row["accepted"]) == (len(offers), len(accepted))
    assert row["rejected"] == sum("rejected" in kinds for kinds in offers.values())
    assert row["acceptance"] == ratio(len(accepted), len(offers))
    assert (row["made"], row["leaked"], row["leakage"]) == (len(made), len(leaked), ratio(len(leaked), len(made)))
    assert (row["recycled"], row["recycle_rate"]) == (len(recycled), ratio(len(recycled), len(accepted)))

"""The views of the way through the stages, against a count by hand of the same history."""

from collections import defaultdict
from typing import Any

import pytest

from tests.journey.telling import RULES
from tests.sinks.views.conftest import ENDS, History, text
from tests.sinks.views.world import DAY, World, quantile, ratio

PERIODS = [(ENDS - 60 * DAY, ENDS - 30 * DAY, 14), (ENDS - 45 * DAY, ENDS, 5), (ENDS, ENDS + DAY, 1)]


def stages(track: str) -> list[str]:
    return [stage.stage for stage in RULES.policy.tracks[track].stages]


def trait(world: World, by: str) -> dict[str, str | None]:
    """What tells each customer apart."""
    if by in {"persona", "owner", "owner_team"}:
        name = {"persona": "persona", "owner": "owner_actor", "owner_team": "owner_team"}[by]
        ordered = sorted(world.of("position"), key=lambda one: (one["at"], one["version"]))
        return {one["customer_id"]: one[name] for one in ordered}
    firsts: dict[str, Any] = {}
    for touch in world.touches:
        if touch["direction"] != "internal":
            key = (touch["occurred_at"], touch["hash"])
            who = touch["customer_id"]
            firsts[who] = min(firsts.get(who, (key, touch)), (key, touch), key=lambda one: one[0])
    return {who: touch.get(by) or None for who, (_, touch) in firsts.items()} if by in {"channel", "campaign"} else {}


def funnel(world: World, track: str, since: int, until: int, within_days: int, by: str) -> dict[Any, Any]:
    names, traits = stages(track), trait(world, by)
    entered: defaultdict[Any, int] = defaultdict(int)
    reached: defaultdict[Any, int] = defaultdict(int)
    values = set()
    for customer, entries in world.entries(track, names).items():
        value = traits.get(customer)
        for rank in range(1, len(names) + 1):
            firsts = [at for at, place in entries if place == rank and since <= at < until]
            if firsts:
                values.add(value)
                entered[value, rank] += 1
                last = firsts[0] + within_days * DAY
                reached[value, rank] += any(place > rank and firsts[0] <= at <= last for at, place in entries)
    return {
        (value, names[rank - 1]): (
            entered[value, rank],
            reached[value, rank],
            ratio(reached[value, rank], entered[value, rank]) if rank < len(names) else None,
            ratio(entered[value, rank + 1], entered[value, rank]) if rank < len(names) else None,
        )
        for value in values
        for rank in range(1, len(names) + 1)
    }


@pytest.mark.parametrize("track", ["funnel", "lead"])
@pytest.mark.parametrize("by", ["all", "channel", "campaign", "persona", "owner", "owner_team"])
def test_the_funnel_counts_each_customer_once_per_stage_and_tells_the_two_ratios_apart(
    history: History, track: str, by: str
) -> None:
    check_funnel(history, track, by)


def check_funnel(history: History, track: str, by: str) -> None:
    for since, until, within in PERIODS:
        rows = history.ask(
            "SELECT * FROM v_funnel(track = {track:String}, since = {since:String}, until = {until:String}, "
            "within_days = {within:UInt32}, by = {by:String})",
            {"track": track, "since": text(since), "until": text(until), "within": within, "by": by},
        )
        found = {
            (row["value"], row["stage"]): (row["entered"], row["reached_next"], row["conversion"], row["period_ratio"])
            for row in rows
            if any(other["entered"] for other in rows if other["value"] == row["value"])
        }
        assert found == funnel(history.world, track, since, until, within, by)


@pytest.mark.parametrize("track", ["funnel", "lead"])
def test_time_to_convert_counts_those_who_have_not_apart(history: History, track: str) -> None:
    names = stages(track)
    for since, until, _ in PERIODS:
        taken: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        entered: defaultdict[str, int] = defaultdict(int)
        for entries in history.world.entries(track, names).values():
            for rank in range(1, len(names) + 1):
                firsts = [at for at, place in entries if place == rank and since <= at < until]
                if firsts:
                    entered[names[rank - 1]] += 1
                    for later in range(rank + 1, len(names) + 1):
                        after = [at for at, place in entries if place == later and at >= firsts[0]]
                        taken[names[rank - 1], names[later - 1]] += [after[0] - firsts[0]] if after else []
        rows = history.ask(
            "SELECT * FROM v_time_to_convert(track = {track:String}, since = {since:String}, until = {until:String})",
            {"track": track, "since": text(since), "until": text(until)},
        )
        assert {(row["from_stage"], row["to_stage"]) for row in rows} == set(taken)
        for row in rows:
            times = taken[row["from_stage"], row["to_stage"]]
            assert row["entered"] == entered[row["from_stage"]]
            assert (row["converted"], row["open"]) == (len(times), row["entered"] - len(times))
            for level, name in ((0.5, "p50_ms"), (0.75, "p75_ms"), (0.9, "p90_ms")):
                assert row[name] == pytest.approx(quantile(times, level))


@pytest.mark.parametrize("at", [ENDS, ENDS - 20 * DAY, ENDS + 40 * DAY])
@pytest.mark.parametrize("track", ["funnel", "lead"])
def test_time_in_stage_sets_open_ages_beside_closed_visits(history: History, track: str, at: int) -> None:
    visits: defaultdict[str, dict[str, list[int]]] = defaultdict(dict)
    opened: defaultdict[str, list[int]] = defaultdict(list)
    closed: defaultdict[str, list[int]] = defaultdict(list)
    for customer, moves in history.world.moves(track).items():
        past = [move for move in moves if move["at"] <= at]
        for move, left in zip(past, [*past[1:], *[None][: len(past)]], strict=True):
            age = (left["at"] if left else at) - move["at"]
            visits[move["to_stage"]].setdefault(customer, []).append(age)
            (closed if left else opened)[move["to_stage"]].append(age)
            assert left is None or left["dwell_ms"] == age
    rows = history.ask(
        "SELECT * FROM v_time_in_stage(track = {track:String}, at = {at:String})", {"track": track, "at": text(at)}
    )
    assert {row["stage"] for row in rows} == set(visits)
    for row in rows:
        ages, ended, mine = opened[row["stage"]], closed[row["stage"]], visits[row["stage"]].values()
        assert (row["open"], row["closed"], row["customers"]) == (len(ages), len(ended), len(mine))
        assert row["closed_mean_ms"] == pytest.approx(ratio(sum(ended), len(ended)))
        assert (row["open_p50_ms"], row["open_p90_ms"]) == (quantile(ages, 0.5), pytest.approx(quantile(ages, 0.9)))
        assert row["latest_p50_ms"] == quantile([ages[-1] for ages in mine], 0.5)
        assert row["total_p90_ms"] == pytest.approx(quantile([sum(ages) for ages in mine], 0.9))

"""Credits against fractions worked out by hand: whole minor units, largest remainder, and the chain solved exactly."""

from collections import Counter, defaultdict
from fractions import Fraction

import pytest

from tests.journey.telling import RULES
from tests.sinks.views.conftest import ENDS, History, text
from tests.sinks.views.world import DAY, Row, World, value_of

TERMS = RULES.policy.attribution
SINCE, UNTIL = ENDS - 110 * DAY, ENDS + DAY
ASK = """
    SELECT * FROM v_attribution(model = {model:String}, since = {since:String}, until = {until:String})
    ORDER BY id, place
"""


def credited(world: World) -> dict[str, list[Row]]:
    """Customer -> what can be credited, in order, each touchpoint once."""
    found: defaultdict[str, dict[tuple[str, str], Row]] = defaultdict(dict)
    for touch in world.touches:
        if touch["direction"] in {"inbound", "outbound"} and touch["customer_id"]:
            found[touch["customer_id"]].setdefault((touch["source"], touch["id"]), touch)
    return {who: sorted(some.values(), key=_order) for who, some in found.items()}


def _order(touch: Row) -> tuple[int, int]:
    return touch["occurred_at"], touch["hash"]


def won(world: World, since: int, until: int) -> list[tuple[Row, list[Row]]]:
    """Deals won in the period, each with its path."""
    touches = credited(world)
    return [
        (deal, [
            touch for touch in touches.get(deal["customer_id"], [])
            if deal["closed_at"] - TERMS.lookback.ms <= touch["occurred_at"] <= deal["closed_at"]
        ])
        for deal in world.of("deal")
        if deal["status"] == "won" and since <= deal["closed_at"] < until
    ]  # fmt: skip


def weights(world: World, model: str, deal: Row, path: list[Row], effects: dict[str, Fraction]) -> list[Fraction]:
    """How much of the deal each touch of a path gets, before it is brought to a whole."""
    last = len(path) - 1
    if model == "linear":
        return [Fraction(1)] * len(path)
    if model in {"first", "last"}:
        return [Fraction(place == (0 if model == "first" else last)) for place in range(len(path))]
    if model == "time_decay":
        newest = path[-1]["occurred_at"]
        return [Fraction(2 ** ((touch["occurred_at"] - newest) / TERMS.half_life.ms)) for touch in path]
    if model == "markov":
        return [effects[touch["channel"]] for touch in path]
    shares = getattr(TERMS, model)
    lead = [
        move["at"] for move in world.of("transition")
        if (move["customer_id"], move["track"], move["to_stage"]) == (deal["customer_id"], "lead", "mql")
        and move["at"] <= deal["closed_at"]
    ]  # fmt: skip
    roles = {0: Fraction(0), last: Fraction(0)}
    roles[0] += shares.first
    roles[last] += shares.last
    for share, moment in ((shares.lead, max(lead, default=None)), (shares.opportunity, deal["created_at"])):
        before = [place for place, touch in enumerate(path) if moment is not None and touch["occurred_at"] <= moment]
        if before:
            roles[before[-1]] = roles.get(before[-1], Fraction(0)) + share
    taken = {place for place, share in roles.items() if share}
    others = [place for place in range(len(path)) if place not in taken]
    return [
        roles.get(place, Fraction(0)) if place in taken else Fraction(shares.middle, len(others))
        for place in range(len(path))
    ]


def shared_out(whole: int, parts: list[Fraction]) -> list[int]:
    """Whole units in these proportions: rounded down, then one each to the largest remainders."""
    if not sum(parts):
        parts = [Fraction(1)] * len(parts)
    exact = [whole * part / sum(parts) for part in parts]
    found = [int(part) for part in exact]
    turns = sorted(range(len(parts)), key=lambda place: (found[place] - exact[place], place))
    for place in turns[: whole - sum(found)]:
        found[place] += 1
    return found


def removal_effects(world: World, since: int, until: int) -> dict[str, Fraction]:
    """1 - P(won without the channel) / P(won), by solving the chain's equations in fractions."""
    steps: Counter[tuple[str, str]] = Counter()
    winners = {deal["customer_id"] for deal, _ in won(world, since, until)}
    journeys = [([touch["channel"] for touch in path], "won") for _, path in won(world, since, until) if path]
    for who, touches in credited(world).items():
        channels = [touch["channel"] for touch in touches if since <= touch["occurred_at"] < until]
        if who not in winners and channels:
            journeys.append((channels, "not"))
    for channels, ending in journeys:
        steps.update(zip(["start", *channels], [*channels, ending], strict=True))
    totals: Counter[str] = Counter()
    for (left, _), times in steps.items():
        totals[left] += times
    names = sorted({left for left, _ in steps} - {"start"})
    chance = {step: Fraction(times, totals[step[0]]) for step, times in steps.items()}
    everything = _reached(names, chance, "")
    if not everything:
        return dict.fromkeys(names, Fraction(0))
    return {name: 1 - _reached(names, chance, name) / everything for name in names}


def _reached(names: list[str], chance: dict[tuple[str, str], Fraction], gone: str) -> Fraction:
    """P(won) from the start, where whoever would come to `gone` is lost: Gauss and Jordan."""
    left = [name for name in names if name != gone]
    table = [
        [Fraction(row == column) - chance.get((row, column), Fraction(0)) for column in left]
        + [chance.get((row, "won"), Fraction(0))]
        for row in left
    ]
    for place in range(len(left)):
        pivot = next(row for row in range(place, len(left)) if table[row][place])
        table[place], table[pivot] = table[pivot], table[place]
        table[place] = [value / table[place][place] for value in table[place]]
        for row in range(len(left)):
            if row != place and table[row][place]:
                table[row] = [one - table[row][place] * two for one, two in zip(table[row], table[place], strict=True)]
    return sum(
        (chance.get(("start", name), Fraction(0)) * table[row][-1] for row, name in enumerate(left)), Fraction(0)
    )


@pytest.mark.parametrize("model", ["first", "last", "linear", "position", "w_shaped", "time_decay", "markov"])
def test_credits_are_whole_minor_units_and_sum_to_the_value(history: History, model: str) -> None:
    assert any(len(path) > 3 for _, path in won(history.world, SINCE, UNTIL))
    check_credits(history, model, SINCE, UNTIL)


def check_credits(history: History, model: str, since: int, until: int) -> None:
    effects = removal_effects(history.world, since, until) if model == "markov" else {}
    rows = history.ask(ASK, {"model": model, "since": text(since), "until": text(until)})
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["id"]].append(row)
    deals = [(deal, path) for deal, path in won(history.world, since, until) if value_of(deal) is not None]
    assert {deal["id"] for deal, _ in deals} == set(found)
    for deal, path in deals:
        whole, got = int((value_of(deal) or 0) * 100), found[deal["id"]]
        assert got[0]["value"] == value_of(deal)
        assert sum(row["credit_minor"] for row in got) == whole
        assert sum(row["credit"] for row in got) * 100 == whole
        if not path:
            assert [(row["place"], row["channel"]) for row in got] == [(0, None)]
            continue
        assert [(row["place"], row["channel"], row["campaign"]) for row in got] == [
            (place, touch["channel"], touch.get("campaign")) for place, touch in enumerate(path, 1)
        ]
        expected = shared_out(whole, weights(history.world, model, deal, path, effects))
        allowed = 1 if model in {"time_decay", "markov"} else 0
        for row, credit in zip(got, expected, strict=True):
            assert abs(row["credit_minor"] - credit) <= allowed

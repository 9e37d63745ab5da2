"""Two implementations of one policy agree on journeys by lot. 10,000 of them: `python -m tests.reference`."""

from collections import Counter
from random import Random

import pytest

from tests.reference.agreement import differences, disagreements
from tests.reference.limits import LIMITS
from tests.reference.moves import FUNNEL, LEAD
from tests.reference.outcome import follow
from tests.reference.random_journeys import journey

JOURNEYS, SHARES = 400, 8


@pytest.mark.parametrize("share", range(SHARES))
def test_product_and_reference_agree_on_random_journeys(share: int) -> None:
    seeds = range(share + 1, JOURNEYS + 1, SHARES)
    found = {seed: lines for seed in seeds if (lines := disagreements(seed)[1])}
    assert not found


@pytest.fixture(scope="module")
def reached() -> Counter[str]:
    """What happens to the customers of the first journeys, counted."""
    happened: Counter[str] = Counter()
    for seed in range(1, 301):
        told = follow(*journey(Random(seed)))
        happened.update(f"{move['track']} {move['kind']} {move['to']}" for move in told["transitions"])
        happened.update(f"{overlap['kind']} {overlap['resolution']}" for overlap in told["overlaps"])
        happened.update(f"{run['name']} {run['state']}" for run in told["clocks"])
        happened.update(
            f"{run['name']} late" for run in told["clocks"] if run["state"] == "breached" and run["stopped_at"]
        )
        happened.update(
            f"{stall['kind']} {stall['stage']} {'escalated' if stall['escalated_at'] else 'opened'}"
            for stall in told["stalls"]
        )
        happened.update(f"{stall['kind']} resolved" for stall in told["stalls"] if stall["resolved"])
        happened.update(handoff["kind"] for handoff in told["handoffs"])
    return happened


def test_the_lot_reaches_every_place_of_every_track(reached: Counter[str]) -> None:
    places = [f"funnel {stage}" for stage in (*FUNNEL, "recycled", "inactive", "lost", "disqualified")]
    places += [f"lead {stage}" for stage in (*LEAD, "recycled", "lost", "disqualified")]
    entered = {
        " ".join((track, stage)) for track, _, stage in (name.split(" ", 2) for name in reached if name.count(" ") == 2)
    }
    assert [place for place in places if place not in entered] == []


def test_the_lot_reaches_every_kind_of_move(reached: Counter[str]) -> None:
    for wanted in (
        "funnel enter awareness", "funnel advance interest", "funnel skip intent", "funnel regress consideration",
        "funnel regress evaluation", "funnel recycle recycled", "funnel exit inactive", "funnel exit lost",
        "funnel re-enter intent", "lead enter mql", "lead advance sal", "lead skip opportunity",
        "lead regress opportunity", "lead recycle recycled", "lead exit disqualified", "lead re-enter mql",
        "lead re-enter inquiry",
    ):  # fmt: skip
        assert reached[wanted], wanted


def test_the_lot_reaches_every_overlap_and_resolution(reached: Counter[str]) -> None:
    for kind in ("subject", "conflict", "off_turf", "double_owner", "pressure"):
        for resolution in ("claim", "release", "expiry", None):
            assert reached[f"{kind} {resolution}"], (kind, resolution)


def test_the_lot_reaches_every_end_of_every_clock(reached: Counter[str]) -> None:
    for clock in LIMITS:
        for end in ("running", "met", "breached", "cancelled", "late"):
            assert reached[f"{clock} {end}"], (clock, end)


def test_the_lot_reaches_every_stall(reached: Counter[str]) -> None:
    for stage in FUNNEL[:5]:
        assert reached[f"no_activity {stage} opened"] and reached[f"no_progress {stage} opened"]
        # Awareness is left for inactive at the very moment that its silence would escalate.
        assert reached[f"no_progress {stage} escalated"] or stage == "awareness"
        assert reached[f"no_activity {stage} escalated"] or stage == "awareness"
    assert reached["no_activity resolved"] and reached["no_progress resolved"]


def test_the_lot_reaches_every_handoff(reached: Counter[str]) -> None:
    for kind in ("offered", "accepted", "rejected", "handed_back", "assigned", "claimed", "released"):
        assert reached[kind], kind


def test_a_difference_of_one_fact_is_told() -> None:
    touches, now = journey(Random(5))
    told = follow(touches, now)
    assert differences(told, told) == []
    for name in ("transitions", "overlaps", "clocks", "stalls", "handoffs"):
        assert differences({**told, name: told[name][1:]}, told)
    assert differences({**told, "owner": {"team": "nobody"}}, told)

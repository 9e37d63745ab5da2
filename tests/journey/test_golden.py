"""Every golden journey ends as written, in the order given and in others."""

import itertools
import random
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from journey.fact import Clock, Overlap, Position, Stalled, Transition
from journey.identity import resolve
from journey.touch import Touch
from schemas.touchpoint import Customer
from tests.journey.telling import Story, ms, touch

JOURNEYS = [
    journey
    for file in sorted(Path(__file__).with_name("golden").glob("*.yaml"))
    for journey in yaml.safe_load(file.read_text())
]
WITHOUT_MERGES = [journey for journey in JOURNEYS if "customers" not in journey["then"]]


def told(journey: dict[str, Any]) -> list[tuple[str, Touch]]:
    """(customer_id, touch) in order of arrival."""
    given = []
    for touchpoint_id, at, kind, team, direction, more in journey["given"]:
        fields = dict(more)
        customer = Customer(**fields.pop("customer", {"email": "a@b.example"}))
        resolved = resolve(customer)
        assert resolved is not None
        for unread in ("value", "cost"):
            fields.pop(unread, None)
        given.append((resolved[0], touch(touchpoint_id, at, kind, team, direction, **fields)))
    return given


def play(arrivals: list[tuple[str, Touch]], now: int) -> dict[str, Story]:
    stories: dict[str, Story] = {}
    for customer_id, arrival in arrivals:
        story = stories.setdefault(customer_id, Story(customer=customer_id))
        story.arrive([arrival])
    for story in stories.values():
        story.arrive([], now)
    return stories


def holds(wanted: dict[str, Any], fact: Any) -> bool:
    return all(_same(getattr(fact, name), value) for name, value in wanted.items())


def _same(found: Any, value: Any) -> bool:
    if hasattr(value, "isoformat"):
        return bool(found is not None and ms(found) == ms(value))
    return bool(found == value)


def check(then: dict[str, Any], story: Story) -> None:
    positions = {position.track: position for position in story.current(Position)}
    for track in ("funnel", "lead"):
        for name, value in then.get(track, {}).items():
            if name == "visits":
                assert {stage: positions[track].visits.get(stage, 0) for stage in value} == value
            else:
                assert getattr(positions[track], name) == value
    for track, steps in then.get("transitions", {}).items():
        found = [fact for fact in story.current(Transition) if fact.track == track]
        assert [[fact.from_stage, fact.to_stage, fact.kind] for fact in found] == steps
    if "owner" in then:
        head = story.journey.head
        assert head.owner == then["owner"]["team"]
        assert head.owner_actor == then["owner"].get("actor", head.owner_actor)
    states = {clock.name: clock.state for clock in story.current(Clock)}
    assert {name: states.get(name) for name in then.get("clocks", {})} == then.get("clocks", {})
    for name, kind in (("overlaps", Overlap), ("stalled", Stalled)):
        if name not in then:
            continue
        found = [fact for fact in story.current(kind) if fact.status == "open" or name == "overlaps"]
        if not then[name]:
            assert found == []
        for row in then[name]:
            wanted = dict(row)
            escalated = wanted.pop("escalated", None)
            matching = [fact for fact in found if holds(wanted, fact)]
            assert matching, (wanted, found)
            if escalated is not None:
                assert (matching[0].escalated_at is not None) == escalated


@pytest.mark.parametrize("journey", WITHOUT_MERGES, ids=lambda journey: journey["name"])
def test_a_golden_journey_ends_as_written(journey: dict[str, Any]) -> None:
    stories = play(told(journey), ms(journey["now"]))
    (story,) = stories.values()
    check(journey["then"], story)
    if "corrected" in journey["then"]:
        assert bool(story.journey.corrections) == journey["then"]["corrected"]


@pytest.mark.parametrize("journey", WITHOUT_MERGES, ids=lambda journey: journey["name"])
def test_a_golden_journey_ends_the_same_in_any_order_inside_the_window(journey: dict[str, Any]) -> None:
    arrivals = told(journey)
    days = max(ms_of(pair) for pair in arrivals) - min(ms_of(pair) for pair in arrivals)
    orders = list(itertools.islice(itertools.permutations(arrivals), 24)) if days <= 7 * 86_400_000 else [arrivals]
    for order in orders:
        doubled = [pair for pair in order for _ in range(random.Random(1).randint(1, 2))]
        (story,) = play(doubled, ms(journey["now"])).values()
        check(journey["then"], story)


def ms_of(pair: tuple[str, Touch]) -> int:
    return pair[1].at


def test_every_golden_journey_has_a_name_of_its_own() -> None:
    counts: dict[str, int] = defaultdict(int)
    for journey in JOURNEYS:
        counts[journey["name"]] += 1
    assert max(counts.values()) == 1

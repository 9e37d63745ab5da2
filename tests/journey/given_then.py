"""Golden journeys: YAML that says what was given and what holds then. How to write one is in docs/guide/policy.md."""

import json
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from journey.condition import AMOUNT_SCALE
from journey.fact import Clock, Deal, Feedback, Handoff, Overlap, Position, Stalled, Transition
from journey.identity import resolve
from journey.policy.duration import Duration
from journey.policy.reading import read
from journey.rules import Rules
from journey.touch import Touch
from schemas.touchpoint import Customer
from tests.journey.telling import DEFAULT, RULES, Story, ms, touch

Golden = dict[str, Any]
FOLDER = Path(__file__).with_name("golden")
# What a golden journey calls by a shorter name than the fact does.
SPANS = {"late": "late_ms", "latency": "latency_ms", "business": "business_ms"}


@dataclass(frozen=True)
class Arrival:
    """A touchpoint of a customer; or, without one, only the time that it is by now."""

    at: int
    customer_id: str = ""
    touch: Touch | None = None
    decides: str = ""


def golden_journeys() -> list[Golden]:
    files = sorted(FOLDER.glob("*.yaml"))
    return [journey for file in files for journey in yaml.safe_load(file.read_text())]


def told(journey: Golden) -> list[Arrival]:
    """What is given, in order of arrival."""
    return [Arrival(ms(row[1])) if row[0] == "until" else _arrival(*row) for row in journey["given"]]


def _arrival(touchpoint_id: str, at: datetime, kind: str, team: str, direction: str, more: dict[str, Any]) -> Arrival:
    fields = dict(more)
    resolved = resolve(Customer(**fields.pop("customer", {"email": "a@b.example"})))
    assert resolved is not None
    decides = fields.pop("decides", "")
    fields.pop("cost", None)
    value = fields.pop("value", None)
    if value is not None:
        fields |= {"amount": int(Decimal(value["amount"]) * AMOUNT_SCALE), "currency": value["currency"]}
    for name, given in fields.get("properties", {}).items():
        if isinstance(given, date):
            fields["properties"] = {**fields["properties"], name: given.isoformat()}
    return Arrival(ms(at), resolved[0], touch(touchpoint_id, at, kind, team, direction, **fields), decides)


def rules_of(journey: Golden) -> Rules:
    """The default policy, with the parts that a journey's `policy` puts in their place."""
    return _changed(json.dumps(journey["policy"], default=str)) if "policy" in journey else RULES


@lru_cache
def _changed(change: str) -> Rules:
    return Rules(
        read(yaml.safe_dump(_merged(yaml.safe_load(DEFAULT.read_text()), json.loads(change)), sort_keys=False))
    )


def _merged(whole: Any, part: Any) -> Any:
    if not (isinstance(whole, dict) and isinstance(part, dict)):
        return part
    return {**whole, **{name: _merged(whole.get(name), value) for name, value in part.items()}}


def play(arrivals: Iterable[Arrival], now: int, rules: Rules = RULES) -> dict[str, Story]:
    """A story per customer, into which the touchpoints arrived one by one."""
    stories: dict[str, Story] = {}
    for arrival in arrivals:
        if arrival.touch is None:
            for story in stories.values():
                story.arrive([], arrival.at)
            continue
        story = stories.setdefault(arrival.customer_id, Story(rules, arrival.customer_id))
        story.arrive([arrival.touch])
    for story in stories.values():
        story.arrive([], now)
    return stories


def with_decisions(arrivals: list[Arrival], now: int, rules: Rules) -> list[Arrival]:
    """Decisions name the overlap of the kind they decide: its id is known once the others have happened."""
    if not any(arrival.decides for arrival in arrivals):
        return arrivals
    stories = play([arrival for arrival in arrivals if not arrival.decides], now, rules)
    ids = {fact.kind: fact.id for story in stories.values() for fact in story.current(Overlap)}
    named = deepcopy(arrivals)
    for arrival in named:
        if arrival.touch is not None and arrival.decides:
            arrival.touch.properties = {"id": ids[arrival.decides]}
    return named


def check(then: dict[str, Any], story: Story, now: int) -> None:
    """Everything that `then` names holds of a story."""
    positions = {position.track: position for position in story.current(Position)}
    for track in story.rules.policy.tracks:
        for name, value in then.get(track, {}).items():
            found = getattr(positions[track], name) if track in positions else None
            if name == "visits":
                found = {stage: found.get(stage, 0) for stage in value}
            assert _same(found, value), (track, name, found)
    for track, steps in then.get("transitions", {}).items():
        made = [fact for fact in story.current(Transition) if fact.track == track]
        assert [[fact.from_stage, fact.to_stage, fact.kind] for fact in made] == steps
    if "owner" in then:
        head = story.journey.head
        assert head.owner == then["owner"]["team"]
        assert head.owner_actor == then["owner"].get("actor", head.owner_actor)
    _check_clocks(then.get("clocks", {}), story.current(Clock))
    _check_rows("overlaps", then, story.current(Overlap))
    _check_rows("stalled", then, story.current(Stalled))
    _check_rows("handoffs", then, story.current(Handoff))
    _check_rows("feedback", then, story.current(Feedback))
    _check_rows("deals", then, story.current(Deal))
    if "score" in then:
        head = story.journey.head
        faded = head.engagement * 0.5 ** ((now - head.scored) / story.rules.half_life_ms)
        score = {"fit": head.fit, "engagement": round(faded, 2)}
        assert {part: score[part] for part in then["score"]} == then["score"]


def _check_clocks(wanted: dict[str, Any], clocks: list[Clock]) -> None:
    """A clock's state, or what its latest run is, or a list of what every run is."""
    for name, value in wanted.items():
        runs = [clock for clock in clocks if clock.name == name]
        rows = value if isinstance(value, list) else [value]
        rows = [{"state": row} if isinstance(row, str) else row for row in rows]
        assert len(runs) >= len(rows), (name, runs)
        assert len(runs) == len(rows) or not isinstance(value, list), (name, runs)
        for row, run in zip(rows, runs[-len(rows) :], strict=True):
            assert _holds(row, run), (row, run)


def _check_rows(name: str, then: dict[str, Any], facts: list[Any]) -> None:
    """Each row is there; no row: there is nothing. Of stalls the open ones are meant, unless a row says else."""
    rows = then.get(name)
    if rows is None:
        return
    if name == "stalled" and not any("status" in row for row in rows):
        facts = [fact for fact in facts if fact.status == "open"]
    assert rows or not facts, facts
    for row in rows:
        assert any(_holds(row, fact) for fact in facts), (row, facts)


def _holds(wanted: dict[str, Any], fact: Any) -> bool:
    for name, value in wanted.items():
        if name == "escalated":
            agrees = (fact.escalated_at is not None) == value
        elif name in SPANS:
            agrees = getattr(fact, SPANS[name]) == Duration.parse(value).ms
        else:
            agrees = _same(getattr(fact, name), value)
        if not agrees:
            return False
    return True


def _same(found: Any, value: Any) -> bool:
    if isinstance(value, datetime):
        return bool(found is not None and ms(found) == ms(value))
    return bool(found == value)

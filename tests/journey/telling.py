"""Short ways to write touchpoints down and to see what a journey came to."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from journey.correction import Outcome, arrive, begin
from journey.fact import Fact, Position
from journey.policy.reading import read
from journey.rules import Rules
from journey.state import Journey
from journey.touch import Touch
from schemas.touchpoint import default_channel

DEFAULT = Path(__file__).parents[2] / "deploy" / "policies" / "default.yaml"
RULES = Rules(read(DEFAULT.read_text()))
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
START = 1_767_607_200_000  # 2026-01-05T10:00:00Z, a Monday


def ms(at: str | datetime) -> int:
    """Epoch milliseconds of an ISO time."""
    moment = at if isinstance(at, datetime) else datetime.fromisoformat(at)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def touch(
    touchpoint_id: str,
    at: int | str | datetime,
    kind: str,
    team: str = "marketing",
    direction: str = "inbound",
    **more: Any,
) -> Touch:
    """A touchpoint of source ex; the channel follows the type."""
    more.setdefault("channel", default_channel(kind))
    when = at if isinstance(at, int) else ms(at)
    return Touch(at=when, source="ex", id=touchpoint_id, type=kind, team=team, direction=direction, **more)


@dataclass
class Story:
    """A journey with every fact published so far, newest content first, as ClickHouse would show it."""

    rules: Rules = RULES
    customer: str = "c-1"
    journey: Journey = field(init=False)
    published: dict[str, Fact] = field(default_factory=dict)
    outcomes: list[Outcome] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.journey = begin(self.rules)

    def arrive(self, touches: Sequence[Touch], now: int = 0) -> Outcome:
        outcome = arrive(self.journey, self.customer, touches, now, self.rules)
        for fact in outcome.facts:
            self.published[fact.id] = fact
        self.outcomes.append(outcome)
        return outcome

    def current(self, *kinds: type[Fact]) -> list[Any]:
        """The facts that stand, in order of event time."""
        facts = [
            fact for fact in self.published.values() if not fact.deleted and (not kinds or isinstance(fact, kinds))
        ]
        return sorted(facts, key=lambda fact: (fact.at, fact.id))

    def stage(self, track: str) -> str | None:
        for position in self.current(Position):
            if position.track == track:
                return str(position.stage)
        return None

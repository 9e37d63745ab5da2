"""What another policy would have made of the same history: counts before and after, and the customers that differ."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from journey.fact import Clock, Fact, Handoff, Overlap, Position, Stalled, Transition
from journey.rebuild import fold_history
from journey.rules import Rules
from journey.saying import instant
from journey.touch import Touch

# (kind, name): ("entered", "lead.mql"), ("breached", "first_attempt"), ("alert", "prospect.stalled").
Thing = tuple[str, str]
KINDS = ("entered", "handoff", "breached", "overlap", "stalled", "alert")


class Count(msgspec.Struct):
    """How often something is said by the policy in force, and by the draft."""

    kind: str
    name: str
    before: int
    after: int

    @property
    def difference(self) -> int:
        return self.after - self.before


class Changed(msgspec.Struct):
    """A customer, or an account, of whom the draft says something else. `stages`: track -> (now, by the draft)."""

    customer_id: str
    counts: list[Count]
    stages: dict[str, tuple[str | None, str | None]]


class Comparison:
    """Takes one customer after the other, folds each twice, and keeps the sums and whom they differ for."""

    def __init__(self, in_force: Rules, draft: Rules, since: int, now: int) -> None:
        """Facts before `since` are not counted; what is due by `now` has happened. Both in epoch milliseconds."""
        self._rules = in_force, draft
        self._since, self._now = instant(since), now
        self._totals: tuple[Counter[Thing], Counter[Thing]] = Counter(), Counter()
        self.names_read = in_force.names_read | draft.names_read
        self.customers = self.touchpoints = 0
        self.changed: list[Changed] = []

    def take(self, customer_id: str, touches: Iterable[Touch], account: bool = False) -> None:
        """Compare one customer's, or one account's, history, in event order and without duplicates."""
        told = list(touches)
        said = [self._fold(told, customer_id, rules.accounts if account else rules) for rules in self._rules]
        counted = [things(facts, self._since) for facts in said]
        for total, one in zip(self._totals, counted, strict=True):
            total.update(one)
        if not account:
            self.customers += 1
            self.touchpoints += len(told)
        counts, stages = _counts(*counted), _stages(*said)
        differing = [count for count in counts if count.difference]
        if differing or stages:
            self.changed.append(Changed(customer_id, differing, stages))

    @property
    def counts(self) -> list[Count]:
        """Everything that either policy says, with how often; kinds in the order of KINDS."""
        return _counts(*self._totals)

    def _fold(self, told: Sequence[Touch], customer_id: str, rules: Rules) -> list[Fact]:
        return fold_history(told, customer_id, rules, self._now)[1]


def things(facts: Iterable[Fact], since: datetime) -> Counter[Thing]:
    """What facts count as, of those at or after `since`."""
    counted: Counter[Thing] = Counter()
    for fact in facts:
        if fact.at >= since:
            counted.update(_things(fact))
        elif isinstance(fact, Stalled | Overlap):
            counted.update(thing for thing in _later(fact, since))
    return counted


def _things(fact: Fact) -> list[Thing]:
    match fact:
        case Transition():
            return [("entered", f"{fact.track}.{fact.to_stage}")]
        case Handoff():
            return [("handoff", fact.kind)]
        case Clock() if fact.state == "breached":
            return [("breached", fact.name), ("alert", "clock.breached")]
        case Overlap():
            return [("overlap", fact.kind), ("alert", "overlap.opened"), *_ended(fact, "overlap.resolved")]
        case Stalled():
            escalated = [("alert", "prospect.escalated")] if fact.escalated_at else []
            stalled = [("stalled", f"{fact.stage} {fact.kind}"), ("alert", "prospect.stalled")]
            return [*stalled, *escalated, *_ended(fact, "prospect.unstalled")]
    return []


def _ended(fact: Stalled | Overlap, name: str) -> list[Thing]:
    return [("alert", name)] if fact.resolved_at else []


def _later(fact: Stalled | Overlap, since: datetime) -> list[Thing]:
    """What was still told, after `since`, of something that had opened before."""
    told: list[Thing] = []
    if isinstance(fact, Stalled) and fact.escalated_at and fact.escalated_at >= since:
        told.append(("alert", "prospect.escalated"))
    if fact.resolved_at and fact.resolved_at >= since:
        told.append(("alert", "prospect.unstalled" if isinstance(fact, Stalled) else "overlap.resolved"))
    return told


def _counts(before: Counter[Thing], after: Counter[Thing]) -> list[Count]:
    names = sorted(before.keys() | after.keys(), key=lambda thing: (KINDS.index(thing[0]), thing[1]))
    return [Count(*thing, before[thing], after[thing]) for thing in names]


def _stages(before: list[Fact], after: list[Fact]) -> dict[str, tuple[str | None, str | None]]:
    """The tracks on which the customer would be elsewhere now."""
    was, would = ({fact.track: fact.stage for fact in facts if isinstance(fact, Position)} for facts in (before, after))
    return {
        track: (was.get(track), would.get(track))
        for track in [*was, *(track for track in would if track not in was)]
        if was.get(track) != would.get(track)
    }

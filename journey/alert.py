"""What people are told: the events of stalls, clocks and overlaps as alerts.

An alert's id is derived from the fact, its version and the event: what a correction took back may be told anew.
"""

from datetime import datetime

from journey.correction import Outcome
from journey.fact import Alert, Clock, Fact, Overlap, Stalled
from journey.ledger import BROKEN, ESCALATED, OPENED, RESOLVED
from journey.saying import fact_id, instant

TYPES = {
    (Stalled, OPENED): "prospect.stalled",
    (Stalled, ESCALATED): "prospect.escalated",
    (Stalled, RESOLVED): "prospect.unstalled",
    (Clock, BROKEN): "clock.breached",
    (Overlap, OPENED): "overlap.opened",
    (Overlap, RESOLVED): "overlap.resolved",
}


def alerts(outcome: Outcome, recorded_at: datetime) -> list[Alert]:
    """The alerts of an outcome whose facts are stamped already. Something taken back counts as resolved."""
    if not outcome.events and not outcome.taken_back:
        return []
    facts = {fact.id: fact for fact in outcome.facts}
    told = [
        _alert(facts[key], TYPES[type(facts[key]), event], event, instant(at) if at else facts[key].at, recorded_at)
        for (key, event), at in outcome.events.items()
        if key in facts
    ]
    told += [
        _alert(fact, TYPES[type(fact), RESOLVED], "taken back", fact.at, recorded_at) for fact in outcome.taken_back
    ]
    return told


def _alert(fact: Fact, kind: str, event: str, at: datetime, recorded_at: datetime) -> Alert:
    return Alert(
        fact_id(fact.id, event, fact.version), kind, fact.customer_id, fact.id, fact.policy, at, recorded_at, fact
    )

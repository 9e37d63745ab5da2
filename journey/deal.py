"""A customer's deals: begun, changed, won, lost and reopened by touchpoints that name them, or mean the open one."""

from datetime import UTC, datetime
from typing import Any, Final

from journey.ledger import Ledger
from journey.part import DEAL_LOST, DEAL_OPEN, DEAL_WON, DealRun
from journey.profile import Profile, passes
from journey.rules import Rules
from journey.state import Head
from journey.touch import Touch

MOST_DEALS: Final = 16
_ENDED: Final = {"won": DEAL_WON, "lost": DEAL_LOST}


def change(head: Head, touch: Touch, profile: Profile, points: float, rules: Rules) -> DealRun | None:
    """The deal that a touchpoint changed. `points` is the engagement that it gave: what a won deal may have to return.

    The latest MOST_DEALS are remembered, open ones rather than closed ones.
    """
    what = next((said for said, test in profile.deals if passes(test, head)), None)
    if what is None:
        return None
    properties = touch.properties or {}
    named = properties.get(rules.deal_named_by)
    key = str(named) if named not in (None, "") else ""
    run = _named(head, key) if key else _meant(head, what)
    if run is None:
        run = DealRun(key or f"{touch.source}/{touch.id}", head.owner, head.owner_actor)
    _take(run, touch, properties.get(rules.deal_closes_by))
    if what == "created":
        run.created = run.created or touch.at
    elif what == "reopened":
        _reopen(head, run, touch.at, rules)
    elif what in _ENDED:
        _end(head, run, _ENDED[what], touch.at, points, rules)
    head.deals = _latest([other for other in head.deals if other is not run] + [run])
    return run


def follow(head: Head, changed: DealRun | None, ledger: Ledger) -> None:
    """Say the deal that changed, and those that are open under a new owner."""
    for run in head.deals:
        owned = (run.owner, run.actor) == (head.owner, head.owner_actor)
        if run is changed or (run.status == DEAL_OPEN and not owned):
            run.owner, run.actor = head.owner, head.owner_actor
            ledger.deal(run)


def _named(head: Head, key: str) -> DealRun | None:
    return next((run for run in head.deals if run.key == key), None)


def _meant(head: Head, what: str) -> DealRun | None:
    """The deal that a touchpoint without a name speaks of; None where it begins another one.

    The open deal that changed last, and for reopened the closed one. Where there is none, only what cannot begin a
    deal speaks of the one that changed last.
    """
    latest = head.deals[::-1]
    reopened = what == "reopened"
    for run in latest:
        if (run.status == DEAL_OPEN) != reopened:
            return run
    goes_on = what in ("changed", "reopened") or (what == "lost" and bool(latest) and latest[0].status == DEAL_LOST)
    return latest[0] if latest and goes_on else None


def _take(run: DealRun, touch: Touch, expected: Any) -> None:
    run.at, run.source, run.id = touch.key
    if touch.amount is not None:
        run.amount, run.currency = touch.amount, touch.currency
    run.expected = _day(expected) or run.expected


def _end(head: Head, run: DealRun, status: int, at: int, points: float, rules: Rules) -> None:
    if run.status == status:
        return
    _take_back(head, run, at, rules)
    run.status, run.closed = status, at
    run.points = points if status == DEAL_WON else 0.0


def _reopen(head: Head, run: DealRun, at: int, rules: Rules) -> None:
    if run.status != DEAL_OPEN:
        _take_back(head, run, at, rules)
        run.status, run.closed, run.points = DEAL_OPEN, 0, 0.0
    run.reopened += 1


def _take_back(head: Head, run: DealRun, at: int, rules: Rules) -> None:
    """A deal that is won no more returns the engagement that winning gave, as far as it has not faded."""
    if run.points:
        left = head.engagement - run.points * 0.5 ** ((at - run.closed) / rules.half_life_ms)
        head.engagement = left if left > 1e-9 else 0.0


def _latest(runs: list[DealRun]) -> list[DealRun]:
    while len(runs) > MOST_DEALS:
        closed = next((index for index, run in enumerate(runs) if run.status != DEAL_OPEN), 0)
        del runs[closed if closed < len(runs) - 1 else 0]
    return runs


def _day(text: Any) -> int:
    """Epoch milliseconds of an ISO date or time, without a zone in UTC; 0 for anything else."""
    if not isinstance(text, str):
        return 0
    try:
        moment = datetime.fromisoformat(text)
        return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        return 0

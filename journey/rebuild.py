"""A journey folded anew from the whole history of a customer: what arrivals in event order would have left behind."""

from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter

from journey.agreement import fire
from journey.correction import FOLD_AWAY_AT, begin, fold_away, fold_newest
from journey.fact import Fact
from journey.ledger import Ledger, positions
from journey.rules import Rules
from journey.state import Journey
from journey.touch import Touch

_KEY = attrgetter("key")


class DisorderedError(ValueError):
    """A stream of touchpoints that was to be in event order is not."""


def fold_history(touches: Iterable[Touch], customer_id: str, rules: Rules, now: int = 0) -> tuple[Journey, list[Fact]]:
    """Everything folded from nothing, then what is due by `now` (epoch milliseconds) done.

    Answers the journey, which can go on live, and the newest content of every fact that the fold says, current
    positions included; `head.seen` counts the touchpoints. A sequence may be in any order, the order of receipt: of a
    (source, id) the first counts. Anything else is a stream, which is never held: in event order and without
    duplicates, or DisorderedError is raised.
    """
    stream = iter(in_event_order(touches)) if isinstance(touches, Sequence) else _checked(touches)
    journey, ledger = begin(rules), Ledger(customer_id, rules)
    for touch in stream:
        fold_newest(journey, touch, rules, ledger)
        if len(journey.recents) >= FOLD_AWAY_AT:
            fold_away(journey, customer_id, rules)
    fire(journey.head, now, rules, ledger)
    says = {**ledger.facts, **{fact.id: fact for fact in positions(journey.head, customer_id, rules)}}
    return journey, list(says.values())


def in_event_order(received: Iterable[Touch]) -> list[Touch]:
    """Touchpoints in the order of the journey; of several with one (source, id) the one received first."""
    first: dict[tuple[str, str], Touch] = {}
    for touch in received:
        first.setdefault((touch.source, touch.id), touch)
    return sorted(first.values(), key=_KEY)


def _checked(touches: Iterable[Touch]) -> Iterator[Touch]:
    before: tuple[int, str, str] | None = None
    for touch in touches:
        if before is not None and touch.key <= before:
            raise DisorderedError(f"touchpoint {touch.source}/{touch.id} comes after a later one, or twice")
        before = touch.key
        yield touch

"""A history told step by step: what each touchpoint, and time between them, led to, by which rule, with which values.

It is the fold itself with a ledger that listens; where it ends is where the journey stands.
"""

from collections.abc import Iterable

import msgspec

from journey.agreement import proceed
from journey.deadline import fire
from journey.fact import Fact
from journey.fold import count, step
from journey.ledger import Listening, positions
from journey.packed import pack_head, unpack_head
from journey.reason import Moment, Reason, reason_of
from journey.rules import Rules
from journey.state import Head
from journey.touch import Touch


class Said(msgspec.Struct):
    """One thing that was said, and why."""

    fact: Fact
    why: Reason


class Step(msgspec.Struct):
    """One touchpoint, or (None) a moment at which time alone did something; `at` in epoch milliseconds."""

    at: int
    policy: str
    touch: Touch | None
    said: list[Said]
    score: tuple[float, float]


class Explanation(msgspec.Struct):
    """Every step, and by id every fact as it stands at the end, current positions included."""

    steps: list[Step]
    facts: dict[str, Fact]
    head: Head


def explain(touches: Iterable[Touch], customer_id: str, rules: Rules, now: int) -> Explanation:
    """Fold a history, which is in event order and without duplicates, up to `now` (epoch milliseconds)."""
    head, ledger, steps = rules.new_head(), Listening(customer_id, rules), list[Step]()
    for touch in touches:
        steps += _by_time(head, touch.at - 1, rules, ledger)
        steps += _by_agreement(head, touch.at, rules, ledger)
        asked, current = _copy(head), rules.of(head)
        count(asked, touch, current.profile(touch), current)
        step(head, touch, rules, ledger)
        steps.append(_step(touch.at, touch, Moment(touch, asked, head, current), ledger))
    steps += _by_time(head, now, rules, ledger)
    facts = {**ledger.facts, **{fact.id: fact for fact in positions(head, customer_id, rules)}}
    return Explanation(steps, facts, head)


def _by_time(head: Head, until: int, rules: Rules, ledger: Listening) -> list[Step]:
    """What falls due up to `until`, moment by moment."""
    steps = []
    while 0 < head.due <= until:
        due = head.due
        steps += _by_agreement(head, due, rules, ledger)
        if head.due != due:
            continue
        before, current = _copy(head), rules.of(head)
        ledger.rules = current
        fire(head, due, current, ledger)
        steps.append(_step(due, None, Moment(None, before, head, current), ledger))
    return steps


def _by_agreement(head: Head, at: int, rules: Rules, ledger: Listening) -> list[Step]:
    """Other policies that come into force up to `at`, in which nothing falls due: what they do not know ends."""
    steps = []
    while 0 < (until := rules.of(head).until) <= at:
        proceed(head, until, rules, ledger)
        current = rules.of(head)
        said = [Said(fact, Reason("policy", {"policy": current.label})) for fact in ledger.heard]
        ledger.heard.clear()
        steps.append(Step(until, current.label, None, said, (head.fit, head.engagement)))
    return steps


def _step(at: int, touch: Touch | None, moment: Moment, ledger: Listening) -> Step:
    said = [Said(fact, reason_of(fact, moment)) for fact in ledger.heard]
    ledger.heard.clear()
    head = moment.after
    return Step(at, moment.rules.label, touch, said, (head.fit, head.engagement))


def _copy(head: Head) -> Head:
    return unpack_head(pack_head(head))

"""Two journeys become one, one becomes two again, and a journey folded anew takes the place of the one in state.

Where state does not hold everything that is needed, the answer says that the journey has to be rebuilt from history.
"""

from dataclasses import dataclass
from typing import Any

from journey.correction import Outcome, arrive
from journey.fact import Fact, Merge, Overlap, Rebuilt, Stalled
from journey.ledger import OPENED, RESOLVED, standing
from journey.packing import name_of
from journey.rules import Rules
from journey.saying import fact_id, instant
from journey.state import NO_BASE, Journey, Meanwhile
from journey.touch import Touch


@dataclass(frozen=True)
class Departure:
    """A customer that belongs to another one from now on: what is left of it, what is said, and what it brings along.

    `members` are its derived ids by the decision's number. `complete` is false where older touchpoints are in the
    history only.
    """

    journey: Journey
    outcome: Outcome
    members: dict[str, int]
    touches: list[Touch]
    complete: bool


def depart(journey: Journey, customer_id: str, to: str, number: int, at: int, rules: Rules) -> Departure:
    """Turn a customer into a redirect to another one, by the identity decision `number`, decided at `at` (epoch ms)."""
    outcome = Outcome()
    if journey.head.seen:
        outcome.facts.append(_merge(customer_id, to, number, at, rules))
        for fact in _open(journey, customer_id, rules).values():
            fact.deleted = True
            outcome.facts.append(fact)
            outcome.taken_back.append(fact)
    members = dict.fromkeys([customer_id, *journey.members], number)
    touches = [
        touch if touch.of else touch.but(of=customer_id)
        for touch in journey.recents
        if touch.of is None or touch.of in members
    ]
    left = Journey(
        policy=rules.label,
        head=rules.new_head(),
        version=journey.version + 1,
        redirect=to,
        decided=number,
    )
    complete = journey.base == NO_BASE and not journey.rebuild
    return Departure(left, outcome, members, touches, complete)


def turn(journey: Journey, customer_id: str, to: str, number: int, at: int, rules: Rules) -> Outcome:
    """Let a redirect lead to another customer; the merge is said anew where one was said."""
    said = journey.version > 1
    journey.redirect, journey.decided, journey.version = to, number, journey.version + 1
    return Outcome(facts=[_merge(customer_id, to, number, at, rules)] if said else [])


def come_back(journey: Journey, customer_id: str, number: int, at: int, rules: Rules) -> tuple[Journey, Outcome]:
    """Let a redirect be a customer of its own again: empty, until it is rebuilt from history."""
    undone = _merge(customer_id, journey.redirect, number, at, rules)
    undone.deleted = True
    own = Journey(policy=rules.label, head=rules.new_head(), version=journey.version + 1, decided=number)
    return own, Outcome(facts=[undone])


def take_in(
    journey: Journey,
    customer_id: str,
    came: dict[str, int],
    touches: list[Touch],
    now: int,
    rules: Rules,
    sender: str = "",
) -> tuple[Outcome, list[str]]:
    """Take another customer's derived ids and touchpoints in, which `sender` sent.

    Answers also the derived ids that do not belong here by now, or may not, whose touchpoints are left out. Of itself
    the sender knows best: of what is forgotten here only that is believed.
    """
    astray = [
        member
        for member, number in came.items()
        if member not in (customer_id, *journey.members)
        and (
            number < journey.decided
            or number <= journey.released.get(member, 0 if member == sender else journey.forgotten)
        )
    ]
    welcome = {member: number for member, number in came.items() if member not in (customer_id, *astray)}
    for member, number in welcome.items():
        journey.members = {**journey.members, member: max(number, journey.members.get(member, 0))}
    journey.released = {member: number for member, number in journey.released.items() if member not in welcome}
    arrivals = [touch if touch.of != customer_id else touch.but(of=None) for touch in touches if touch.of not in astray]
    return arrive(journey, customer_id, arrivals, now, rules), astray


def let_go(journey: Journey, member: str, number: int, is_known: bool = False) -> bool:
    """Note that a derived id does not belong here any more. True where it did.

    With `is_known` its own partition knows: nothing older comes from there, and what others still bring along is sent
    there. So it can be forgotten.
    """
    if journey.members.get(member, 0) > number:
        return False
    belonged = member in journey.members
    journey.members = {other: by for other, by in journey.members.items() if other != member}
    last = max(number, journey.released.get(member, 0))
    journey.released = {other: by for other, by in journey.released.items() if other != member}
    if is_known and last == number:
        journey.forgotten = max(journey.forgotten, number)
    else:
        journey.released[member] = last
    return belonged


def want_rebuild(journey: Journey, offset: int) -> bool:
    """Have the journey folded anew from a history that holds `offset`. True where nobody has asked for it yet."""
    asked = journey.rebuild != 0
    journey.rebuild, journey.meanwhile = offset + 1, None
    return not asked


def note(journey: Journey, offset: int, touch: Touch) -> None:
    """Keep a touchpoint that arrives while a rebuild is awaited: the history may end before it."""
    journey.meanwhile = journey.meanwhile or Meanwhile()
    journey.meanwhile.offsets.append(offset)
    journey.meanwhile.touches.append(touch, name_of(touch))


def swap(
    journey: Journey,
    rebuilt: Journey,
    facts: list[Fact],
    customer_id: str,
    reason: str,
    touchpoints: int,
    upto: int,
    now: int,
    rules: Rules,
) -> tuple[Journey, Outcome]:
    """Put a journey folded from history in the place of the one in state, and fold in what arrived meanwhile.

    The history holds every touchpoint whose offset is below `upto`, and may hold later ones.
    Everything that stands is said anew. People hear only of what was open and is not any more, and of what takes its
    place: never of the past.
    """
    meanwhile = journey.meanwhile or Meanwhile()
    waiting = [touch for offset, touch in zip(meanwhile.offsets, meanwhile.touches, strict=True) if offset >= upto]
    rebuilt.corrections, rebuilt.rebuilt = journey.corrections, journey.rebuilt + 1
    rebuilt.decided, rebuilt.members, rebuilt.released = journey.decided, journey.members, journey.released
    rebuilt.forgotten = journey.forgotten
    later = arrive(rebuilt, customer_id, waiting, max(now, journey.head.fired), rules)
    rebuilt.version = journey.version + 1
    said: dict[str, Fact] = {fact.id: fact for fact in facts}
    said.update((fact.id, fact) for fact in later.facts)
    outcome = Outcome(facts=list(said.values()), too_late=later.too_late)
    _tell(_open(journey, customer_id, rules), _open(rebuilt, customer_id, rules), said, outcome)
    outcome.facts.append(
        Rebuilt(
            id=fact_id(customer_id, "rebuilt", rebuilt.rebuilt),
            customer_id=customer_id,
            policy=rules.label,
            at=instant(rebuilt.head.last),
            reason=reason,
            touchpoints=touchpoints,
            published=len(said),
        )
    )
    return rebuilt, outcome


def _merge(customer_id: str, into: str, number: int, at: int, rules: Rules) -> Merge:
    return Merge(
        id=fact_id(customer_id, "merge"),
        customer_id=customer_id,
        policy=rules.label,
        at=instant(at),
        into=into,
        number=number,
    )


def _open(journey: Journey, customer_id: str, rules: Rules) -> dict[str, Fact]:
    """What people may have been told of and is open still."""
    facts = standing(journey.head, customer_id, rules)
    return {key: fact for key, fact in facts.items() if isinstance(fact, Stalled | Overlap)}


def _about(fact: Any) -> tuple[Any, ...]:
    """What a stall or an overlap is about, whenever it began."""
    if isinstance(fact, Stalled):
        return "stalled", fact.kind, fact.track
    return "overlap", fact.kind, fact.subject


def _tell(before: dict[str, Fact], after: dict[str, Fact], said: dict[str, Fact], outcome: Outcome) -> None:
    ended = {key: fact for key, fact in before.items() if key not in after}
    for key, fact in ended.items():
        if key in said:
            outcome.events[key, RESOLVED] = 0
        else:
            fact.deleted = True
            outcome.facts.append(fact)
            outcome.taken_back.append(fact)
    replaced = {_about(fact) for fact in ended.values()}
    for key, fact in after.items():
        if key not in before and _about(fact) in replaced:
            outcome.events[key, OPENED] = 0

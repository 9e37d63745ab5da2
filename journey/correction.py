"""Touchpoints into a journey in whatever order they come: folded at once, refolded where late, flagged where too late.

Whatever the order of arrival, and however arrivals are grouped, touchpoints inside the correction window end in the
same head and the same current facts.
"""

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final

from journey.agreement import fire
from journey.duplicate import is_forgotten, is_known, remember
from journey.fact import Clock, Correction, Deal, Fact, Overlap, Position, Ref, Stalled, TooLate
from journey.fold import step
from journey.ledger import BROKEN, ESCALATED, OPENED, RESOLVED, Ledger, Silence, positions, standing
from journey.packed import pack_head, unpack_head
from journey.packing import name_of
from journey.recent import Recents
from journey.rules import Rules
from journey.saying import fact_id, instant
from journey.state import NO_BASE, Head, Journey
from journey.touch import Touch

MOST_RECENTS: Final = 512
FOLD_AWAY_AT: Final = 16
_PLACE: Final = itemgetter(0)
Place = tuple[int, str, str]
# A touchpoint's place in the order, its name as `journey.packing` has it, and itself.
Arrived = tuple[Place, bytes, Touch]


@dataclass(init=False)
class Outcome:
    """What changed: facts to publish (unstamped), events people may be told of, and counts."""

    facts: list[Fact]
    events: dict[tuple[str, str], int]
    taken_back: list[Fact]
    folded: int
    duplicates: int
    too_late: int

    def __init__(self, facts: list[Fact] | None = None, too_late: int = 0) -> None:
        self.facts = [] if facts is None else facts
        self.events, self.taken_back = {}, []
        self.folded, self.duplicates, self.too_late = 0, 0, too_late


def begin(rules: Rules) -> Journey:
    """The journey of a customer, or of an account, of whom nothing is known."""
    return Journey(policy=rules.label, head=rules.new_head(), account=rules.of_account)


def arrive(journey: Journey, customer_id: str, arrivals: Sequence[Touch], now: int, rules: Rules) -> Outcome:
    """Take touchpoints in, in their order of arrival, then do what is due by `now` (epoch milliseconds).

    `journey` is changed in place. Duplicates by (source, id) count once. A touchpoint further behind the newest one
    than the correction window is flagged and left out.
    """
    outcome = Outcome()
    accepted = _accept(journey, customer_id, arrivals, rules, outcome)
    if not accepted:
        if outcome.facts or 0 < journey.head.due <= now:
            ledger = Ledger(customer_id, rules)
            fire(journey.head, now, rules, ledger)
            _publish(journey, ledger, outcome, rules)
        return outcome
    head = journey.head
    accepted.sort(key=_PLACE)
    outcome.folded = len(accepted)
    first = accepted[0][0]
    if not head.seen or (first > (head.last, head.last_source, head.last_id) and first[0] > head.fired):
        _fold_in(journey, customer_id, accepted, now, rules, outcome)
    else:
        _refold(journey, customer_id, accepted, now, rules, outcome)
    return outcome


def _accept(
    journey: Journey, customer_id: str, arrivals: Sequence[Touch], rules: Rules, outcome: Outcome
) -> list[Arrived]:
    """The arrivals that are new and in time, decided one by one in order of arrival."""
    newest, seen = journey.head.last, journey.head.seen
    accepted: list[Arrived] = []
    left_out: list[tuple[int, bytes]] = []
    here: dict[bytes, int] = {}
    # One that is older than what is remembered is forgotten at once: sent twice, it is still said once.
    flagged: dict[tuple[str, str], Fact] = {}
    order: list[Place] = []
    for touch in arrivals:
        name = name_of(touch)
        if (name in here and not is_forgotten(here[name], newest, rules)) or is_known(journey, name, newest, rules):
            outcome.duplicates += 1
            continue
        here[name] = touch.at
        if seen and touch.at <= newest and _is_closed(touch, newest, order, journey, accepted, rules):
            journey.too_late += 1
            outcome.too_late += 1
            flagged[touch.source, touch.id] = _too_late(customer_id, touch, newest, rules)
            left_out.append((touch.at, name))
            continue
        newest, seen = max(newest, touch.at), True
        accepted.append(((touch.at, touch.source, touch.id), name, touch))
        if order:
            insort(order, touch.key)
    outcome.facts += flagged.values()
    if left_out:
        remember(journey, left_out, newest, rules)
    return accepted


def _is_closed(
    touch: Touch, newest: int, order: list[Place], journey: Journey, accepted: list[Arrived], rules: Rules
) -> bool:
    """Whether a touchpoint is further behind than can be corrected: by time, or by how many came after it.

    `order` is every open place in the order, and is found here where nobody has needed it yet.
    """
    if touch.at < newest - rules.correction_ms:
        return True
    if journey.recents.count + len(accepted) < MOST_RECENTS:
        return False
    if not order:
        order += sorted([held.key for held in journey.recents] + [place for place, _, _ in accepted])
    return touch.key < order[-MOST_RECENTS]


def _too_late(customer_id: str, touch: Touch, newest: int, rules: Rules) -> TooLate:
    return TooLate(
        id=fact_id(customer_id, "too_late", touch.source, touch.id),
        customer_id=customer_id,
        policy=rules.label,
        at=instant(touch.at),
        touchpoint=Ref(touch.source, touch.id),
        behind_ms=newest - touch.at,
    )


def _fold_in(
    journey: Journey, customer_id: str, accepted: list[Arrived], now: int, rules: Rules, outcome: Outcome
) -> None:
    ledger = Ledger(customer_id, rules)
    for _, name, touch in accepted:
        fold_newest(journey, touch, rules, ledger, name)
    fire(journey.head, now, rules, ledger)
    _publish(journey, ledger, outcome, rules)
    if journey.recents.count >= FOLD_AWAY_AT:
        fold_away(journey, customer_id, rules)


def fold_newest(journey: Journey, touch: Touch, rules: Rules, ledger: Ledger, name: bytes | None = None) -> None:
    """Fold in a touchpoint that is newer than every one before. After a pause nothing late can precede it.

    `name` is the touchpoint's, where it has been made already.
    """
    head, quiet_since = journey.head, touch.at - rules.correction_ms
    if head.last < quiet_since and head.fired < quiet_since and journey.recents.count:
        remember(journey, journey.recents.names(), touch.at, rules)
        journey.base, journey.recents = pack_head(head), Recents()
    step(head, touch, rules, ledger)
    journey.recents.append(touch, name or name_of(touch))


def _refold(
    journey: Journey, customer_id: str, accepted: list[Arrived], now: int, rules: Rules, outcome: Outcome
) -> None:
    """Fold the recent touchpoints anew with the late ones in their place; say only what differs.

    What comes before the first late one is the same in both folds: folded once, in silence.
    """
    recent = [(touch.key, touch) for touch in journey.recents]
    cut = bisect_left(recent, accepted[0][0], key=_PLACE)
    old_head, silence = _base(journey, rules), Silence(customer_id, rules)
    for _, touch in recent[:cut]:
        step(old_head, touch, rules, silence)
    new_head = unpack_head(pack_head(old_head))
    facts = standing(old_head, customer_id, rules)
    old, new = Ledger(customer_id, rules), Ledger(customer_id, rules)
    for _, touch in recent[cut:]:
        step(old_head, touch, rules, old)
    fire(old_head, journey.head.fired, rules, old)
    late = [(place, touch) for place, _, touch in accepted]
    for _, touch in sorted(recent[cut:] + late, key=_PLACE):
        step(new_head, touch, rules, new)
    fire(new_head, now, rules, new)
    journey.head = new_head
    for number, (place, name, touch) in enumerate(accepted):
        journey.recents.insert(bisect_left(recent, place, key=_PLACE) + number, touch, name)
    said = {**facts, **old.facts, **{fact.id: fact for fact in positions(old_head, customer_id, rules)}}
    says = {**facts, **new.facts, **{fact.id: fact for fact in positions(new_head, customer_id, rules)}}
    _say_difference(journey, customer_id, said, says, accepted[0][2], rules, outcome)
    _tell_difference(facts, old, new, said, outcome)
    if journey.recents.count >= FOLD_AWAY_AT:
        fold_away(journey, customer_id, rules)


def _base(journey: Journey, rules: Rules) -> Head:
    """The head as it was before the recent touchpoints."""
    return rules.new_head() if journey.base == NO_BASE else unpack_head(journey.base)


def _say_difference(
    journey: Journey,
    customer_id: str,
    said: dict[str, Fact],
    says: dict[str, Fact],
    late: Touch,
    rules: Rules,
    outcome: Outcome,
) -> None:
    changed = [fact for fact_key, fact in says.items() if said.get(fact_key) != fact]
    gone = [fact for fact_key, fact in said.items() if fact_key not in says]
    for fact in gone:
        fact.deleted = True
    corrected = [fact for fact in changed if fact.id in said and not _goes_on(said[fact.id], fact)]
    if corrected or gone:
        journey.corrections += 1
        outcome.facts.append(
            Correction(
                id=fact_id(customer_id, "correction", late.source, late.id),
                customer_id=customer_id,
                policy=rules.label,
                at=instant(late.at),
                touchpoint=Ref(late.source, late.id),
                published=len(changed),
                retracted=len(gone),
            )
        )
    outcome.facts += gone + changed
    journey.version += 1


def _tell_difference(
    standing_before: dict[str, Fact], old: Ledger, new: Ledger, said: dict[str, Fact], outcome: Outcome
) -> None:
    """People hear of a fact where its state differs from what they heard last."""
    for key in sorted({key for key, _ in (*old.events, *new.events)}):
        before, after = _last_event(key, standing_before, old), _last_event(key, standing_before, new)
        if after == before or (after in (None, RESOLVED) and before in (None, RESOLVED)):
            continue
        if after is None:
            if before in (OPENED, ESCALATED):
                outcome.taken_back.append(said[key])
        else:
            outcome.events[key, after] = new.events.get((key, after), 0)


def _last_event(key: str, standing_before: dict[str, Fact], ledger: Ledger) -> str | None:
    """The latest thing that a fold told of a fact; what stood open before it counts as opened."""
    for event in (RESOLVED, ESCALATED, OPENED, BROKEN):
        if (key, event) in ledger.events:
            return event
    fact = standing_before.get(key)
    if isinstance(fact, Clock):
        return BROKEN if fact.state == "breached" else None
    if isinstance(fact, Stalled) and fact.escalated_at:
        return ESCALATED
    return OPENED if fact is not None else None


def _goes_on(said: Fact, says: Fact) -> bool:
    """Whether the new content merely continues something that was still open."""
    if isinstance(said, Clock):
        return said.state == "running"
    if isinstance(said, Overlap | Stalled | Deal):
        return said.status == "open"
    return isinstance(says, Position)


def _publish(journey: Journey, ledger: Ledger, outcome: Outcome, rules: Rules) -> None:
    outcome.facts += ledger.facts.values()
    outcome.events = ledger.events
    _settle(outcome)
    if ledger.placed:
        outcome.facts += positions(journey.head, ledger.customer_id, rules)
    if outcome.facts:
        journey.version += 1


def _settle(outcome: Outcome) -> None:
    """Nobody is told of what opened and was resolved in one breath."""
    events = outcome.events
    if len(events) < 2:
        return
    gone = {fact for fact, event in events if event == RESOLVED and (fact, OPENED) in events}
    if gone:
        outcome.events = {event: at for event, at in events.items() if event[0] not in gone}


def fold_away(journey: Journey, customer_id: str, rules: Rules) -> None:
    """Fold recent touchpoints that no late one can precede any more into the base, several at once.

    In silence, but as this customer: a decision means an overlap by an id that the customer is part of.
    """
    recents = journey.recents
    excess = recents.count - MOST_RECENTS
    before = journey.head.last - rules.correction_ms
    if excess < FOLD_AWAY_AT and recents.instant(FOLD_AWAY_AT // 2) >= before:
        return
    base = _base(journey, rules)
    silence = Silence(customer_id, rules)
    folded: list[tuple[int, bytes]] = []
    for touch in recents:
        if touch.at >= before and len(folded) >= excess:
            break
        step(base, touch, rules, silence)
        folded.append((touch.at, name_of(touch)))
    remember(journey, folded, journey.head.last, rules)
    journey.base = pack_head(base)
    journey.recents = recents.without(len(folded))

"""Versions of a policy, each from its day on: a journey goes on under the one in force at the time of each event.

A head is written in the terms of one version (places, clocks, counters by number). Where event time passes the day of
the next version, what was due under the old one is done first; then the head is put into the new one's terms, by name.
"""

from collections.abc import Sequence

from journey import deadline, position
from journey.ledger import RESOLVED, Ledger
from journey.part import CANCELLED, NOBODY, NOWHERE, RUNNING, Stay
from journey.rules import Rules
from journey.state import NEVER, Head


def fire(head: Head, until: int, rules: Rules, ledger: Ledger) -> None:
    """Do, in order, everything due up to and including `until`, each under the policy in force then."""
    if rules.before is None:
        deadline.fire(head, until, rules, ledger)
        return
    current = ledger.rules = rules.of(head)
    while 0 < head.due <= until:
        if 0 < current.until <= head.due:
            current = _next(head, current, rules, ledger)
        else:
            deadline.fire(head, min(until, current.until - 1) if current.until else until, current, ledger)


def proceed(head: Head, at: int, rules: Rules, ledger: Ledger) -> Rules:
    """Bring a head to the policy in force at `at`; one that is under a later one already stays. Answers which it is."""
    current = ledger.rules = rules.of(head)
    while 0 < current.until <= at:
        deadline.fire(head, current.until - 1, current, ledger)
        current = _next(head, current, rules, ledger)
    return current


def expect(head: Head, rules: Rules) -> bool:
    """Have a head that is under an older policy wait for the next one's day. True where it did not yet."""
    until = rules.of(head).until
    if not until or 0 < head.due <= until:
        return False
    head.due = until
    return True


def is_outdated(head: Head, rules: Rules) -> bool:
    """Whether a head went past the day of a policy that it did not know of then: it must be folded anew."""
    return rules.at(max(head.last, head.fired)).since > head.agreed


def _next(head: Head, current: Rules, rules: Rules, ledger: Ledger) -> Rules:
    following = rules.after(current)[0]
    _convert(head, current, following, ledger)
    head.fired = max(head.fired, following.since)
    ledger.rules = following
    return following


def _convert(head: Head, old: Rules, new: Rules, ledger: Ledger) -> None:
    """Everything that is kept by number, by the new policy's numbers; what the new one does not know ends."""
    at = new.since
    _end_stalls(head, old, new, ledger)
    _end_clocks(head, old, new, ledger)
    stays = {track.name: stay for track, stay in zip(old.tracks, head.stays, strict=True)}
    head.stays = [
        _stay(stays.get(track.name), old.places_of(track.name), [place.name for place in track.places], track.stages)
        for track in new.tracks
    ]
    counted = {counter.of: times for counter, times in zip(old.counters, head.counters, strict=True)}
    head.counters = [list(counted.get(counter.of, ()))[-counter.count :] for counter in new.counters]
    if head.owner not in new.teams:
        head.owner, head.owner_actor, head.owner_since = new.policy.owners.first, None, at
    head.contacts = [contact for contact in head.contacts if contact.team in new.teams]
    personas = {name: number for number, name in enumerate(new.personas)}
    if head.lead is not None and head.lead.persona != NOBODY:
        head.lead.persona = personas.get(old.personas[head.lead.persona], NOBODY)
    head.persona = new.persona_of(head.traits) if head.traits else NOBODY
    ago = dict(zip(old.team_numbers, head.touched, strict=False))
    head.touched = [ago.get(team, NEVER) for team in new.team_numbers]
    head.agreed = new.since
    if head.seen:
        position.note(head, new.since, new, ledger)
    deadline.schedule(head, new)


def _stay(stay: Stay | None, old: Sequence[str], new: Sequence[str], stages: int) -> Stay:
    """A stay by the new places. One whose place is gone falls back to the nearest stage before it that is left."""
    if stay is None:
        return Stay({}, {})
    places = {name: number for number, name in enumerate(new)}

    def left_of(place: int) -> int:
        if place != NOWHERE and old[place] in places:
            return places[old[place]]
        for number in range(min(place, stay.furthest) if place != NOWHERE else NOWHERE, NOWHERE, -1):
            if places.get(old[number], stages) < stages:
                return places[old[number]]
        return NOWHERE

    visits = {places[old[place]]: count for place, count in stay.visits.items() if old[place] in places}
    dwell = {places[old[place]]: spent for place, spent in stay.dwell.items() if old[place] in places}
    return Stay(visits, dwell, left_of(stay.place), stay.entered, left_of(stay.furthest))


def _end_stalls(head: Head, old: Rules, new: Rules, ledger: Ledger) -> None:
    """Stalls of a stage that the new policy does not watch are resolved; the others are of the same track and stage."""
    numbers = {track.name: track.index for track in new.tracks}
    kept = []
    for stall in head.stalls:
        track = old.tracks[stall.track]
        place = head.stays[stall.track].place
        if track.name in numbers and new.watches(track.name, track.places[place].name, stall.kind):
            stall.track = numbers[track.name]
            kept.append(stall)
        else:
            ledger.stalled(stall, place, RESOLVED, new.since)
    head.stalls = kept


def _end_clocks(head: Head, old: Rules, new: Rules, ledger: Ledger) -> None:
    """Clocks that the new policy does not know are cancelled; the others run on to the limit they were started with."""
    numbers = {clock.name: clock.index for clock in new.clocks}
    kept = []
    for run in head.clocks:
        name = old.clocks[run.clock].name
        if name in numbers:
            run.clock = numbers[name]
            kept.append(run)
        elif run.state == RUNNING:
            run.state, run.stopped = CANCELLED, new.since
            ledger.clock(run)
    head.clocks = kept

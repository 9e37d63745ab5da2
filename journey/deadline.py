"""What time alone does: stalls open and escalate, clocks breach, overlaps expire, customers go inactive."""

from typing import Any, Final

from journey import clock, overlap, position
from journey.ledger import ESCALATED, OPENED, Ledger
from journey.part import NOWHERE, RUNNING, Stall
from journey.rules import Rules
from journey.state import Head
from journey.track import Move, move

NO_ACTIVITY: Final = "no_activity"
NO_PROGRESS: Final = "no_progress"
# What time alone does, in the order of things due at once: a stage left at a limit is left in time, so nothing opens or
# breaches there.
_LEAVE: Final = 0
_STALL: Final = 1
_ESCALATE: Final = 2
_BREACH: Final = 3
_EXPIRE: Final = 4
_NOTHING: Final = 5


class _First:
    """Of all that waits for time the first: when, what is done then, and to what."""

    def __init__(self) -> None:
        self.at, self.action = 0, _NOTHING
        self.what: Any = None

    def wait(self, at: int, action: int, what: Any) -> None:
        """Take one more thing into account."""
        if self.action == _NOTHING or at < self.at or (at == self.at and action < self.action):
            self.at, self.action, self.what = at, action, what


def fire(head: Head, until: int, rules: Rules, ledger: Ledger) -> None:
    """Do, in order, everything due up to and including `until`; afterwards head.due is later, or 0 for nothing."""
    while head.due and head.due <= until:
        first = _first(head, rules)
        at, action, what = first.at, first.action, first.what
        if action == _LEAVE:
            _leave(head, what, at, rules, ledger)
        elif action == _STALL:
            _stall(head, what, at, ledger)
        elif action == _ESCALATE:
            _escalate(head, what, at, ledger)
        elif action == _BREACH:
            clock.breach(what, ledger)
        elif action == _EXPIRE:
            overlap.expire(head, what, at, ledger)
        head.fired = at
        schedule(head, rules)


def schedule(head: Head, rules: Rules) -> None:
    """Note when the next thing is due; the day of the next policy is one."""
    first, soonest = _first(head, rules), rules.until
    if first.action != _NOTHING and not 0 < soonest <= first.at:
        soonest = first.at
    head.due = soonest


def _first(head: Head, rules: Rules) -> _First:
    first = _First()
    for track in rules.tracks:
        stay = head.stays[track.index]
        if stay.place == NOWHERE:
            continue
        place = track.places[stay.place]
        quiet = max(head.counted, stay.entered)
        if place.no_activity_ms and not _is_stalled(head, track.index, NO_ACTIVITY):
            first.wait(quiet + place.no_activity_ms, _STALL, (track.index, NO_ACTIVITY))
        if place.no_progress_ms and not _is_stalled(head, track.index, NO_PROGRESS):
            first.wait(stay.entered + place.no_progress_ms, _STALL, (track.index, NO_PROGRESS))
        if place.leaves_after_ms:
            first.wait(quiet + place.leaves_after_ms, _LEAVE, track.index)
    for stall in head.stalls:
        if not stall.escalated:
            limit = _limit_ms(stall, head, rules)
            first.wait(stall.since + limit * (rules.escalate_at - 1), _ESCALATE, stall)
    for run in head.clocks:
        if run.state == RUNNING:
            first.wait(run.due, _BREACH, run)
    for found in head.overlaps:
        first.wait(found.last + rules.expire_ms, _EXPIRE, found)
    return first


def _is_stalled(head: Head, track: int, kind: str) -> bool:
    for stall in head.stalls:  # noqa: SIM110 - a generator costs more than the stalls
        if stall.track == track and stall.kind == kind:
            return True
    return False


def _limit_ms(stall: Stall, head: Head, rules: Rules) -> int:
    place = rules.tracks[stall.track].places[head.stays[stall.track].place]
    return place.no_activity_ms if stall.kind == NO_ACTIVITY else place.no_progress_ms


def _stall(head: Head, what: tuple[int, str], due: int, ledger: Ledger) -> None:
    track, kind = what
    stay = head.stays[track]
    stall = Stall(kind, track, due, stay.entered, head.owner, head.counted, head.counted_source, head.counted_id)
    head.stalls.append(stall)
    ledger.stalled(stall, stay.place, OPENED, due)


def _escalate(head: Head, stall: Stall, due: int, ledger: Ledger) -> None:
    stall.escalated = due
    ledger.stalled(stall, head.stays[stall.track].place, ESCALATED, due)


def _leave(head: Head, track: int, due: int, rules: Rules, ledger: Ledger) -> None:
    left = head.stays[track].place
    to = rules.tracks[track].places[left].leaves_to
    place = rules.tracks[track].places[to]
    moved = Move(track, left, to, place.move, f"{rules.tracks[track].name}.{place.name}.after")
    move(head, moved, due, None, rules, ledger)
    position.note(head, due, rules, ledger)
    clock.cancel(head, [moved], due, rules, ledger)

"""What time alone does: stalls open and escalate, clocks breach, overlaps expire, customers go inactive."""

from collections.abc import Callable
from operator import itemgetter
from typing import Any, Final

from journey import clock, overlap, position
from journey.ledger import ESCALATED, OPENED, Ledger
from journey.rules import Rules
from journey.state import NOWHERE, RUNNING, ClockRun, Head, OpenOverlap, Stall
from journey.track import Move, move

NO_ACTIVITY: Final = "no_activity"
NO_PROGRESS: Final = "no_progress"
_ORDER: Final = itemgetter(0, 1)
# Something that waits for time: when, its rank among things due at once, what is done then, and to what.
Due = tuple[int, int, Callable[[Head, Any, int, Rules, Ledger], None], Any]


def fire(head: Head, until: int, rules: Rules, ledger: Ledger) -> None:
    """Do, in order, everything due up to and including `until`; afterwards head.due is later, or 0 for nothing."""
    while head.due and head.due <= until:
        at, _, action, what = min(pending(head, rules), key=_ORDER)
        action(head, what, at, rules, ledger)
        head.fired = at
        schedule(head, rules)


def schedule(head: Head, rules: Rules) -> None:
    """Note when the next thing is due; the day of the next policy is one."""
    soonest = rules.until
    for due in pending(head, rules):
        if not 0 < soonest <= due[0]:
            soonest = due[0]
    head.due = soonest


def pending(head: Head, rules: Rules) -> list[Due]:
    """Everything that waits for time."""
    waiting: list[Due] = []
    for track in rules.tracks:
        stay = head.stays[track.index]
        if stay.place == NOWHERE or not track.places[stay.place].waits:
            continue
        place = track.places[stay.place]
        quiet = max(head.counted, stay.entered)
        open_kinds = [stall.kind for stall in head.stalls if stall.track == track.index]
        if place.no_activity_ms and NO_ACTIVITY not in open_kinds:
            waiting.append((quiet + place.no_activity_ms, 1, _stall, (track.index, NO_ACTIVITY)))
        if place.no_progress_ms and NO_PROGRESS not in open_kinds:
            waiting.append((stay.entered + place.no_progress_ms, 1, _stall, (track.index, NO_PROGRESS)))
        if place.leaves_after_ms:
            # First of what is due at once: a stage left at a limit is left in time, so nothing opens or breaches there.
            waiting.append((quiet + place.leaves_after_ms, 0, _leave, track.index))
    for stall in head.stalls:
        if not stall.escalated:
            limit = _limit_ms(stall, head, rules)
            waiting.append((stall.since + limit * (rules.escalate_at - 1), 2, _escalate, stall))
    for run in head.clocks:
        if run.state == RUNNING:
            waiting.append((run.due, 3, _breach, run))
    for found in head.overlaps:
        waiting.append((found.last + rules.expire_ms, 4, _expire, found))
    return waiting


def _limit_ms(stall: Stall, head: Head, rules: Rules) -> int:
    place = rules.tracks[stall.track].places[head.stays[stall.track].place]
    return place.no_activity_ms if stall.kind == NO_ACTIVITY else place.no_progress_ms


def _stall(head: Head, what: tuple[int, str], due: int, rules: Rules, ledger: Ledger) -> None:
    track, kind = what
    stay = head.stays[track]
    stall = Stall(kind, track, due, stay.entered, head.owner, head.counted, head.counted_source, head.counted_id)
    head.stalls.append(stall)
    ledger.stalled(stall, stay.place, OPENED, due)


def _escalate(head: Head, stall: Stall, due: int, rules: Rules, ledger: Ledger) -> None:
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


def _breach(head: Head, run: ClockRun, due: int, rules: Rules, ledger: Ledger) -> None:
    clock.breach(run, ledger)


def _expire(head: Head, found: OpenOverlap, due: int, rules: Rules, ledger: Ledger) -> None:
    overlap.expire(head, found, due, ledger)

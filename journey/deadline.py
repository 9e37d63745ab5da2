"""What time alone does: stalls open and escalate, clocks breach, overlaps expire, customers go inactive."""

from collections.abc import Callable
from functools import partial

from journey import clock, overlap
from journey.ledger import ESCALATED, OPENED, Ledger
from journey.rules import Rules
from journey.state import NOWHERE, RUNNING, Head, Stall
from journey.track import Move, move

NO_ACTIVITY, NO_PROGRESS = "no_activity", "no_progress"
Action = Callable[[int, Rules, Ledger], None]


def fire(head: Head, until: int, rules: Rules, ledger: Ledger) -> None:
    """Do, in order, everything due up to and including `until`; afterwards head.due is later, or 0 for nothing."""
    while head.due and head.due <= until:
        due, _, action = min(pending(head, rules), key=_first)
        action(due, rules, ledger)
        head.fired = due
        schedule(head, rules)


def schedule(head: Head, rules: Rules) -> None:
    """Note when the next thing is due."""
    head.due = min((due for due, _, _ in pending(head, rules)), default=0)


def pending(head: Head, rules: Rules) -> list[tuple[int, int, Action]]:
    """Everything that waits for time: when, its rank among things due at once, and what it does."""
    waiting: list[tuple[int, int, Action]] = []
    for stay, track in zip(head.stays, rules.tracks, strict=True):
        if stay.place == NOWHERE:
            continue
        place = track.places[stay.place]
        if place.no_activity_ms or place.no_progress_ms or place.leaves_after_ms:
            quiet = max(head.counted, stay.entered)
            open_kinds = [stall.kind for stall in head.stalls if stall.track == track.index]
            if place.no_activity_ms and NO_ACTIVITY not in open_kinds:
                waiting.append((quiet + place.no_activity_ms, 0, partial(_stall, head, track.index, NO_ACTIVITY)))
            if place.no_progress_ms and NO_PROGRESS not in open_kinds:
                due = stay.entered + place.no_progress_ms
                waiting.append((due, 0, partial(_stall, head, track.index, NO_PROGRESS)))
            if place.leaves_after_ms:
                waiting.append((quiet + place.leaves_after_ms, 2, partial(_leave, head, track.index)))
    for stall in head.stalls:
        if not stall.escalated:
            limit = _limit_ms(stall, head, rules)
            waiting.append((stall.since + limit * (rules.escalate_at - 1), 1, partial(_escalate, head, stall)))
    for run in head.clocks:
        if run.state == RUNNING:
            waiting.append((run.due, 3, partial(_breach, run)))
    for found in head.overlaps:
        waiting.append((found.last + rules.expire_ms, 4, partial(_expire, head, found)))
    return waiting


def _first(waiting: tuple[int, int, Action]) -> tuple[int, int]:
    return waiting[0], waiting[1]


def _limit_ms(stall: Stall, head: Head, rules: Rules) -> int:
    place = rules.tracks[stall.track].places[head.stays[stall.track].place]
    return place.no_activity_ms if stall.kind == NO_ACTIVITY else place.no_progress_ms


def _stall(head: Head, track: int, kind: str, due: int, rules: Rules, ledger: Ledger) -> None:
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
    clock.cancel(head, [moved], due, rules, ledger)


def _breach(run: object, due: int, rules: Rules, ledger: Ledger) -> None:
    clock.breach(run, ledger)  # type: ignore[arg-type]


def _expire(head: Head, found: object, due: int, rules: Rules, ledger: Ledger) -> None:
    overlap.expire(head, found, due, ledger)  # type: ignore[arg-type]

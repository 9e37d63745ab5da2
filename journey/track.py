"""Moves on a track: up by entry rules, back only by regress rules, aside into detours, and back from them."""

from journey.ledger import RESOLVED, Ledger
from journey.part import NOWHERE
from journey.profile import TrackProfile, passes
from journey.rules import Rules, TrackRules
from journey.state import Head
from journey.touch import Touch


class Move:
    """A customer went from one place of a track to another."""

    def __init__(self, track: int, left: int, to: int, kind: str, rule: str) -> None:
        self.track, self.left, self.to = track, left, to
        self.kind, self.rule = kind, rule


def decide(head: Head, profile: TrackProfile, track: TrackRules) -> Move | None:
    """Where a touchpoint moves the customer on a track; None where it stays."""
    place = head.stays[track.index].place
    for detour, number, test in profile.detours:
        if detour != place and passes(test, head):
            return _move(track, place, detour, track.places[detour].move, "when", number)
        if detour == place and passes(test, head):
            return None
    if place >= track.stages:
        return _back(head, profile, track, place)
    for places, to, test in profile.regress:
        if place in places and passes(test, head):
            return _move(track, place, to, "regress", "regress", 0)
    for stage, number, test in profile.entries:
        if stage <= place:
            return None
        if passes(test, head):
            kind = "enter" if place == NOWHERE else "advance" if stage == place + 1 else "skip"
            return _move(track, place, stage, kind, "enter", number)
    return None


def move(head: Head, what: Move, at: int, touch: Touch | None, rules: Rules, ledger: Ledger) -> None:
    """Carry a move out: close the visit, open the next, resolve the stalls that waited for it."""
    track, stay = rules.tracks[what.track], head.stays[what.track]
    dwell_ms = at - stay.entered
    resolve_stalls(head, what.track, None, at, ledger)
    if what.left != NOWHERE:
        stay.dwell[what.left] = stay.dwell.get(what.left, 0) + dwell_ms
    stay.place, stay.entered = what.to, at
    stay.visits[what.to] = stay.visits.get(what.to, 0) + 1
    if what.to < track.stages:
        stay.furthest = max(stay.furthest, what.to)
    ledger.transition(track, what.left, what.to, what.kind, at, dwell_ms, what.rule, touch)


def resolve_stalls(head: Head, track: int | None, kind: str | None, at: int, ledger: Ledger) -> None:
    """Resolve the open stalls of a track, or of a kind; None is all."""
    if not head.stalls:
        return
    kept = []
    for stall in head.stalls:
        if track in (None, stall.track) and kind in (None, stall.kind):
            ledger.stalled(stall, head.stays[stall.track].place, RESOLVED, at)
        else:
            kept.append(stall)
    head.stalls = kept


def _back(head: Head, profile: TrackProfile, track: TrackRules, place: int) -> Move | None:
    for detour, to, stages, test in profile.backs:
        if detour != place or not passes(test, head):
            continue
        if to is not None:
            return _move(track, place, to, "re-enter", "back", 0)
        for stage, number, entry in profile.entries:
            if (stages is None or stage in stages) and passes(entry, head):
                return _move(track, place, stage, "re-enter", "enter", number)
    return None


def _move(track: TrackRules, left: int, to: int, kind: str, rule: str, number: int) -> Move:
    return Move(track.index, left, to, kind, f"{track.name}.{track.places[to].name}.{rule}.{number + 1}")

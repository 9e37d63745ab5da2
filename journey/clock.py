"""Response clocks: started, stopped or cancelled by touchpoints and moves, breached by time."""

from collections.abc import Set

from journey.ledger import Ledger
from journey.part import BREACHED, CANCELLED, MET, RUNNING, ClockRun
from journey.profile import Profile, passes
from journey.rules import Rules
from journey.state import Head
from journey.touch import Touch
from journey.track import Move


def tick(head: Head, touch: Touch, profile: Profile, moves: list[Move], rules: Rules, ledger: Ledger) -> None:
    """Stop and start clocks by one touchpoint. The earliest start stands; one touchpoint may do both, in this order.

    It may also stop the run that it starts: a first attempt that connects, though an earlier one was never answered.
    """
    if profile.clock_starts or (moves and _concern(moves, rules)) or _may_stop(head, profile):
        starts = {index for index, _, test in profile.clock_starts if passes(test, head)}
        stops = {index for index, _, test in profile.clock_stops if passes(test, head)}
        _run_clocks(head, touch, starts, stops, moves, rules, ledger)
    if moves:
        cancel(head, moves, touch.at, rules, ledger)


def _may_stop(head: Head, profile: Profile) -> bool:
    """Most touchpoints could stop a clock (the customer acts), and most customers have none that waits for it."""
    stoppable = profile.stoppable
    if stoppable:
        for run in head.clocks:
            if not run.stopped and run.clock in stoppable:
                return True
    return False


def _concern(moves: list[Move], rules: Rules) -> bool:
    return any((move.track, move.to) in rules.clocked or (move.track, move.left) in rules.clocked for move in moves)


def _run_clocks(
    head: Head, touch: Touch, starts: Set[int], stops: Set[int], moves: list[Move], rules: Rules, ledger: Ledger
) -> None:
    entered = {(move.track, move.to) for move in moves}
    left = {(move.track, move.left) for move in moves if not _cancels(move, rules)}
    stopped: set[int] = set()
    for clock in rules.clocks_in_order:
        index = clock.index
        run = _run(head, index)
        stopping = index in stops
        running = run is not None and run.state == RUNNING
        if run is not None and not run.stopped and (stopping or clock.leaves in left):
            _stop(run, touch, ledger)
            stopped.add(index)
        if not running and (index in starts or clock.enters in entered or clock.after in stopped):
            if run is not None:
                head.clocks.remove(run)
            run = ClockRun(index, touch.at, clock.due(touch.at), touch.source, touch.id)
            head.clocks.append(run)
            if stopping:
                _stop(run, touch, ledger)
                stopped.add(index)
            else:
                ledger.clock(run)


def cancel(head: Head, moves: list[Move], at: int, rules: Rules, ledger: Ledger) -> None:
    """Entering some detours ends whatever is still running."""
    if any(_cancels(move, rules) for move in moves):
        for run in head.clocks:
            if run.state == RUNNING:
                run.state, run.stopped = CANCELLED, at
                ledger.clock(run)


def _cancels(move: Move, rules: Rules) -> bool:
    """Leaving for such a detour is no way to meet a clock: a recycled lead that is lost has not been offered again."""
    return rules.tracks[move.track].places[move.to].cancels_clocks


def breach(run: ClockRun, ledger: Ledger) -> None:
    """The limit has passed without a stop."""
    run.state = BREACHED
    ledger.breached(run)


def _run(head: Head, index: int) -> ClockRun | None:
    for run in head.clocks:
        if run.clock == index:
            return run
    return None


def _stop(run: ClockRun, touch: Touch, ledger: Ledger) -> None:
    """A stop at the limit itself is met; a later one leaves the clock breached and says how late."""
    if run.state == RUNNING:
        run.state = MET
    run.stopped, run.stop_source, run.stop_id = touch.at, touch.source, touch.id
    ledger.clock(run)

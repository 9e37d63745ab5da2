"""Clocks and stalls: what was due when, walked hour by hour.

Readings of the text:
- while a run of a clock is running another start changes nothing; after it was breached a start begins a new run;
- a stop is for the latest run of the clock, late where that is breached;
- two_way starts at the touchpoint that stopped a first_attempt, in time or late;
- only a genuine response stops a clock: nothing automated (an out-of-office reply) stops two_way;
- a touchpoint first stops what ran before it, then starts, then may stop what it started; last of all it cancels;
- leaving for lost or disqualified on either track cancels, and leaving recycled for them is no re-offer;
- a stall opens a limit after the moment it counts from, where nothing ended it up to then: at the limit is in time.
"""

from typing import Any

from tests.reference.line import DAY, HOUR, Touch, automated, counted, outbound, said
from tests.reference.moves import Move

Run = dict[str, Any]
LIMITS: dict[str, tuple[int, str]] = {
    "mql_routed": (1, "bh"), "mql_answered": (24, "bh"), "first_attempt": (4, "bh"), "two_way": (40, "bh"),
    "reoffer": (30, "days"), "quote_answer": (14, "days"),
}  # fmt: skip
QUIET = {
    "awareness": (30, 90),
    "interest": (21, 60),
    "consideration": (14, 45),
    "intent": (7, 21),
    "evaluation": (10, 30),
}


def open_for_business(at: int) -> bool:
    """Monday to Friday, 09:00 to 17:00 UTC. The epoch was a Thursday."""
    return (at // DAY + 3) % 7 < 5 and 9 <= at % DAY // HOUR < 17


def due(clock: str, at: int) -> int:
    """When a run that starts at `at` reaches its limit."""
    amount, unit = LIMITS[clock]
    if unit == "days":
        return at + amount * DAY
    left, cursor = amount * HOUR, at
    while True:
        step = HOUR - cursor % HOUR
        if open_for_business(cursor):
            if left <= step:
                return cursor + left
            left -= step
        cursor += step


def stops(clock: str, touch: Touch, moves: list[Move]) -> bool:
    kind = touch["type"]
    if clock == "mql_routed":
        return kind in ("lead.routed", "lead.accepted")
    if clock == "mql_answered":
        return kind in ("lead.accepted", "lead.rejected")
    if clock == "first_attempt":
        return (
            outbound(touch)
            and touch["team"] == "sales"
            and touch["channel"] in ("call", "meeting", "email")
            and not automated(touch)
        )
    if clock == "two_way":
        answered = touch["direction"] == "inbound" or kind == "meeting.held"
        return not automated(touch) and (answered or (kind == "call.logged" and said(touch, "outcome") == "connected"))
    if clock == "reoffer":
        return any(
            move["track"] == "lead" and move["from"] == "recycled" and move["kind"] == "re-enter" for move in moves
        )
    return kind in ("quote.accepted", "quote.declined", "deal.won", "deal.lost")


def starts(clock: str, touch: Touch, moves: list[Move]) -> bool:
    if clock in ("mql_routed", "mql_answered"):
        return any(move["track"] == "lead" and move["to"] == "mql" for move in moves)
    if clock == "reoffer":
        return any(move["track"] == "lead" and move["to"] == "recycled" for move in moves)
    return bool(touch["type"] == {"first_attempt": "lead.accepted", "quote_answer": "quote.sent"}.get(clock))


def latest(runs: list[Run], clock: str) -> Run | None:
    mine = [run for run in runs if run["name"] == clock]
    return mine[-1] if mine else None


def at_work(run: Run | None, at: int) -> bool:
    return run is not None and run["state"] == "running" and at <= run["due_at"]


def stop(run: Run | None, at: int) -> bool:
    """Stop a run that nothing has ended yet; whether there was one."""
    if run is None or run["state"] != "running":
        return False
    run.update(stopped_at=at, state="met" if at <= run["due_at"] else "breached")
    return True


def touched(runs: list[Run], clock: str, at: int, starting: bool, stopping: bool) -> bool:
    """One touchpoint at one clock; whether it stopped a run."""
    before = latest(runs, clock)
    was_at_work = at_work(before, at)
    has_stopped = stopping and stop(before, at)
    if starting and not was_at_work:
        runs.append({"name": clock, "state": "running", "started_at": at, "due_at": due(clock, at), "stopped_at": None})
        has_stopped = (stopping and stop(runs[-1], at)) or has_stopped
    return has_stopped


def clocks(line: list[Touch], now: int, moves: list[Move]) -> list[Run]:
    """Every run of every clock. On the way, `running` also means breached but not stopped."""
    runs: list[Run] = []
    for touch in line:
        here = [move for move in moves if move["n"] == touch["n"]]
        attempted = False
        for clock in LIMITS:
            starting = attempted if clock == "two_way" else starts(clock, touch, here)
            has_stopped = touched(runs, clock, touch["at"], starting, stops(clock, touch, here))
            attempted = has_stopped if clock == "first_attempt" else attempted
        if any(move["to"] in ("lost", "disqualified") for move in here):
            for run in runs:
                if at_work(run, touch["at"]):
                    run.update(state="cancelled", stopped_at=touch["at"])
    for run in runs:
        if run["state"] == "running" and run["due_at"] <= now:
            run["state"] = "breached"
    return runs


def stalls(line: list[Touch], now: int, funnel: list[Move]) -> list[dict[str, Any]]:
    """Every stall, visit by visit: when it opened, escalated and was resolved."""
    found = []
    for move, following in zip(funnel, [*funnel[1:], None], strict=True):
        if move["to"] not in QUIET:
            continue
        no_activity, no_progress = QUIET[move["to"]]
        left = following["at"] if following else None
        last = following["n"] if following else len(line)
        heard = [one["at"] for one in line if move["n"] < one["n"] < last and counted(one)]
        ends = [*heard, left]
        for base, end in zip([move["at"], *heard], ends, strict=True):
            found.append(stall("no_activity", move, base, no_activity * DAY, end, now))
        found.append(stall("no_progress", move, move["at"], no_progress * DAY, left, now))
    return [one for one in found if one is not None]


def stall(kind: str, move: Move, base: int, limit: int, end: int | None, now: int) -> dict[str, Any] | None:
    close = now + 1 if end is None else end
    if base + limit >= close:
        return None
    escalated = base + 2 * limit if base + 2 * limit < close else None
    return {
        "kind": kind, "track": "funnel", "stage": move["to"], "since": base + limit, "escalated_at": escalated,
        "resolved": end,
    }  # fmt: skip

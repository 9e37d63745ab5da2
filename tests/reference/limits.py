"""Clocks and stalls: what was due when, walked hour by hour.

Readings of the text:
- while a run of a clock is running another start changes nothing; after it was breached a start begins a new run;
- a stop stops every run of the clock that has not been stopped, the late one too;
- two_way starts at the touchpoint that stopped a first_attempt, in time or late;
- only a genuine response stops a clock: an inbound automated message (an out-of-office reply) does not stop two_way;
- a touchpoint first stops what was running, then starts, then may stop what it started; last of all it cancels;
- leaving for lost or disqualified on either track cancels, and leaving recycled for them is no re-offer;
- a stall opens a limit after the moment it counts from, and that moment is before what ends it: at the limit is in time.
"""

from collections.abc import Callable
from typing import Any

from tests.reference.line import DAY, HOUR, Touch, automated, counted, outbound, said
from tests.reference.moves import Move

Run = dict[str, Any]
Test = Callable[[Touch], bool]
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
        answered = touch["direction"] == "inbound" and not automated(touch)
        return answered or kind == "meeting.held" or (kind == "call.logged" and said(touch, "outcome") == "connected")
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


def stopped(runs: list[Run], clock: str, at: int) -> bool:
    """Stop every unstopped run of a clock; whether there was one."""
    mine = [run for run in runs if run["name"] == clock and run["stopped_at"] is None and run["state"] == "running"]
    for run in mine:
        run.update(stopped_at=at, state="met" if at <= run["due_at"] else "breached")
    return bool(mine)


def started(runs: list[Run], clock: str, at: int) -> None:
    if not any(run["name"] == clock and run["state"] == "running" and at <= run["due_at"] for run in runs):
        runs.append({"name": clock, "state": "running", "started_at": at, "due_at": due(clock, at), "stopped_at": None})


def clocks(line: list[Touch], now: int, moves: list[Move]) -> list[Run]:
    """Every run of every clock. `running` here also means breached but not stopped, until the end names it."""
    runs: list[Run] = []
    for touch in line:
        here = [move for move in moves if move["n"] == touch["n"]]
        for clock in LIMITS:
            attempted = stops(clock, touch, here) and stopped(runs, clock, touch["at"])
            if starts(clock, touch, here):
                started(runs, clock, touch["at"])
                if stops(clock, touch, here):
                    attempted = stopped(runs, clock, touch["at"]) or attempted
            if clock == "first_attempt" and attempted:
                started(runs, "two_way", touch["at"])
        if any(move["to"] in ("lost", "disqualified") for move in here):
            for run in runs:
                if run["state"] == "running" and touch["at"] <= run["due_at"]:
                    run.update(state="cancelled", stopped_at=touch["at"])
    for run in runs:
        if run["state"] == "running" and run["due_at"] < now:
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
    close = now if end is None else end
    if base + limit >= close:
        return None
    escalated = base + 2 * limit if base + 2 * limit < close else None
    return {
        "kind": kind, "track": "funnel", "stage": move["to"], "since": base + limit, "escalated_at": escalated, "resolved": end,
    }  # fmt: skip

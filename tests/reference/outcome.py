"""One customer's touchpoints in, everything the default policy says about the customer out."""

from typing import Any

from tests.reference.collisions import Naming, Overlap, overlaps
from tests.reference.limits import clocks, stalls
from tests.reference.line import Touch, in_order
from tests.reference.moves import furthest_of, moved
from tests.reference.owners import handoffs, owner
from tests.reference.score import engagement, fit


def unnamed(_: Overlap) -> str | None:
    return None


def follow(touchpoints: list[Touch], now: int, naming: Naming = unnamed) -> dict[str, Any]:
    """`now` is in epoch milliseconds, as is every time in the answer; a touchpoint is named (source, id).

    tracks: {track: stage, entered_at, furthest, visits} of tracks that were entered; transitions, overlaps, clocks,
    stalls and handoffs: lists of everything that ever was; owner: team, actor, since; score: fit, engagement at `now`.
    """
    line = in_order(touchpoints)
    moves = {track: moved(track, line, now) for track in ("funnel", "lead")}
    every = sorted([*moves["funnel"], *moves["lead"]], key=lambda move: move["n"])
    return {
        "tracks": {track: position(track, made) for track, made in moves.items() if made},
        "transitions": every,
        "overlaps": overlaps(line, now, moves["funnel"], naming),
        "clocks": clocks(line, now, every),
        "stalls": stalls(line, now, moves["funnel"]),
        "owner": owner(line),
        "handoffs": handoffs(line, moves["lead"]),
        "score": {"fit": fit(line), "engagement": engagement(line, now)},
    }


def position(track: str, moves: list[dict[str, Any]]) -> dict[str, Any]:
    visits: dict[str, int] = {}
    for move in moves:
        visits[move["to"]] = visits.get(move["to"], 0) + 1
    last = moves[-1]
    return {"stage": last["to"], "entered_at": last["at"], "furthest": furthest_of(track, moves), "visits": visits}

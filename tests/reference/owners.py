"""Who owns the customer, who claimed what, and who owns a subject at a stage.

Readings of the text:
- `owner.assigned` without a team changes nothing; a move to marketing leaves no person as owner unless one is named;
- a hand-off is said where an offer is made (entering mql), answered (lead.accepted, lead.rejected), or the team changes;
- a claim is active for 14 days, the last instant included; a release ends the team's claim on just what it names;
- where two claims are active, the earlier has precedence.
"""

from typing import Any

from tests.reference.line import DAY, Touch, named, said
from tests.reference.moves import FUNNEL, Move

GOING = {
    "lead.accepted": "accepted",
    "deal.created": "assigned",
    "lead.rejected": "rejected",
    "lead.recycled": "handed_back",
}


def destination(touch: Touch) -> tuple[str, str | None] | None:
    """The team and the person that a touchpoint makes the owner."""
    kind = touch["type"]
    if kind in ("lead.accepted", "deal.created"):
        return "sales", said(touch, "owner") or touch.get("actor")
    if kind in ("lead.rejected", "lead.recycled"):
        return "marketing", said(touch, "owner")
    if kind == "owner.assigned" and said(touch, "team"):
        return said(touch, "team"), said(touch, "owner")
    return None


def owner(line: list[Touch]) -> dict[str, Any]:
    """The owner after a list of touchpoints, and since when it has been just this team and person."""
    team, actor, since = "marketing", None, line[0]["at"] if line else None
    for touch in line:
        given = destination(touch)
        if given is not None and given != (team, actor):
            (team, actor), since = given, touch["at"]
    return {"team": team, "actor": actor, "since": since}


def handoffs(line: list[Touch], lead: list[Move]) -> list[dict[str, Any]]:
    told = []
    for touch in line:
        entered = [move for move in lead if move["n"] == touch["n"] and move["to"] == "mql"]
        was, will = owner(line[: touch["n"]])["team"], owner(line[: touch["n"] + 1])["team"]
        kind = GOING.get(touch["type"], "assigned")
        if entered:
            told.append({"kind": "offered", "at": touch["at"], "touchpoint": named(touch), "reason": None})
        if kind in ("accepted", "rejected") or was != will:
            told.append({"kind": kind, "at": touch["at"], "touchpoint": named(touch), "reason": said(touch, "reason")})
    return told


def claims(line: list[Touch], touch: Touch) -> list[dict[str, Any]]:
    """The claims active when a touchpoint has happened, oldest first: team, subject (None: all), at."""
    active: dict[tuple[str, str | None], int] = {}
    for one in line[: touch["n"] + 1]:
        held = (one["team"], one.get("subject"))
        if one["type"] == "owner.claimed":
            active.pop(held, None)
            active[held] = one["at"]
        if one["type"] == "owner.released":
            active.pop(held, None)
    return [
        {"team": team, "subject": subject, "at": at}
        for (team, subject), at in active.items()
        if touch["at"] - at <= 14 * DAY
    ]


def subject_owner(subject: str | None, stage: str | None, owning_team: str) -> str | None:
    """Who owns a subject at a funnel stage; None for one that the policy gives to nobody."""
    place = FUNNEL.index(stage) if stage in FUNNEL else -1
    if stage is not None and stage not in FUNNEL:
        return "sales" if subject == "contract" else "marketing"
    if subject == "pricing":
        return "sales" if place >= FUNNEL.index("intent") else "marketing"
    if subject == "promotion":
        return "sales" if place >= FUNNEL.index("evaluation") else "marketing"
    return {"targeting": "marketing", "contract": "sales", "contact": owning_team}.get(subject or "")

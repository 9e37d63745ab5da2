"""Who owns the customer, who claimed what, and who owns a subject at a stage.

Readings of the text:
- `owner.assigned` without a team changes nothing; a move to marketing leaves no person as owner unless one is named;
- a hand-off is said where a lead is offered (entering mql), answered (lead.accepted, lead.rejected), or changes hands;
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

CLAIMING = {"owner.claimed": "claimed", "owner.released": "released"}


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
    since = line[0]["at"] if line else None
    team, actor = "marketing", None
    for touch in line:
        given = destination(touch)
        if given is not None and given != (team, actor):
            (team, actor), since = given, touch["at"]
    return {"team": team, "actor": actor, "since": since}


def handoffs(line: list[Touch], lead: list[Move]) -> list[dict[str, Any]]:
    """Offers, answers, claims, releases and other changes of the owner: kind, at, touchpoint, reason, and of an answer
    since when it was waited for. An offer stands until it is accepted or rejected; the latest one counts.
    """
    told: list[dict[str, Any]] = []
    offered = None
    for touch in line:
        kinds = []
        if any(move["n"] == touch["n"] and move["to"] == "mql" for move in lead):
            offered = touch["at"]
            kinds.append("offered")
        was, will = owner(line[: touch["n"]]), owner(line[: touch["n"] + 1])
        going = GOING.get(touch["type"])
        answers = offered is not None and going in ("accepted", "rejected")
        changed = (was["team"], was["actor"]) != (will["team"], will["actor"])
        kinds += [going or "assigned"] if answers or changed else []
        kinds += [CLAIMING[touch["type"]]] if touch["type"] in CLAIMING else []
        for kind in kinds:
            waited = offered if kind in ("accepted", "rejected") else None
            told.append(
                {
                    "kind": kind,
                    "at": touch["at"],
                    "touchpoint": named(touch),
                    "reason": said(touch, "reason"),
                    "offered": waited,
                }
            )
        if answers:
            offered = None
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


def subject_owner(subject: str | None, stage: str | None, owning_team: str) -> str:
    """Who owns a subject at a funnel stage; the owner's team what the policy gives to nobody, or no subject."""
    if subject is None:
        return owning_team
    place = FUNNEL.index(stage) if stage in FUNNEL else -1
    if stage is not None and stage not in FUNNEL:
        return "sales" if subject == "contract" else "marketing"
    if subject == "pricing":
        return "sales" if place >= FUNNEL.index("intent") else "marketing"
    if subject == "promotion":
        return "sales" if place >= FUNNEL.index("evaluation") else "marketing"
    return {"targeting": "marketing", "contract": "sales"}.get(subject or "", owning_team)

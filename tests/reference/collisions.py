"""Overlaps of the two teams at one customer.

Readings of the text:
- of every kind one is open per subject; a later touchpoint that fits the same kind extends it;
- a touchpoint extends an overlap only where it fits what opens one, not merely while one is open;
- a claim resolves what is open on its subject; while it collides with another team's, the double_owner itself goes on;
- a release resolves what is open on its subject: one of the two lets go;
- a claim or release without a subject is for the whole customer, and so for every subject;
- precedence is told as of the latest touchpoint of an overlap; pressure is on no subject: the owner's team has it;
- a quote is open from the touchpoint after it on.
"""

from collections.abc import Callable
from typing import Any

from tests.reference.line import DAY, HOUR, TEAMS, Touch, named, outbound, said, until
from tests.reference.moves import Move, after, before
from tests.reference.owners import claims, owner, subject_owner

WATCHED = ("pricing", "promotion", "targeting", "contract")
SEVERITY = {"subject": "medium", "conflict": "high", "off_turf": "low", "double_owner": "high", "pressure": "low"}
ANSWERS = ("quote.accepted", "quote.declined", "deal.won", "deal.lost")
Overlap = dict[str, Any]
Naming = Callable[[Overlap], str | None]


def both_on_it(line: list[Touch], touch: Touch) -> bool:
    subject = touch.get("subject")
    return (
        outbound(touch)
        and subject in WATCHED
        and any(
            outbound(one) and one.get("subject") == subject and one["team"] != touch["team"]
            for one in until(line, touch, 7 * DAY)
        )
    )


def quote_open(line: list[Touch], touch: Touch) -> bool:
    """A quote.sent in the last 30 days with no answer since."""
    return any(
        one["type"] == "quote.sent" and not any(two["type"] in ANSWERS for two in line[one["n"] + 1 : touch["n"]])
        for one in until(line, touch, 30 * DAY)
        if one["n"] < touch["n"]
    )


def contradicts(line: list[Touch], touch: Touch) -> bool:
    promotes = outbound(touch) and touch["team"] == "marketing" and touch.get("subject") == "promotion"
    return promotes and quote_open(line, touch)


def trespasses(line: list[Touch], touch: Touch, funnel: list[Move]) -> bool:
    stage, subject = before(funnel, touch), touch.get("subject")
    if not outbound(touch) or subject not in WATCHED or stage is None:
        return False
    asked = any(
        one["direction"] == "inbound" and one.get("subject") == subject for one in until(line, touch, 48 * HOUR)
    )
    if asked or said(touch, "in_reply_to") is not None:
        return False
    return subject_owner(subject, stage, owner(line[: touch["n"]])["team"]) != touch["team"]


def claimed_twice(line: list[Touch], touch: Touch) -> bool:
    return touch["type"] == "owner.claimed" and any(
        claim["team"] != touch["team"] and claim["subject"] in (touch.get("subject"), None)
        for claim in claims(line, touch)
    )


def presses(line: list[Touch], touch: Touch) -> bool:
    teams = [one["team"] for one in until(line, touch, 7 * DAY) if outbound(one)]
    return outbound(touch) and len(teams) > 6 and all(team in teams for team in TEAMS)


def fitting(line: list[Touch], touch: Touch, funnel: list[Move]) -> list[tuple[str, str | None]]:
    """The overlaps that a touchpoint opens or extends: (kind, subject)."""
    subject = touch.get("subject")
    return [
        (kind, of)
        for kind, of, fits in (
            ("subject", subject, both_on_it(line, touch)),
            ("conflict", subject, contradicts(line, touch)),
            ("off_turf", subject, trespasses(line, touch, funnel)),
            ("double_owner", subject, claimed_twice(line, touch)),
            ("pressure", None, presses(line, touch)),
        )
        if fits
    ]


def precedence(line: list[Touch], touch: Touch, subject: str | None, funnel: list[Move]) -> str | None:
    for claim in claims(line, touch):
        if claim["subject"] in (subject, None):
            return str(claim["team"])
    return subject_owner(subject, after(funnel, touch), owner(line[: touch["n"] + 1])["team"])


def resolution(overlap: Overlap, touch: Touch, collides: bool) -> str | None:
    """How a touchpoint resolves an open overlap; `collides`: it is a claim against another team's."""
    concerned = touch.get("subject") in (None, overlap["subject"])
    if touch["type"] == "owner.claimed" and concerned and not (collides and overlap["kind"] == "double_owner"):
        return "claim"
    if touch["type"] == "owner.released" and concerned:
        return "release"
    if touch["type"] == "overlap.resolved" and said(touch, "id") == overlap["id"]:
        return "decision"
    return None


def overlaps(line: list[Touch], now: int, funnel: list[Move], naming: Naming) -> list[Overlap]:
    """Every overlap, in order of opening. `naming(overlap)` is the id by which a person's decision means it."""
    found: list[Overlap] = []
    for touch in line:
        expired(found, touch["at"])
        collides = claimed_twice(line, touch)
        for overlap in found:
            how = resolution(overlap, touch, collides) if overlap["status"] == "open" else None
            if how is not None:
                overlap.update(status="resolved", resolution=how, resolved_at=touch["at"])
        for kind, subject in fitting(line, touch, funnel):
            latest = {"last": touch["at"], "precedence": precedence(line, touch, subject, funnel)}
            standing = [one for one in found if (one["kind"], one["subject"], one["status"]) == (kind, subject, "open")]
            for one in standing:
                one.update(latest)
            if not standing:
                found.append(opened(kind, subject, touch, latest, naming))
    expired(found, now + 1)
    return found


def opened(kind: str, subject: str | None, touch: Touch, latest: dict[str, Any], naming: Naming) -> Overlap:
    overlap = {
        "kind": kind, "subject": subject, "status": "open", "severity": SEVERITY[kind], "opened_at": touch["at"],
        **latest, "resolution": None, "resolved_at": None, "touchpoint": named(touch),
    }  # fmt: skip
    return {**overlap, "id": naming(overlap)}


def expired(found: list[Overlap], at: int) -> None:
    """Resolve what nothing was added to for 14 days, where that moment is before `at`."""
    for overlap in found:
        if overlap["status"] == "open" and overlap["last"] + 14 * DAY < at:
            overlap.update(status="resolved", resolution="expiry", resolved_at=overlap["last"] + 14 * DAY)

"""Product and reference on one random journey: what they disagree on."""

from random import Random
from typing import Any

from tests.reference.collisions import Overlap
from tests.reference.line import DAY, Touch, moment
from tests.reference.outcome import follow
from tests.reference.product import answer, overlap_ids, played
from tests.reference.random_journeys import START, arrivals, journey, written

Ids = dict[tuple[str, str | None, int], str]
# Named by the reference for itself only.
UNTOLD = {"id", "touchpoint", "n"}


def disagreements(seed: int) -> tuple[int, list[str]]:
    """How many touchpoints the journey of this seed has, and each difference of the two answers as a line."""
    chance = Random(seed)
    touches, now = journey(chance)
    ids: Ids = {}
    if chance.random() < 0.25:
        touches, ids = with_decisions(chance, touches, now)
    story = played(arrivals(chance, touches), now, chance)
    expected = follow(touches, now, lambda overlap: ids.get(by(overlap)))
    return len(touches), differences(answer(story, now), expected)


def by(overlap: Overlap) -> tuple[str, str | None, int]:
    return overlap["kind"], overlap["subject"], overlap["opened_at"]


def with_decisions(chance: Random, touches: list[Touch], now: int) -> tuple[list[Touch], Ids]:
    """A person decides on some overlaps: which ones there are, and what they are called, is asked beforehand.

    A decision is a touchpoint itself, and may bring one about or keep one from coming; so only the first is decided on.
    """
    ids = overlap_ids(played(touches, now))
    every = follow(touches, now)["overlaps"]
    # Two that opened in one instant, one resolved before the other, cannot be told apart by what the reference knows.
    found = [one for one in every if [by(other) for other in every].count(by(one)) == 1]
    if not found:
        return touches, {}
    overlap = chance.choice(found)
    at = overlap["opened_at"] + chance.choice((0, 1000, DAY, 13 * DAY, 14 * DAY, 20 * DAY))
    decision = {
        "id": "~decision", "source": "~console", "type": "overlap.resolved", "team": "marketing",
        "direction": "internal", "channel": "crm", "occurred_at": written(at - int(START.timestamp()) * 1000),
        "properties": {"id": ids.get(by(overlap), "unknown")},
    }  # fmt: skip
    kept = [*touches, decision] if at <= now else touches
    return sorted(kept, key=lambda touch: (moment(touch["occurred_at"]), touch["source"], touch["id"])), ids


def differences(product: dict[str, Any], reference: dict[str, Any]) -> list[str]:
    lines = []
    for name, expected in reference.items():
        found = product[name]
        if name == "score":
            near = abs(found["engagement"] - expected["engagement"]) <= 1e-6 * (1 + expected["engagement"])
            if found["fit"] != expected["fit"] or not near:
                lines.append(f"score: product {found}, reference {expected}")
        elif isinstance(expected, list):
            ours, theirs = rows(found), rows(expected)
            lines += [f"{name}: only product {row}" for row in ours if row not in theirs]
            lines += [f"{name}: only reference {row}" for row in theirs if row not in ours]
            if len(ours) != len(theirs) and not lines:
                lines.append(f"{name}: product {len(ours)}, reference {len(theirs)}")
        elif found != expected:
            lines.append(f"{name}: product {found}, reference {expected}")
    return lines


def rows(facts: list[dict[str, Any]]) -> list[str]:
    """Facts as comparable lines. A transition and a hand-off are told by their touchpoint, others by their moments."""
    told = {"touchpoint"} if facts and ("from" in facts[0] or "offered" in facts[0]) else set()
    return sorted(
        str({name: value for name, value in sorted(fact.items()) if name not in UNTOLD - told}) for fact in facts
    )

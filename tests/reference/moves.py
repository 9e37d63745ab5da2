"""Both tracks: which moves a list of touchpoints makes, and which stage held at each of them.

Readings of the text:
- a detour can be entered from anywhere, from no stage and from another detour too; the present one changes nothing;
- a touchpoint that is a detour's is nothing else: it neither enters a stage nor brings back;
- from recycled and lost of the lead track only inquiry and mql are come back to, whatever else the touchpoint matches;
- inactive counts from the later of the last counted activity and the present stage's entry, as no_activity does;
- what is due at `now` has happened, what is due at the instant of a touchpoint has not happened before it;
- "the 2nd" means the 2nd or any later one.
"""

from typing import Any

from tests.reference.line import DAY, Touch, counted, named, number, pricing_page, said, second
from tests.reference.score import ready

FUNNEL = ["awareness", "interest", "consideration", "intent", "evaluation", "purchase", "loyalty", "advocacy"]
LEAD = ["inquiry", "mql", "sal", "sql", "opportunity", "customer"]
STAGES = {"funnel": FUNNEL, "lead": LEAD}
INTEREST = ("email.clicked", "page.viewed", "ad.clicked", "social.engaged", "content.downloaded", "event.visited")
DISQUALIFYING = ("bad_data", "duplicate", "existing_customer", "competitor")
Move = dict[str, Any]


def funnel_matches(line: list[Touch], touch: Touch, furthest: str | None) -> list[str]:
    kind, found = touch["type"], ["awareness"]
    if touch["direction"] == "inbound" and kind in INTEREST:
        found.append("interest")
    if second(line, touch, "email.opened", 14 * DAY):
        found.append("interest")
    if kind in ("form.submitted", "webinar.attended", "chat.started"):
        found.append("consideration")
    if second(line, touch, "content.downloaded", 30 * DAY):
        found.append("consideration")
    if pricing_page(touch) or kind in ("demo.requested", "trial.started", "lead.qualified"):
        found.append("intent")
    if kind in ("meeting.held", "demo.held", "quote.sent", "deal.created"):
        found.append("evaluation")
    if kind == "deal.won":
        found.append("purchase")
    if second(line, touch, "deal.won", None) or kind in ("deal.renewed", "subscription.expanded"):
        found.append("loyalty")
    if furthest in ("purchase", "loyalty", "advocacy") and speaks_for_us(touch):
        found.append("advocacy")
    return found


def speaks_for_us(touch: Touch) -> bool:
    if touch["type"] == "review.posted":
        rating = number(said(touch, "rating"))
        return rating is not None and rating >= 4
    return touch["type"] in ("referral.made", "case_study.agreed")


def lead_matches(line: list[Touch], touch: Touch, stage: str | None) -> list[str]:
    kind, found = touch["type"], []
    if kind in ("form.submitted", "event.badge_scanned"):
        found.append("inquiry")
    pages = [one for one in line[: touch["n"] + 1] if pricing_page(one) and touch["at"] - one["at"] <= 7 * DAY]
    asked = kind in ("lead.qualified", "demo.requested") or (pricing_page(touch) and len(pages) >= 2)
    if stage not in ("opportunity", "customer") and (asked or ready(line, touch)):
        found.append("mql")
    for type_name, entered in (
        ("lead.accepted", "sal"), ("lead.confirmed", "sql"), ("deal.created", "opportunity"), ("deal.won", "customer"),
    ):  # fmt: skip
        if kind == type_name:
            found.append(entered)
    return found


def detour(track: str, touch: Touch) -> str | None:
    kind = touch["type"]
    if kind == "lead.recycled":
        return "recycled"
    if kind == "lead.disqualified":
        return "disqualified"
    if kind == "deal.lost" or (track == "funnel" and kind == "subscription.cancelled"):
        return "lost"
    if track == "lead" and kind == "lead.rejected":
        return "disqualified" if said(touch, "reason") in DISQUALIFYING else "recycled"
    return None


def regressed(track: str, touch: Touch, stage: str | None) -> str | None:
    kind = touch["type"]
    if track == "lead":
        return "opportunity" if kind == "deal.reopened" and stage == "customer" else None
    if kind == "quote.declined" and stage == "evaluation":
        return "consideration"
    return "evaluation" if kind == "deal.reopened" and stage in ("purchase", "loyalty") else None


def returned(track: str, touch: Touch, stage: str, matches: list[str]) -> str | None:
    """The stage that a touchpoint brings a customer in a detour back to."""
    stages = STAGES[track]
    if stage == "disqualified":
        return {"funnel": "interest", "lead": "inquiry"}[track] if touch["type"] == "lead.requalified" else None
    allowed = ["inquiry", "mql"] if track == "lead" else stages[1:] if touch["direction"] == "inbound" else []
    fitting = [name for name in stages if name in matches and name in allowed]
    return fitting[-1] if fitting else None


def onward(track: str, stage: str | None, matches: list[str]) -> tuple[str, str] | None:
    """Up to the highest match above the present stage: (kind, stage)."""
    stages = STAGES[track]
    above = [name for name in stages if name in matches and (stage is None or stages.index(name) > stages.index(stage))]
    if not above:
        return None
    if stage is None:
        return "enter", above[-1]
    return ("advance" if stages.index(above[-1]) == stages.index(stage) + 1 else "skip"), above[-1]


def decided(
    track: str, line: list[Touch], touch: Touch, stage: str | None, furthest: str | None
) -> tuple[str, str] | None:
    """What a touchpoint does to a customer on a track: (kind, stage), or nothing."""
    aside = detour(track, touch)
    if aside is not None:
        return None if aside == stage else ("recycle" if aside == "recycled" else "exit", aside)
    back = regressed(track, touch, stage)
    if back is not None:
        return "regress", back
    matches = funnel_matches(line, touch, furthest) if track == "funnel" else lead_matches(line, touch, stage)
    if stage is not None and stage not in STAGES[track]:
        to = returned(track, touch, stage, matches)
        return None if to is None else ("re-enter", to)
    return onward(track, stage, matches)


def furthest_of(track: str, moves: list[Move]) -> str | None:
    reached = [name for name in STAGES[track] if any(move["to"] == name for move in moves)]
    return reached[-1] if reached else None


def falls_silent(line: list[Touch], moves: list[Move], before: int) -> int | None:
    """When the customer became inactive, looking at the touchpoints before place `before`; None where never."""
    if not moves or moves[-1]["to"] not in FUNNEL[:5]:
        return None
    return max([moves[-1]["at"], *(one["at"] for one in line[:before] if counted(one))]) + 60 * DAY


def moved(track: str, line: list[Touch], now: int) -> list[Move]:
    """Every move on a track, in order. `n` is the touchpoint's place, or half a place before the next for time's."""
    moves: list[Move] = []

    def add(kind: str, to: str, at: int, n: float, touch: Touch | None) -> None:
        come_from = moves[-1]["to"] if moves else None
        moves.append(
            {"track": track, "from": come_from, "to": to, "kind": kind, "at": at, "n": n, "touchpoint": named(touch)}
        )

    for n in range(len(line) + 1):
        silent = falls_silent(line, moves, n) if track == "funnel" else None
        if silent is not None and silent < (line[n]["at"] if n < len(line) else now + 1):
            add("exit", "inactive", silent, n - 0.5, None)
        if n < len(line):
            stage = moves[-1]["to"] if moves else None
            done = decided(track, line, line[n], stage, furthest_of(track, moves))
            if done is not None:
                add(*done, line[n]["at"], n, line[n])
    return moves


def before(moves: list[Move], touch: Touch) -> str | None:
    """The stage in which a touchpoint found the customer."""
    past = [move for move in moves if move["n"] < touch["n"]]
    return past[-1]["to"] if past else None


def after(moves: list[Move], touch: Touch) -> str | None:
    """The stage in which a touchpoint left the customer."""
    past = [move for move in moves if move["n"] <= touch["n"]]
    return past[-1]["to"] if past else None

"""Seeded random journeys of one customer: plausible days and hostile ones, window edges, bursts and one instant."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from tests.reference.line import DAY, HOUR, MINUTE, Touch

START = datetime(2026, 1, 5, tzinfo=UTC)
CHANNELS = {
    "email": "email", "call": "call", "meeting": "meeting", "page": "web", "form": "web", "trial": "web", "ad": "ads",
    "content": "content", "social": "social", "webinar": "event", "event": "event", "chat": "chat",
    "referral": "referral",
    "review": "review", "demo": "meeting", "sms": "sms",
}  # fmt: skip
INBOUND = (
    "email.opened", "email.clicked", "email.received", "page.viewed", "page.viewed", "ad.clicked", "social.engaged",
    "content.downloaded", "event.visited", "event.badge_scanned", "form.submitted", "webinar.attended", "chat.started",
    "demo.requested", "trial.started", "quote.declined", "quote.accepted", "review.posted", "referral.made",
    "case_study.agreed", "subscription.cancelled", "subscription.expanded", "deal.renewed", "survey.answered",
)  # fmt: skip
OUTBOUND = (
    "email.sent",
    "email.sent",
    "call.logged",
    "meeting.held",
    "demo.held",
    "quote.sent",
    "sms.sent",
    "gift.sent",
)
INTERNAL = (
    "lead.qualified", "lead.routed", "lead.accepted", "lead.rejected", "lead.recycled", "lead.disqualified",
    "lead.requalified", "lead.confirmed", "lead.rated", "owner.assigned", "owner.claimed", "owner.released",
    "deal.created", "deal.changed", "deal.won", "deal.lost", "deal.reopened", "note.written",
)  # fmt: skip
# Endings are rarer than they would be by lot: a journey that is lost at once tells little.
RARE = {"lead.disqualified", "deal.lost", "subscription.cancelled", "lead.rejected", "lead.recycled", "deal.won"}
SUBJECTS = ("pricing", "promotion", "targeting", "contract", "content", "support", None, None)
REASONS = ("bad_data", "duplicate", "existing_customer", "competitor", "no_budget", "wrong_persona", None)
# What a journey is mostly about: chains that a lot among all types hardly ever draws one after the other.
THEMES: dict[str, tuple[str, ...]] = {
    "everything": (),
    "claims": ("owner.claimed", "owner.claimed", "owner.released", "email.sent", "call.logged", "quote.sent"),
    "hand-over": (
        "lead.qualified", "lead.routed", "lead.accepted", "lead.rejected", "lead.recycled", "lead.requalified",
        "form.submitted", "call.logged", "email.sent", "email.received",
    ),
    "deals": (
        "deal.created", "quote.sent", "quote.declined", "deal.won", "deal.reopened", "deal.lost", "meeting.held",
        "review.posted",
    ),
    "outreach": ("email.sent", "call.logged", "sms.sent", "email.received"),
    "quiet": ("email.received", "call.logged", "email.opened", "note.written"),
    "interest": ("email.opened", "content.downloaded", "page.viewed", "email.clicked"),
}  # fmt: skip
# Distances that the policy's windows and limits begin or end at, and one thousandth of a second to both sides.
EDGES = [days * DAY for days in (1, 2, 7, 7, 7, 10, 14, 14, 14, 20, 21, 28, 30, 42, 45, 60, 90)] + [
    1 * HOUR,
    4 * HOUR,
    48 * HOUR,
]
TRAITS = (
    ("seniority", ("director", "vp", "chief", "manager", "intern")),
    ("company_size", (12, 49, 50, 5000)),
    ("country", ("DE", "US", "NO", "JP")),
)


def written(at: int) -> str:
    return (START + timedelta(milliseconds=at)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def gap(chance: Random, pace: str) -> int:
    """Milliseconds until the next touchpoint."""
    kind = chance.random()
    if kind < 0.08:
        return 0
    if kind < 0.22:
        return max(0, chance.choice(EDGES) + chance.choice((-1, 0, 0, 0, 1)))
    longest = {"burst": 2 * HOUR, "busy": DAY, "plain": 5 * DAY, "slow": 25 * DAY}[pace]
    return chance.randrange(longest) // 1000 * 1000


def office_edge(chance: Random, at: int) -> int:
    """The same day at an hour that business time turns on, so that limits end on openings and closings."""
    opening = chance.choice((9 * HOUR, 16 * HOUR, 17 * HOUR, 13 * HOUR, 16 * HOUR + 30 * MINUTE, 0))
    return at // DAY * DAY + opening


def properties(chance: Random, kind: str) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if kind == "page.viewed" and chance.random() < 0.7:
        given["path"] = chance.choice(("/pricing", "/pricing/teams", "/blog/pricing", "/", 7))
    if kind == "review.posted":
        given["rating"] = chance.choice((1, 3, 3.9, 4, 5, "5", None))
    if kind == "call.logged":
        given["outcome"] = chance.choice(("connected", "voicemail", None))
    if kind == "lead.rejected":
        given["reason"] = chance.choice(REASONS)
    if kind in ("lead.accepted", "deal.created") and chance.random() < 0.4:
        given["owner"] = chance.choice(("rep-1", "rep-2"))
    if kind == "owner.assigned":
        given.update(team=chance.choice(("marketing", "sales")), owner=chance.choice(("rep-1", "rep-3")))
    if chance.random() < 0.15:
        given["automated"] = chance.choice((True, True, False))
    if chance.random() < 0.06:
        given["in_reply_to"] = "m-1"
    if chance.random() < 0.2:
        given["traits"] = {name: chance.choice(values) for name, values in TRAITS if chance.random() < 0.5}
    return {name: value for name, value in given.items() if value is not None}


def drawn(chance: Random, theme: str) -> tuple[str, str]:
    """A type and its direction: mostly the usual one."""
    if THEMES[theme] and chance.random() < (0.97 if theme == "quiet" else 0.7):
        kind = chance.choice(THEMES[theme])
        return kind, "inbound" if kind in INBOUND else "outbound" if kind in OUTBOUND else "internal"
    direction = chance.choices(("inbound", "outbound", "internal"), (5, 5, 3))[0]
    kinds = {"inbound": INBOUND, "outbound": OUTBOUND, "internal": INTERNAL}[direction]
    kind = chance.choice(kinds)
    if kind in RARE and chance.random() < 0.5:
        kind = chance.choice(kinds)
    if direction != "internal" and chance.random() < 0.06:
        direction = chance.choice(("inbound", "outbound", "internal"))
    return kind, direction


def touchpoint(chance: Random, number: int, at: int, theme: str) -> Touch:
    kind, direction = drawn(chance, theme)
    channel = CHANNELS.get(kind.partition(".")[0], "crm")
    touch: Touch = {
        "id": f"t{chance.randrange(1000)}-{number}",
        "source": chance.choice(("crm", "mailer", "web")),
        "type": kind,
        "team": chance.choice(("marketing", "sales")),
        "customer": {"email": "a@b.example"},
        "occurred_at": written(at),
        "direction": direction,
        "channel": "web" if kind == "demo.requested" else channel,
        "properties": properties(chance, kind),
    }
    if chance.random() < 0.6:
        touch["actor"] = chance.choice(("rep-1", "rep-2", "mailer"))
    subject = chance.choice(SUBJECTS) if direction == "outbound" or chance.random() < 0.4 else None
    return touch if subject is None else {**touch, "subject": subject}


def journey(chance: Random, most: int = 200) -> tuple[list[Touch], int]:
    """Touchpoints in event order, and `now` in epoch ms: at the last one, on an edge after it, or much later."""
    pace = chance.choice(("burst", "busy", "busy", "plain", "plain", "slow"))
    theme = chance.choice(("everything", "everything", *THEMES))
    count = chance.choice((chance.randint(1, 12), chance.randint(1, 60), chance.randint(1, most)))
    at, touches = chance.randrange(14 * DAY) // 1000 * 1000, []
    for number in range(count):
        at += gap(chance, pace)
        if chance.random() < 0.12:
            at = max(at, office_edge(chance, at))
        touches.append(touchpoint(chance, number, at, theme))
    later = chance.choice((1, 1000, chance.choice(EDGES) + chance.choice((0, 1)), chance.randrange(1, 200 * DAY)))
    return touches, int(START.timestamp()) * 1000 + at + later


def arrivals(chance: Random, touches: list[Touch], window: int = 7 * DAY) -> list[Touch]:
    """The same touchpoints as they may arrive: late by less than the correction window, some of them twice."""
    if chance.random() < 0.3:
        return touches
    shift = chance.choice((MINUTE, HOUR, DAY, window))
    arriving = sorted(((moment_of(touch) + chance.randrange(shift + 1), n) for n, touch in enumerate(touches)))
    order = [touches[n] for _, n in arriving]
    for touch in [one for one in order if chance.random() < 0.05]:
        place = order.index(touch) + chance.randint(1, 3)
        # Sent twice within what deduplication remembers.
        if all(moment_of(one) - moment_of(touch) < 20 * DAY for one in order[:place]):
            order.insert(place, touch)
    return order


def moment_of(touch: Touch) -> int:
    return (datetime.fromisoformat(touch["occurred_at"]) - START) // timedelta(milliseconds=1)

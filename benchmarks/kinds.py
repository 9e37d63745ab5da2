"""The kinds of touchpoints that the measured data consists of: what both teams do, and what the policy reacts to."""

import json
from dataclasses import dataclass
from typing import Any

from schemas.touchpoint import default_channel


@dataclass(frozen=True)
class Kind:
    """Touchpoints alike in all but customer and moment. `fields` is the JSON text of all that they share."""

    source: str
    team: str
    fields: str


def _kind(type_name: str, source: str, team: str, direction: str, **optional: Any) -> Kind:
    shared = {
        "type": type_name,
        "team": team,
        "direction": direction,
        "channel": default_channel(type_name),
        **optional,
    }
    return Kind(source, team, json.dumps(shared, separators=(",", ":"))[1:-1])


_NEWSLETTER = {"actor": "mailer", "campaign": "newsletter", "properties": {"automated": True}}
_SENT = [
    _kind("email.sent", "mailer", "marketing", "outbound", subject=subject, content=content, **_NEWSLETTER)
    for subject, content in (
        ("content", "white paper: lead definitions that hold"),
        ("content", "case study: half the hand-off time"),
        ("content", "blog: why good leads go cold"),
        ("product", "guide: choosing a tracker"),
        ("promotion", "annual-plan-offer"),
    )
]
_OPENED = _kind("email.opened", "mailer", "marketing", "inbound", campaign="newsletter", properties={"client": "web"})
_CLICKED = _kind("email.clicked", "mailer", "marketing", "inbound", campaign="newsletter", properties={"link": "/docs"})
_VIEWED = [
    _kind("page.viewed", "website", "marketing", "inbound", properties={"path": path, "referrer": "search"})
    for path in ("/", "/product", "/customers", "/blog/good-leads-go-cold", "/docs", "/about")
]
_PRICING = _kind("page.viewed", "website", "marketing", "inbound", properties={"path": "/pricing/teams"})
_DOWNLOADED = _kind(
    "content.downloaded", "website", "marketing", "inbound", subject="content", content="ebook: one line"
)
_FORM = _kind(
    "form.submitted", "forms", "marketing", "inbound",
    properties={"form": "newsletter", "traits": {"seniority": "director", "company_size": 120, "country": "DE"}},
)  # fmt: skip
_WEBINAR = _kind("webinar.attended", "webinars", "marketing", "inbound", properties={"minutes": 42})
_QUALIFIED = _kind("lead.qualified", "crm", "marketing", "internal", actor="marketer-1", properties={"model": "fit"})
_DEMO = _kind("demo.requested", "forms", "marketing", "inbound", subject="product", properties={"form": "demo"})
_ROUTED = _kind("lead.routed", "crm", "marketing", "internal", actor="router", properties={"owner": "rep-4"})
_ACCEPTED = _kind("lead.accepted", "crm", "sales", "internal", actor="rep-4")
_REJECTED = _kind("lead.rejected", "crm", "sales", "internal", actor="rep-2", properties={"reason": "no_budget"})
_CONFIRMED = _kind("lead.confirmed", "crm", "sales", "internal", actor="rep-4")
_CALLED = _kind(
    "call.logged", "dialler", "sales", "outbound",
    actor="rep-4", subject="product", properties={"outcome": "connected", "seconds": 340},
)  # fmt: skip
_WROTE = [
    _kind("email.sent", "sequences", "sales", "outbound", actor="rep-4", subject=subject, properties={"step": 2})
    for subject in ("product", "pricing", "targeting", "promotion")
]
_MET = _kind("meeting.held", "calendar", "sales", "outbound", actor="rep-4", subject="product")
_CREATED = _kind("deal.created", "crm", "sales", "internal", actor="rep-4", properties={"amount": 18000})
_QUOTED = _kind("quote.sent", "quotes", "sales", "outbound", actor="rep-4", subject="pricing")
_ANSWERED = _kind("quote.accepted", "quotes", "sales", "inbound", subject="pricing")
_WON = _kind("deal.won", "crm", "sales", "internal", actor="rep-4")
_LOST = _kind("deal.lost", "crm", "sales", "internal", actor="rep-4", properties={"reason": "timing"})


def _often(*shares: tuple[int, Kind]) -> tuple[Kind, ...]:
    """Every kind as often as its share says: a random place is a weighted choice."""
    return tuple(kind for share, kind in shares for _ in range(share))


# What happens early, in the middle and late in a customer's time, per hundred or so.
EARLY = _often(
    *((7, kind) for kind in _SENT), *((6, kind) for kind in _VIEWED),
    (10, _OPENED), (3, _CLICKED), (5, _DOWNLOADED), (3, _FORM), (2, _WEBINAR),
)  # fmt: skip
MIDDLE = _often(
    *((5, kind) for kind in _SENT), *((5, kind) for kind in _VIEWED), *((1, kind) for kind in _WROTE),
    (10, _OPENED), (3, _CLICKED), (5, _PRICING), (4, _DOWNLOADED), (3, _FORM), (3, _QUALIFIED), (2, _DEMO),
    (3, _ROUTED), (3, _ACCEPTED), (1, _REJECTED), (5, _CALLED),
)  # fmt: skip
LATE = _often(
    *((4, kind) for kind in _SENT), *((4, kind) for kind in _VIEWED), *((3, kind) for kind in _WROTE),
    (6, _OPENED), (4, _PRICING), (4, _ACCEPTED), (3, _CONFIRMED), (10, _CALLED), (5, _MET), (4, _CREATED),
    (4, _QUOTED), (2, _ANSWERED), (2, _WON), (1, _LOST),
)  # fmt: skip
PHASES = (EARLY, MIDDLE, LATE)

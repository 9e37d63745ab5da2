"""The automation tools of both teams: what each emits, how it names a customer, how long it takes to report."""

from dataclasses import dataclass
from typing import Literal

from gateway.simulation.rhythm import HOUR, MINUTE, SECOND

Naming = Literal["browser", "address", "browser_and_address", "contact", "nobody"]


@dataclass(frozen=True, slots=True)
class Tool:
    """One emitting tool. `delay_ms` is the median time until it reports, `spread` how much that varies."""

    source: str
    team: str
    naming: Naming
    delay_ms: int
    spread: float
    writes_local_time: bool = False
    key: Literal["none", "customer"] = "none"


WEBSITE = Tool("website", "marketing", "browser", 900, 0.8, key="customer")
ADS = Tool("ads", "marketing", "browser", 20 * MINUTE, 0.9)
SPEND = Tool("ads", "marketing", "nobody", 6 * HOUR, 0.4)
SOCIAL = Tool("social", "marketing", "browser", 3 * MINUTE, 0.9)
MAILER = Tool("mailer", "marketing", "address", 25 * SECOND, 1.1, key="customer")
MAILER_CLICK = Tool("mailer", "marketing", "browser_and_address", 25 * SECOND, 1.1, key="customer")
AUTOMATION = Tool("automation", "marketing", "browser_and_address", 2 * SECOND, 0.6)
WEBINARS = Tool("webinars", "marketing", "browser_and_address", 12 * MINUTE, 0.6)
# Badges are scanned offline and uploaded from the hotel, or the day after.
BADGES = Tool("badges", "marketing", "contact", 5 * HOUR, 1.0)
CHAT = Tool("chat", "marketing", "browser", 2 * SECOND, 0.7)
REVIEWS = Tool("reviews", "marketing", "address", 2 * HOUR, 0.9)
CRM = Tool("crm", "sales", "contact", 4 * SECOND, 0.9, writes_local_time=True)
MAILBOX = Tool("mailbox", "sales", "contact", 40 * SECOND, 1.0)
# People write their talks down when they get to it.
DIALER = Tool("dialer", "sales", "contact", 6 * MINUTE, 1.6, writes_local_time=True)
CALENDAR = Tool("calendar", "sales", "contact", 70 * MINUTE, 1.5, writes_local_time=True)

INBOUND, OUTBOUND, INTERNAL = "inbound", "outbound", "internal"

# type -> (the tool that usually reports it, direction)
TYPES: dict[str, tuple[Tool, str]] = {
    "page.viewed": (WEBSITE, INBOUND),
    "form.submitted": (WEBSITE, INBOUND),
    "content.downloaded": (WEBSITE, INBOUND),
    "demo.requested": (WEBSITE, INBOUND),
    "trial.started": (WEBSITE, INBOUND),
    "chat.started": (CHAT, INBOUND),
    "ad.viewed": (ADS, OUTBOUND),
    "ad.clicked": (ADS, INBOUND),
    "social.engaged": (SOCIAL, INBOUND),
    "email.sent": (MAILER, OUTBOUND),
    "email.opened": (MAILER, INBOUND),
    "email.clicked": (MAILER_CLICK, INBOUND),
    "email.unsubscribed": (MAILER, INBOUND),
    "email.received": (MAILBOX, INBOUND),
    "direct_mail.sent": (AUTOMATION, OUTBOUND),
    "webinar.attended": (WEBINARS, INBOUND),
    "event.visited": (BADGES, INBOUND),
    "event.badge_scanned": (BADGES, INBOUND),
    "survey.answered": (REVIEWS, INBOUND),
    "review.posted": (REVIEWS, INBOUND),
    "referral.made": (REVIEWS, INBOUND),
    "case_study.agreed": (AUTOMATION, INBOUND),
    "merchandise.shipped": (AUTOMATION, OUTBOUND),
    "spend.recorded": (SPEND, INTERNAL),
    "lead.qualified": (AUTOMATION, INTERNAL),
    "lead.routed": (AUTOMATION, INTERNAL),
    "lead.accepted": (CRM, INTERNAL),
    "lead.rejected": (CRM, INTERNAL),
    "lead.confirmed": (CRM, INTERNAL),
    "lead.recycled": (CRM, INTERNAL),
    "lead.disqualified": (CRM, INTERNAL),
    "lead.requalified": (AUTOMATION, INTERNAL),
    "lead.rated": (CRM, INTERNAL),
    "owner.assigned": (CRM, INTERNAL),
    "owner.claimed": (CRM, INTERNAL),
    "owner.released": (CRM, INTERNAL),
    "call.logged": (DIALER, OUTBOUND),
    "call.received": (DIALER, INBOUND),
    "meeting.held": (CALENDAR, OUTBOUND),
    "demo.held": (CALENDAR, OUTBOUND),
    "quote.sent": (CRM, OUTBOUND),
    "quote.accepted": (CRM, INBOUND),
    "quote.declined": (CRM, INBOUND),
    "contract.sent": (CRM, OUTBOUND),
    "deal.created": (CRM, INTERNAL),
    "deal.changed": (CRM, INTERNAL),
    "deal.won": (CRM, INTERNAL),
    "deal.lost": (CRM, INTERNAL),
    "deal.reopened": (CRM, INTERNAL),
    "deal.renewed": (CRM, INTERNAL),
    "subscription.expanded": (CRM, INTERNAL),
    "subscription.cancelled": (CRM, INTERNAL),
}
CHANNELS = {"direct_mail.sent": "direct_mail", "merchandise.shipped": "event", "survey.answered": "web"}

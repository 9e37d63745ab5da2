"""Well-known words as numbers, so that a kept touchpoint needs a byte for each or less; any other word is spelled out.

State that is kept was written with these numbers: words are appended, never moved or taken out. SOURCES is closed
even to that, since duplicates are looked for by the number of their source; to change it is a new version of state.
"""

from collections.abc import Sequence

SOURCES: tuple[str, ...] = (
    "crm", "website", "mailer", "mailbox", "forms", "ads", "automation", "calendar", "dialer", "chat", "social",
    "webinars", "events", "badges", "reviews", "sequences", "quotes", "meetings", "phone", "sms", "surveys", "billing",
    "support", "product", "trial", "import", "direct_mail", "partners", "analytics", "throughline",
    "hubspot", "salesforce", "marketo", "pardot", "eloqua", "mailchimp", "klaviyo", "braze", "customerio", "iterable",
    "activecampaign", "sendgrid", "segment", "rudderstack", "mixpanel", "amplitude", "ga4", "pipedrive", "zoho",
    "dynamics", "close", "copper", "outreach", "salesloft", "apollo", "gong", "aircall", "ringcentral", "twilio",
    "zoom", "calendly", "chilipiper", "intercom", "drift", "zendesk", "freshdesk", "typeform", "on24", "goldcast",
    "eventbrite", "linkedin", "facebook", "google_ads", "x", "g2", "capterra", "trustpilot", "docusign", "pandadoc",
    "stripe", "chargebee", "shopify", "clearbit", "zoominfo", "6sense", "demandbase", "slack", "whatsapp", "zapier",
)  # fmt: skip

TYPES: tuple[str, ...] = (
    "email.sent", "email.delivered", "email.opened", "email.clicked", "email.received", "email.replied",
    "email.bounced", "email.unsubscribed", "page.viewed", "form.submitted", "content.downloaded", "ad.viewed",
    "ad.clicked", "social.engaged", "social.posted", "webinar.registered", "webinar.attended", "event.registered",
    "event.visited", "event.badge_scanned", "chat.started", "chat.ended", "sms.sent", "sms.received",
    "direct_mail.sent", "merchandise.shipped", "referral.made", "review.posted", "survey.sent", "survey.answered",
    "case_study.agreed", "trial.started", "trial.ended", "demo.requested", "demo.scheduled", "demo.held",
    "meeting.booked", "meeting.held", "meeting.cancelled", "meeting.missed", "call.logged", "call.missed",
    "call.scheduled", "quote.requested", "quote.sent", "quote.accepted", "quote.declined", "contract.sent",
    "contract.signed", "lead.created", "lead.qualified", "lead.requalified", "lead.routed", "lead.accepted",
    "lead.rejected", "lead.recycled", "lead.disqualified", "lead.confirmed", "lead.rated", "owner.assigned",
    "owner.claimed", "owner.released", "overlap.resolved", "deal.created", "deal.changed", "deal.won", "deal.lost",
    "deal.reopened", "deal.renewed", "subscription.started", "subscription.expanded", "subscription.renewed",
    "subscription.cancelled", "product.activated", "product.used", "ticket.opened", "ticket.closed",
    "payment.received", "payment.failed", "spend.recorded", "identity.linked", "identity.unlinked",
    "customer.erased", "video.watched", "push.sent",
)  # fmt: skip

# Of the next four lists a word is half a byte: fifteen words at most.
TEAMS: tuple[str, ...] = ("marketing", "sales", "success", "support", "partners", "product")

DIRECTIONS: tuple[str, ...] = ("outbound", "inbound", "internal")

CHANNELS: tuple[str, ...] = (
    "web", "email", "call", "meeting", "sms", "chat", "social", "ads", "event", "review", "referral", "content",
    "direct_mail", "crm",
)  # fmt: skip

# Most touchpoints have no subject: that is one of them.
SUBJECTS: tuple[str | None, ...] = (
    None, "pricing", "promotion", "targeting", "content", "product", "contract", "support", "survey", "competitor",
)  # fmt: skip

PROPERTIES: tuple[str, ...] = (
    "path", "automated", "outcome", "reason", "owner", "team", "id", "rating", "in_reply_to", "traits", "form",
    "persona", "stage", "close_date", "probability", "link", "minutes", "answered", "rule", "model",
)  # fmt: skip

UNKNOWN = 0


def numbered(words: Sequence[str | None]) -> dict[str | None, int]:
    """The number of each word, from 1 on, so that 0 is left for the unknown."""
    return {word: number for number, word in enumerate(words, start=1)}

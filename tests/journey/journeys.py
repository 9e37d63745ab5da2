"""Hypothesis strategies for journeys: touchpoints of every kind that the default policy reacts to."""

from typing import Any

from hypothesis import strategies as st

from journey.touch import Touch
from tests.journey.telling import DAY, MINUTE, START, touch

MARKETING = ["email.sent", "email.opened", "email.clicked", "page.viewed", "form.submitted", "webinar.attended",
             "content.downloaded", "demo.requested", "lead.qualified", "ad.clicked", "trial.started",
             "review.posted"]  # fmt: skip
SALES = ["call.logged", "meeting.held", "quote.sent", "quote.declined", "quote.accepted", "lead.accepted",
         "lead.rejected", "lead.recycled", "lead.disqualified", "lead.requalified", "deal.created", "deal.won",
         "deal.lost", "deal.reopened", "deal.changed", "lead.rated", "email.sent"]  # fmt: skip
ANY = ["owner.claimed", "owner.released", "owner.assigned", "lead.routed", "something.unheard_of"]
PROPERTIES: list[dict[str, Any] | None] = [
    None, {"path": "/pricing/teams"}, {"path": "/blog"}, {"automated": True}, {"outcome": "connected"},
    {"reason": "bad_data"}, {"reason": "no_budget"}, {"rating": 5}, {"in_reply_to": "x"},
    {"team": "sales", "owner": "rep-1"}, {"traits": {"seniority": "vp", "company_size": 80}},
    {"deal": "d-1"}, {"deal": "d-2", "expected_close_at": "2026-03-01"}, {"rating": "2.5"},
]  # fmt: skip
AMOUNTS = [None, 120_000_000, 50_000]
CAMPAIGNS = [None, "spring", "autumn"]
SUBJECTS = [None, None, "pricing", "promotion", "contract"]


@st.composite
def touches(draw: st.DrawFn, most: int = 25, days: int = 7) -> list[Touch]:
    """Distinct touchpoints of one customer within `days` days, in event order."""
    count = draw(st.integers(1, most))
    offsets = draw(st.lists(st.integers(0, days * DAY // MINUTE), min_size=count, max_size=count))
    made = []
    for number, offset in enumerate(offsets):
        team = draw(st.sampled_from(["marketing", "sales"]))
        kind = draw(st.sampled_from((MARKETING if team == "marketing" else SALES) * 2 + ANY))
        made.append(
            touch(
                f"t{number}",
                START + offset * MINUTE,
                kind,
                team,
                draw(st.sampled_from(["inbound", "outbound", "internal"])),
                subject=draw(st.sampled_from(SUBJECTS)),
                actor=draw(st.sampled_from([None, "rep-1", "rep-2"])),
                properties=draw(st.sampled_from(PROPERTIES)),
                campaign=draw(st.sampled_from(CAMPAIGNS)),
                amount=draw(st.sampled_from(AMOUNTS)),
                currency="EUR",
            )
        )
    return sorted(made, key=lambda made_touch: made_touch.key)


@st.composite
def arrivals(draw: st.DrawFn, told: list[Touch]) -> list[list[Touch]]:
    """The same touchpoints in any order, some of them twice, in batches of any size."""
    doubled = told + draw(st.lists(st.sampled_from(told), max_size=5))
    shuffled = draw(st.permutations(doubled))
    batches: list[list[Touch]] = []
    while shuffled:
        size = draw(st.integers(1, 8))
        batches.append(list(shuffled[:size]))
        shuffled = shuffled[size:]
    return batches

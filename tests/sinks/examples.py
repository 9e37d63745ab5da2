"""One example of everything that reaches the sinks, as the schemas' own models."""

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from schemas.alert import Alert
from schemas.fact import (
    Clock,
    Correction,
    Deal,
    Feedback,
    Handoff,
    IdentityConflict,
    Merge,
    Overlap,
    Position,
    Rebuilt,
    Stalled,
    TooLate,
    TouchpointRef,
    Transition,
)
from schemas.identity import IdentityLink, IdentityRedirect
from schemas.touchpoint import AcceptedTouchpoint

NOON = datetime(2026, 3, 2, 12, 0, 0, 250_000, tzinfo=UTC)
REF = TouchpointRef(source="crm", id="t-1")


def new_id() -> str:
    """32 hex digits, unique."""
    return uuid.uuid4().hex


def touchpoint(**changes: Any) -> AcceptedTouchpoint:
    """A touchpoint with every field set."""
    given: dict[str, Any] = {
        "id": "t-1",
        "source": "crm",
        "type": "quote.sent",
        "team": "sales",
        "customer": {"crm_id": "c-9", "email": "ann@example.com", "phone": "+14155550100", "account": "example.com"},
        "customer_id": str(uuid.uuid4()),
        "occurred_at": NOON,
        "received_at": NOON + timedelta(seconds=1),
        "direction": "outbound",
        "actor": "Ben",
        "subject": "pricing",
        "campaign": "spring",
        "content": "price list",
        "value": {"amount": "1234.5678", "currency": "EUR"},
        "cost": {"amount": "0.10", "currency": "USD"},
        "properties": {"path": "/pricing", "deep": [1, {"ü": None}]},
        "origin": "touchpoints.sales/0/7",
    }
    return AcceptedTouchpoint(**{**given, **changes})


def _head(**changes: Any) -> dict[str, Any]:
    head = {"id": new_id(), "version": 3, "customer_id": str(uuid.uuid4()), "policy": "default@1"}
    return {**head, "at": NOON, "recorded_at": NOON + timedelta(seconds=2), **changes}


def transition(**changes: Any) -> Transition:
    """A first move, by a touchpoint."""
    given = {"track": "funnel", "kind": "enter", "from_stage": None, "to_stage": "intent", "dwell_ms": None}
    return Transition(**_head(**{**given, "rule": "intent.1", "touchpoint": REF, **changes}))


def position(**changes: Any) -> Position:
    """A customer in intent after awareness."""
    given = {
        "track": "funnel",
        "stage": "intent",
        "entered_at": NOON,
        "furthest": "intent",
        "visits": {"awareness": 1, "intent": 1},
        "dwell_ms": {"awareness": 86_400_000},
        "owner_team": "marketing",
        "owner_actor": None,
        "owner_since": NOON,
        "persona": "economic_buyer",
        "fit": 60.0,
        "engagement": 41.5,
        "probability": 0.25,
        "last_touch": {"marketing": NOON, "sales": NOON - timedelta(days=1)},
    }
    return Position(**_head(**{**given, **changes}))


FACTS = (
    transition(),
    transition(kind="exit", from_stage="intent", to_stage="inactive", dwell_ms=5_184_000_000, touchpoint=None),
    position(),
    Handoff(
        **_head(), kind="rejected", from_team="marketing", to_team="sales", actor="Ben", reason="bad_data",
        offered_at=NOON, latency_ms=1000, business_ms=0, touchpoint=REF,
    ),
    Handoff(
        **_head(), kind="claimed", from_team="marketing", to_team="sales", actor=None, reason=None,
        offered_at=None, latency_ms=None, business_ms=None, touchpoint=REF,
    ),
    Overlap(
        **_head(), kind="subject", subject="pricing", status="open", severity="medium", teams=["marketing", "sales"],
        precedence="sales", precedence_rule="subject_owner", opened_at=NOON, last_at=NOON, resolved_at=None,
        resolution=None, touchpoints=[REF, TouchpointRef(source="mailer", id="t-2")],
    ),
    Clock(
        **_head(), name="mql_answered", state="running", team="sales", started_at=NOON, due_at=NOON + timedelta(days=1),
        stopped_at=None, late_ms=None, started_by=REF, stopped_by=None,
    ),
    Clock(
        **_head(), name="mql_answered", state="breached", team="sales", started_at=NOON, due_at=NOON,
        stopped_at=NOON, late_ms=7, started_by=REF, stopped_by=REF,
    ),
    Stalled(
        **_head(), kind="no_activity", status="open", track="funnel", stage="intent", team="marketing", since=NOON,
        entered_at=NOON, last_counted_at=None, last_counted=None, escalated_at=None, resolved_at=None,
    ),
    Stalled(
        **_head(), kind="no_progress", status="resolved", track="funnel", stage="intent", team="sales", since=NOON,
        entered_at=NOON, last_counted_at=NOON, last_counted=REF, escalated_at=NOON, resolved_at=NOON,
    ),
    Correction(**_head(), touchpoint=REF, published=2, retracted=1),
    TooLate(**_head(), touchpoint=REF, behind_ms=900_000_000),
    Merge(**_head(), into="c-2", number=7),
    IdentityConflict(
        **_head(), kind="anonymous_id", value="browser-1", kept_by="c-1", refused="c-2", reason="too_many",
        touchpoint=REF,
    ),
    Rebuilt(**_head(), reason="too_late", touchpoints=1200, published=31),
    Feedback(
        **_head(), disposition="rejected", reason="wrong_persona", rating=None, team="sales", actor="Ben",
        campaign="spring", content="ebook", persona="economic_buyer", mql_rule="lead.mql.enter.1",
        mql_policy="default@1", mql_at=NOON, touchpoint=REF,
    ),
    Feedback(
        **_head(), disposition="rated", reason=None, rating=4.5, team="sales", actor=None, campaign=None, content=None,
        persona=None, mql_rule=None, mql_policy=None, mql_at=None, touchpoint=REF,
    ),
    Deal(
        **_head(), deal="d-1", status="won", amount=Decimal("12000.5000"), currency="EUR", created_at=NOON,
        expected_close_at=NOON, closed_at=NOON, reopened=1, owner_team="sales", owner_actor="Ben", touchpoint=REF,
    ),
    Deal(
        **_head(), deal="default", status="open", amount=None, currency=None, created_at=None, expected_close_at=None,
        closed_at=None, reopened=0, owner_team="sales", owner_actor=None, touchpoint=REF,
    ),
)  # fmt: skip


def alert(**changes: Any) -> Alert:
    """An alert of a stall, of this moment."""
    now = datetime.now(UTC)
    fact = FACTS[8].model_dump(mode="json")
    given = {"id": new_id(), "type": "prospect.stalled", "customer_id": str(uuid.uuid4()), "fact_id": fact["id"]}
    return Alert(**{**given, "policy": "default@1", "at": now, "recorded_at": now, "data": fact, **changes})


def redirect(**changes: Any) -> IdentityRedirect:
    """A browser that belongs to a customer."""
    given = {"derived_id": str(uuid.uuid4()), "customer_id": str(uuid.uuid4()), "number": 7}
    return IdentityRedirect(**{**given, "kind": "anonymous_id", "value": "b-1", **changes})


def link(derived_id: str) -> IdentityLink:
    """An e-mail and the browser that stands for `derived_id`, named together."""
    email = {"kind": "email", "value": "ann@example.com", "derived_id": str(uuid.uuid4())}
    browser = {"kind": "anonymous_id", "value": "b-1", "derived_id": derived_id}
    return IdentityLink(identifiers=[email, browser], statement="seen", occurred_at=NOON, source="website", id=new_id())

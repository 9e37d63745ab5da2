"""What came of trying a policy, as plain content in one fixed form: `throughline policy try --json`."""

from itertools import groupby
from typing import Any

from journey.fact import Clock, Deal, Fact, Feedback, Handoff, Overlap, Position, Stalled, Transition
from journey.identity import Identifier
from journey.linking import STRENGTHS
from journey.saying import instant
from journey.trial import Trial, Tried


def as_json(trial: Trial) -> dict[str, Any]:
    """The outcome as plain content; moments as datetimes in UTC."""
    return {
        "policy": trial.rules.label,
        "now": instant(trial.now),
        "customers": [_customer(tried, trial) for tried in trial.customers],
        "identity_conflicts": len(trial.conflicts),
        "conflicts": [
            {
                "shared": {"kind": conflict.shared.kind, "value": conflict.shared.value},
                "kept_by": conflict.kept_by,
                "refused": conflict.refused,
                "reason": conflict.reason,
                "touchpoint": conflict.touchpoint[2],
                "at": instant(conflict.touchpoint[0]),
            }
            for conflict in trial.conflicts
        ],
        "accounts": [
            {"account": account, "account_id": tried.customer_id, "overlaps": list(map(_overlap, _of(tried, Overlap)))}
            for account, tried in trial.accounts.items()
        ],
    }


def _customer(tried: Tried, trial: Trial) -> dict[str, Any]:
    head, rules = tried.journey.head, trial.rules
    by_kind = groupby(sorted(tried.identifiers, key=_strength), key=lambda one: one.kind)
    overlaps = _of(tried, Overlap) + [
        fact for account in trial.accounts.values() for fact in _of(account, Overlap) if _concerns(fact, tried)
    ]
    stages = {fact.track: _track(fact) for fact in _of(tried, Position)}
    return {
        "customer_id": tried.customer_id,
        "identifiers": {kind: [one.value for one in same] for kind, same in by_kind},
        "tracks": {track.name: stages[track.name] for track in rules.tracks if track.name in stages},
        "transitions": [_transition(fact) for fact in _of(tried, Transition)],
        "overlaps": [_overlap(fact) for fact in sorted(overlaps, key=lambda overlap: overlap.opened_at)],
        "clocks": [_clock(fact) for fact in sorted(_of(tried, Clock), key=lambda clock: clock.started_at)],
        "stalled": [_stalled(fact) for fact in _of(tried, Stalled) if fact.status == "open"],
        "owner": {"team": head.owner, "actor": head.owner_actor, "since": instant(head.owner_since)},
        "score": {"fit": head.fit, "engagement": round(_engagement(tried, trial), 4)},
        "persona": rules.persona_name(head),
        "handoffs": [_handoff(fact) for fact in _of(tried, Handoff)],
        "deals": [_deal(fact) for fact in _of(tried, Deal)],
        "feedback": [_feedback(fact) for fact in _of(tried, Feedback)],
        "corrected": tried.corrected,
        "touchpoints": len(tried.told),
        "duplicates": tried.duplicates,
        "too_late": tried.too_late,
    }


def _strength(identifier: Identifier) -> tuple[int, str]:
    return STRENGTHS[identifier.kind], identifier.value


def _concerns(overlap: Overlap, tried: Tried) -> bool:
    return any((ref.source, ref.id) in tried.told for ref in overlap.touchpoints)


def _of(tried: Tried, kind: type[Fact]) -> list[Any]:
    return sorted((fact for fact in tried.facts if isinstance(fact, kind)), key=lambda fact: fact.at)


def _engagement(tried: Tried, trial: Trial) -> float:
    head = tried.journey.head
    return float(head.engagement * 0.5 ** (max(0, trial.now - head.scored) / trial.rules.half_life_ms))


def _track(fact: Position) -> dict[str, Any]:
    return {
        "stage": fact.stage,
        "entered_at": fact.entered_at,
        "furthest": fact.furthest,
        "visits": fact.visits,
        "dwell_ms": fact.dwell_ms,
    }


def _transition(fact: Transition) -> dict[str, Any]:
    return {
        "track": fact.track,
        "from": fact.from_stage,
        "to": fact.to_stage,
        "kind": fact.kind,
        "at": fact.at,
        "touchpoint": fact.touchpoint.id if fact.touchpoint else None,
        "rule": fact.rule,
    }


def _overlap(fact: Overlap) -> dict[str, Any]:
    return {
        "kind": fact.kind,
        "subject": fact.subject,
        "status": fact.status,
        "severity": fact.severity,
        "precedence": fact.precedence,
        "opened_at": fact.opened_at,
        "precedence_rule": fact.precedence_rule,
        "teams": fact.teams,
        "last_at": fact.last_at,
        "resolved_at": fact.resolved_at,
        "resolution": fact.resolution,
        "touchpoints": [ref.id for ref in fact.touchpoints],
    }


def _clock(fact: Clock) -> dict[str, Any]:
    return {
        "name": fact.name,
        "state": fact.state,
        "team": fact.team,
        "started_at": fact.started_at,
        "due_at": fact.due_at,
        "stopped_at": fact.stopped_at,
        "late_ms": fact.late_ms,
    }


def _stalled(fact: Stalled) -> dict[str, Any]:
    return {
        "kind": fact.kind,
        "since": fact.since,
        "escalated": fact.escalated_at is not None,
        "track": fact.track,
        "stage": fact.stage,
        "team": fact.team,
        "last_counted": fact.last_counted.id if fact.last_counted else None,
    }


def _handoff(fact: Handoff) -> dict[str, Any]:
    return {
        "kind": fact.kind,
        "from_team": fact.from_team,
        "to_team": fact.to_team,
        "actor": fact.actor,
        "reason": fact.reason,
        "at": fact.at,
        "latency_ms": fact.latency_ms,
        "business_ms": fact.business_ms,
        "touchpoint": fact.touchpoint.id,
    }


def _deal(fact: Deal) -> dict[str, Any]:
    return {
        "deal": fact.deal,
        "status": fact.status,
        "amount": None if fact.amount is None else str(fact.amount),
        "currency": fact.currency,
        "created_at": fact.created_at,
        "closed_at": fact.closed_at,
        "reopened": fact.reopened,
        "owner": {"team": fact.owner_team, "actor": fact.owner_actor},
    }


def _feedback(fact: Feedback) -> dict[str, Any]:
    return {
        "disposition": fact.disposition,
        "reason": fact.reason,
        "rating": fact.rating,
        "team": fact.team,
        "actor": fact.actor,
        "at": fact.at,
        "mql_rule": fact.mql_rule,
        "touchpoint": fact.touchpoint.id,
    }

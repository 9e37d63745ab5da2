"""How a customer came to be where it is: its whole history folded anew, step by step, and what was corrected."""

from datetime import datetime
from typing import Any

import msgspec

from console.analyst import Analyst
from journey.explanation import Step, explain
from journey.fact import Clock, Fact, Overlap, Position, Stalled
from journey.rules import Rules
from journey.saying import instant
from journey.touch import Touch
from streams.history import histories

Row = dict[str, Any]
_STAMPS = ("version", "deleted", "recorded_at", "schema_version", "customer_id", "policy")
# What tells how things came about: the view, its columns, and the sentence's kind.
_CORRECTED = {
    "correction": "SELECT at, source, touchpoint_id, published, retracted FROM v_corrections",
    "too_late": "SELECT at, source, touchpoint_id, behind_ms FROM v_too_late",
    "rebuilt": "SELECT recorded_at AS at, reason, touchpoints, published FROM v_rebuilds",
    "merge": "SELECT at, into, number FROM v_merges",
}


def explained(analyst: Analyst, customer_id: str, rules: Rules, until: datetime) -> Row:
    """The explanation as `throughline explain --json` prints it.

    `steps` are in event time, one for each touchpoint and one for each moment at which time alone did something; what a
    step `said` has the fact, the policy's rule, its words, and the values it saw. `now` is where that ends: what the
    product says of the customer. `corrected` tells of late touchpoints, rebuilds and merges.
    """
    members = derived_ids(analyst, customer_id)
    now = round(until.timestamp() * 1000)
    # Kept until its touchpoints are taken: they stream.
    stream = histories(analyst.client, {customer_id: members}, rules.names_read)
    _, touches = next(stream)
    found = explain((touch for touch in touches if touch.at <= now), customer_id, rules, now)
    return {
        "customer_id": customer_id,
        "derived_ids": members,
        "policy": rules.label,
        "until": until,
        "steps": [_step(step) for step in found.steps],
        "now": {
            "positions": [_fact(fact) for fact in found.facts.values() if isinstance(fact, Position)],
            "overlaps": [_fact(fact) for fact in found.facts.values() if _is_open(fact, Overlap)],
            "clocks": [_fact(fact) for fact in found.facts.values() if isinstance(fact, Clock)],
            "stalled": [_fact(fact) for fact in found.facts.values() if _is_open(fact, Stalled)],
        },
        "corrected": _corrected(analyst, members),
    }


def derived_ids(analyst: Analyst, customer_id: str) -> list[str]:
    """The customer's own id, then those of the other identifiers that belong to it."""
    sql = "SELECT derived_id FROM v_identities WHERE customer_id = {id:String} AND derived_id != {id:String} ORDER BY 1"
    return [customer_id, *(row["derived_id"] for row in analyst.ask(sql, {"id": customer_id}))]


def _corrected(analyst: Analyst, members: list[str]) -> list[Row]:
    told = []
    for kind, sql in _CORRECTED.items():
        rows = analyst.ask(f"{sql} WHERE customer_id IN {{ids:Array(String)}}", {"ids": members})
        told += [{"at": row.pop("at"), "kind": kind, **row} for row in rows]
    return sorted(told, key=lambda row: (row["at"], row["kind"]))


def _step(step: Step) -> Row:
    fit, engagement = step.score
    return {
        "at": instant(step.at),
        "policy": step.policy,
        "touchpoint": None if step.touch is None else _touch(step.touch),
        "fit": round(fit, 2),
        "engagement": round(engagement, 2),
        "said": [
            {"fact": _fact(one.fact), "rule": one.why.rule, "words": one.why.words, "values": one.why.values}
            for one in step.said
        ],
    }


def _touch(touch: Touch) -> Row:
    fields = {name: getattr(touch, name) for name in touch.field_names() if name != "at"}
    return {name: value for name, value in fields.items() if value is not None}


def _fact(fact: Fact) -> Row:
    plain: Row = msgspec.to_builtins(fact, builtin_types=(datetime,))
    return {name: value for name, value in plain.items() if name not in _STAMPS}


def _is_open(fact: Fact, kind: type[Overlap] | type[Stalled]) -> bool:
    return isinstance(fact, kind) and getattr(fact, "status", "") == "open"

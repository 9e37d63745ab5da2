"""Where both teams are on one thing at once."""

from typing import Any

from console.analyst import Analyst
from console.questions.people import with_names


def overlaps(
    analyst: Analyst,
    *,
    status: str | None = "open",
    kind: str | None = None,
    severity: str | None = None,
    subject: str | None = None,
    team: str | None = None,
) -> list[dict[str, Any]]:
    """Overlaps of a status (None: all), the worst and latest first. `team` is the one that has precedence."""
    given = {"status": status, "kind": kind, "severity": severity, "subject": subject, "precedence": team}
    wanted = {name: value for name, value in given.items() if value}
    conditions = [f"{name} = {{{name}:String}}" for name in wanted] or ["1"]
    sql = f"""
        SELECT customer_id, '' AS who, kind, subject, status, severity, teams, precedence, precedence_rule, opened_at,
            last_at, resolved_at, resolution, touchpoints, policy, id
        FROM v_overlaps
        WHERE {" AND ".join(conditions)}
        ORDER BY status, indexOf(['high', 'medium', 'low'], severity), last_at DESC, id
    """  # noqa: S608
    return with_names(analyst, analyst.ask(sql, wanted))


def overlaps_named(analyst: Analyst, beginning: str) -> list[dict[str, Any]]:
    """The overlaps whose id begins so, each with the touchpoint that it saw last."""
    sql = """
        SELECT id, customer_id, kind, subject, status, severity, opened_at, resolved_at, resolution,
            touchpoints[-1].1 AS last_source, touchpoints[-1].2 AS last_id
        FROM v_overlaps WHERE startsWith(id, {beginning:String}) ORDER BY id
    """
    return analyst.ask(sql, {"beginning": beginning})


def names_in(analyst: Analyst, source: str, touchpoint_id: str) -> dict[str, str]:
    """The identifiers that a touchpoint names its customer by."""
    sql = """
        SELECT crm_id, email, phone, anonymous_id, account FROM v_touchpoints
        WHERE source = {source:String} AND id = {id:String} LIMIT 1
    """
    rows = analyst.ask(sql, {"source": source, "id": touchpoint_id})
    return {kind: value for kind, value in rows[0].items() if value} if rows else {}

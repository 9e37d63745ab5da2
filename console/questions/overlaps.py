"""Where both teams are on one thing at once."""

from typing import Any

from console.analyst import Analyst
from console.questions.people import WHO


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
        SELECT customer_id, who, kind, subject, status, severity, teams, precedence, precedence_rule, opened_at,
            last_at, resolved_at, resolution, touchpoints, policy, id
        FROM v_overlaps LEFT JOIN ({WHO}) AS people USING customer_id
        WHERE {" AND ".join(conditions)}
        ORDER BY status, indexOf(['high', 'medium', 'low'], severity), last_at DESC, id
    """  # noqa: S608
    return analyst.ask(sql, wanted)

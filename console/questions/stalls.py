"""Prospects that stand still, as far as is known now, at any time of the past."""

from datetime import datetime
from typing import Any

from console.analyst import Analyst
from console.questions.people import with_names


def stalls(
    analyst: Analyst,
    as_of: datetime | None = None,
    *,
    stage: str | None = None,
    team: str | None = None,
    kind: str | None = None,
    track: str | None = None,
) -> list[dict[str, Any]]:
    """Stalls open now, or at `as_of`; the longest first. `who` is the identifier that tells most."""
    conditions = ["status = 'open'"] if as_of is None else _OPEN_AT
    given = {"stage": stage, "team": team, "kind": kind, "track": track}
    wanted = {name: value for name, value in given.items() if value}
    conditions = conditions + [f"{name} = {{{name}:String}}" for name in wanted]
    sql = f"""
        SELECT customer_id, '' AS who, kind, track, stage, team, since, entered_at, last_counted_at,
            last_counted_source, last_counted_id, {_escalated(as_of)} AS escalated, escalated_at, policy, id
        FROM v_stalled
        WHERE {" AND ".join(conditions)}
        ORDER BY since, customer_id, kind
    """  # noqa: S608
    bound: dict[str, Any] = dict(wanted)
    if as_of is not None:
        bound["at"] = int(as_of.timestamp() * 1000)
    return with_names(analyst, analyst.ask(sql, bound))


_AT = "fromUnixTimestamp64Milli({at:Int64})"
_OPEN_AT = [f"since <= {_AT}", f"(resolved_at IS NULL OR resolved_at > {_AT})"]


def _escalated(as_of: datetime | None) -> str:
    return "escalated_at IS NOT NULL" if as_of is None else f"ifNull(escalated_at <= {_AT}, 0) = 1"

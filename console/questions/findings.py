"""What an instance has found, in one look: where customers are, what stalls, collides, was dropped or rejected."""

from dataclasses import dataclass
from typing import Any

from console.analyst import Analyst
from console.questions.handoffs import HANDOFFS
from console.questions.overlaps import overlaps
from console.questions.people import with_names

Row = dict[str, Any]
TOP = 5


@dataclass(frozen=True)
class Findings:
    """Counts and the first few of each. `stages` is track -> stage -> customers; times of hand-offs in milliseconds."""

    touchpoints: int
    customers: int
    stages: dict[str, dict[str, int]]
    stalled: dict[str, int]
    stalled_top: list[Row]
    overlaps: list[Row]
    overlaps_top: list[Row]
    handoffs: Row
    clocks: list[Row]
    rejected: dict[str, int]


def findings(analyst: Analyst) -> Findings:
    """Ask everything anew."""
    totals = analyst.ask(
        "SELECT count() AS touchpoints, uniqExactIf(customer_id, customer_id != '') AS customers FROM v_touchpoints"
    )[0]
    return Findings(
        touchpoints=totals["touchpoints"],
        customers=totals["customers"],
        stages=_stages(analyst),
        stalled=_counts(
            analyst, "SELECT stage, uniqExact(customer_id) FROM v_stalled WHERE status = 'open' GROUP BY stage"
        ),
        stalled_top=with_names(analyst, analyst.ask(_STALLED_TOP, {"top": TOP})),
        overlaps=analyst.ask(_OVERLAPS),
        overlaps_top=overlaps(analyst)[:TOP],
        handoffs=analyst.ask(HANDOFFS)[0],
        clocks=analyst.ask(_CLOCKS),
        rejected=_counts(analyst, "SELECT reason, count() FROM v_rejected GROUP BY reason ORDER BY 2 DESC, 1"),
    )


def _stages(analyst: Analyst) -> dict[str, dict[str, int]]:
    stages: dict[str, dict[str, int]] = {}
    _, rows = analyst.table("SELECT track, stage, count() FROM v_positions GROUP BY track, stage ORDER BY track, stage")
    for track, stage, count in rows:
        stages.setdefault(track, {})[stage] = count
    return stages


def _counts(analyst: Analyst, sql: str) -> dict[str, int]:
    _, rows = analyst.table(sql)
    return {name: count for name, count in rows}


# The ones that hurt most: furthest on the way to a deal, then the longest.
_STALLED_TOP = """
    SELECT customer_id, stage, team, min(stall.since) AS since
    FROM v_stalled AS stall
    WHERE status = 'open'
    GROUP BY customer_id, stage, team
    ORDER BY indexOf(['evaluation', 'intent', 'consideration'], stage) = 0, 
        indexOf(['evaluation', 'intent', 'consideration'], stage), since
    LIMIT {top:UInt32}
"""
_OVERLAPS = """
    SELECT kind, any(severity) AS severity, countIf(status = 'open') AS open, count() AS seen,
        uniqExact(customer_id) AS customers
    FROM v_overlaps
    GROUP BY kind
    ORDER BY indexOf(['high', 'medium', 'low'], severity), seen DESC
"""
_CLOCKS = """
    SELECT name, any(team) AS team, countIf(state = 'met') AS met, countIf(state = 'breached') AS breached,
        countIf(state = 'running') AS running
    FROM v_clocks
    GROUP BY name
    ORDER BY breached DESC, name
"""

"""Looking for customers by a part of an identifier or of a company's name."""

from typing import Any

from console.analyst import Analyst
from console.questions.people import with_names

MOST = 25

_LIKE = """
    SELECT customer_id, kind, value, stage, owner_team, last_seen_at
    FROM
    (
        SELECT customer_id, kind, value, last_seen_at
        FROM v_identifiers
        WHERE positionCaseInsensitiveUTF8(value, {wanted:String}) > 0 AND customer_id != ''
        ORDER BY last_seen_at DESC, kind
        LIMIT 1 BY customer_id
        LIMIT {most:UInt32}
    ) AS found
    LEFT JOIN (SELECT customer_id, stage, owner_team FROM v_positions WHERE track = 'funnel') AS position
        USING customer_id
    ORDER BY last_seen_at DESC, customer_id
"""


def found_like(analyst: Analyst, wanted: str) -> list[dict[str, Any]]:
    """The customers with an identifier that contains `wanted`, the one seen latest first; MOST at most."""
    return with_names(analyst, analyst.ask(_LIKE, {"wanted": wanted, "most": MOST}))

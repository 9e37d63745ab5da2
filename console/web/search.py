"""Looking for customers by a part of an identifier or of a company's name."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from console.analyst import AT_ONCE, Analyst
from console.questions.people import with_names

Row = dict[str, Any]
MOST = 25
# A customer has a few identifiers: among so many of those seen last there are MOST customers, nearly always.
_FIRST, _MORE = 4 * MOST, 100
_OF_AN_ID = frozenset("0123456789abcdef-")

# Whose an identifier is now is asked of those that may be shown alone.
_LIKE = """
    WITH
        (
            SELECT groupArray((kind, value, derived_id, last_seen_at))
            FROM
            (
                SELECT kind, value, customer_id AS derived_id, last_seen_at
                FROM identifiers
                WHERE positionCaseInsensitiveUTF8(value, {wanted:String}) > 0
                    AND (kind != 'customer_id' OR {ids_too:Bool})
                    AND customer_id != ''
                ORDER BY last_seen_at DESC, kind
                LIMIT {bound:UInt64}
            )
        ) AS matching
    SELECT
        if(owner.customer_id = '', found.derived_id, owner.customer_id) AS customer_id,
        kind,
        value,
        last_seen_at,
        length(matching) AS matched
    FROM
    (
        SELECT one.1 AS kind, one.2 AS value, one.3 AS derived_id, one.4 AS last_seen_at
        FROM (SELECT arrayJoin(matching) AS one)
    ) AS found
    LEFT JOIN
    (
        SELECT derived_id, customer_id
        FROM v_identities
        WHERE derived_id IN (SELECT arrayJoin(matching).3)
    ) AS owner USING derived_id
    ORDER BY last_seen_at DESC, kind
    LIMIT 1 BY customer_id
    LIMIT {most:UInt32}
"""
_PLACES = """
    SELECT customer_id, stage, owner_team
    FROM v_positions
    WHERE track = 'funnel' AND customer_id IN {ids:Array(String)}
"""


def found_like(analyst: Analyst, wanted: str) -> list[Row]:
    """The customers with an identifier that contains `wanted`, the one seen latest first; MOST at most."""
    found = _matching(analyst, wanted)
    if not found:
        return []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        named = pool.submit(with_names, analyst, found)
        places = analyst.ask(_PLACES, {"ids": [row["customer_id"] for row in found]})
    stands = {row["customer_id"]: row for row in places}
    nowhere = {"stage": "", "owner_team": ""}
    rows = [{**row, **stands.get(row["customer_id"], nowhere)} for row in named.result()]
    return sorted(rows, key=lambda row: (-row["last_seen_at"].timestamp(), row["customer_id"]))


def _matching(analyst: Analyst, wanted: str) -> list[Row]:
    """The identifier seen latest of each customer that has one with `wanted` in it."""
    asked = {"wanted": wanted, "ids_too": _OF_AN_ID.issuperset(wanted.lower()), "most": MOST}
    bound = _FIRST
    while True:
        found = analyst.ask(_LIKE, {**asked, "bound": bound})
        if not found or len(found) == MOST or found[0]["matched"] < bound:
            return found
        bound *= _MORE

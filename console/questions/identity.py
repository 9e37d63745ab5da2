"""Who is who: the identifiers of a customer, what links them, what is disputed, what was merged."""

from typing import Any

from console.analyst import Analyst
from console.questions.people import derived_ids_of

Row = dict[str, Any]
_LINKS = """
    SELECT source, touchpoint_id, occurred_at, statement, identifiers, derived_ids
    FROM v_identity_links
    WHERE hasAny(derived_ids, {ids:Array(String)})
    ORDER BY occurred_at, source, touchpoint_id
"""
_IDENTIFIERS = """
    SELECT kind, value, first_seen_at, last_seen_at
    FROM v_identifiers
    WHERE customer_id = {id:String} AND kind != 'customer_id' AND belongs
    ORDER BY first_seen_at, kind, value
"""
_CONFLICTS = """
    SELECT kind, value, kept_by, refused, reason, source, touchpoint_id, at
    FROM v_identity_conflicts
    WHERE {id:String} IN (kept_by, refused)
    ORDER BY at, kind, value
"""


def identity_of(analyst: Analyst, customer_id: str) -> Row:
    """A customer as `throughline identity show --json` prints it.

    `links` are the touchpoints that named its identifiers together with others: `holds` is false where an identifier
    of the link belongs to somebody else. `merges` are the customer_ids that became this one.
    """
    one, ids = {"id": customer_id}, derived_ids_of(analyst, customer_id)
    merges = "SELECT customer_id, at FROM v_merges WHERE customer_id IN {ids:Array(String)} ORDER BY at, customer_id"
    return {
        "customer_id": customer_id,
        "derived_ids": ids,
        "identifiers": analyst.ask(_IDENTIFIERS, one),
        "links": [_link(row, set(ids)) for row in analyst.ask(_LINKS, {"ids": ids})],
        "conflicts": analyst.ask(_CONFLICTS, one),
        "merges": analyst.ask(merges, {"ids": ids}),
    }


def owner_of(analyst: Analyst, derived_id: str) -> str:
    """The customer that a derived id belongs to now."""
    rows = analyst.ask("SELECT customer_id FROM v_identities WHERE derived_id = {id:String}", {"id": derived_id})
    return str(rows[0]["customer_id"]) if rows else derived_id


def is_told(analyst: Analyst, source: str, touchpoint_id: str) -> bool:
    """Whether the resolver's input has the link of this touchpoint, and ClickHouse knows."""
    sql = "SELECT 1 FROM v_identity_links WHERE source = {source:String} AND touchpoint_id = {id:String} LIMIT 1"
    return bool(analyst.ask(sql, {"source": source, "id": touchpoint_id}))


def _link(row: Row, ids: set[str]) -> Row:
    named = [{"kind": _part(each, 0, "kind"), "value": _part(each, 1, "value")} for each in row["identifiers"]]
    holds = row["statement"] != "unlinked" and ids.issuperset(row["derived_ids"])
    return {
        "at": row["occurred_at"], "source": row["source"], "id": row["touchpoint_id"],
        "statement": row["statement"], "identifiers": named, "holds": holds,
    }  # fmt: skip


def _part(named: Any, place: int, name: str) -> str:
    """A field of a named tuple, which the driver gives as a dict or as a tuple."""
    return str(named[name] if isinstance(named, dict) else named[place])

"""Who is meant: customers by any identifier, and the identifier by which a person would recognise one."""

from collections.abc import Iterable
from typing import Any

from console.analyst import Analyst
from journey.identity import Identifier, issued, normalise

# The identifier that tells a person most, of every customer; of an account its name.
_ALL_NAMES = """
    SELECT
        customer_id,
        argMin(value, (indexOf(['email', 'crm_id', 'phone', 'anonymous_id'], kind), value)) AS who
    FROM v_identifiers
    WHERE kind != 'customer_id' AND belongs
    GROUP BY customer_id
    UNION ALL
    SELECT account_id AS customer_id, account AS who FROM account_names FINAL
"""
_NAMES = """
    SELECT
        customer_id,
        argMin(value, (indexOf(['email', 'crm_id', 'phone', 'anonymous_id'], kind), value)) AS who
    FROM v_identifiers_of(customers = {ids:Array(String)})
    WHERE kind != 'customer_id' AND belongs
    GROUP BY customer_id
"""
_ACCOUNT_NAMES = """
    SELECT account_id AS customer_id, account AS who
    FROM account_names FINAL
    WHERE account_id IN {ids:Array(String)}
"""
# Of more, one look at all of them is quicker than to find each by its key.
_FEW = 500
_KINDS = ("customer_id", "crm_id", "email", "phone", "anonymous_id")


def names_of(analyst: Analyst, ids: Iterable[str], accounts: Iterable[str] | None = None) -> dict[str, str]:
    """The identifier that tells a person most, of each of these customers, or accounts, that has one.

    `accounts` are the ids that may be accounts: where it is not known, all of them.
    """
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    if len(wanted) > _FEW:
        rows = analyst.ask(_ALL_NAMES)
    else:
        among = wanted if accounts is None else sorted(set(accounts))
        rows = analyst.ask(_NAMES, {"ids": wanted}) + (analyst.ask(_ACCOUNT_NAMES, {"ids": among}) if among else [])
    return {row["customer_id"]: row["who"] for row in rows}


def with_names(analyst: Analyst, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of customers, each with `who`: the identifier that tells a person most, "" where there is none.

    An account is known by its row's `kind`: only overlaps are of accounts.
    """
    accounts = [row["customer_id"] for row in rows if row.get("kind") == "account"]
    names = names_of(analyst, (row["customer_id"] for row in rows), accounts)
    return [{**row, "who": names.get(row["customer_id"], "")} for row in rows]


def customers_named(analyst: Analyst, name: str, region: str) -> list[str]:
    """The customer_ids that any identifier of this spelling, or a former customer_id, belongs to now.

    First whom it belongs to, then others it was seen on; the one seen latest first.
    """
    rows = analyst.ask(
        """
        SELECT customer_id
        FROM v_identifiers
        WHERE (kind, value) IN {spelled:Array(Tuple(String, String))} AND customer_id != ''
        GROUP BY customer_id
        ORDER BY max(belongs) DESC, max(last_seen_at) DESC
        """,
        {"spelled": sorted(spellings(name, region))},
    )
    return [row["customer_id"] for row in rows]


def spellings(name: str, region: str) -> set[tuple[str, str]]:
    """The (kind, value) that a name may be, as they are kept: a customer_id of a tool by what it stands for."""
    found = {("customer_id", issued(name))}
    for kind in _KINDS[1:]:
        normal = normalise(kind, name, region)
        if normal is not None:
            found.add((kind, normal))
    return found


def identifiers_named(analyst: Analyst, name: str, region: str) -> list[Identifier]:
    """The identifiers that are known by this spelling, the strongest first."""
    rows = analyst.ask(
        """
        SELECT DISTINCT kind, value
        FROM v_identifiers
        WHERE (kind, value) IN {spelled:Array(Tuple(String, String))}
        """,
        {"spelled": sorted(spellings(name, region))},
    )
    return sorted((Identifier(row["kind"], row["value"]) for row in rows), key=lambda one: _KINDS.index(one.kind))


def derived_ids_of(analyst: Analyst, customer_id: str) -> list[str]:
    """The derived ids of everything that belongs to a customer, by which touchpoints are sorted."""
    rows = analyst.ask("SELECT derived_id FROM derived_of(customers = {ids:Array(String)})", {"ids": [customer_id]})
    return sorted({customer_id, *(row["derived_id"] for row in rows)})

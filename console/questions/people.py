"""Who is meant: customers by any identifier, and the identifier by which a person would recognise one."""

from console.analyst import Analyst
from journey.identity import normalise

# The identifier that tells a person most, per customer; of an account its name.
WHO = """
    SELECT
        customer_id,
        argMin(value, (indexOf(['email', 'crm_id', 'phone', 'anonymous_id'], kind), value)) AS who
    FROM v_identifiers
    WHERE kind != 'customer_id'
    GROUP BY customer_id
    UNION ALL
    SELECT account_id AS customer_id, any(account) AS who FROM touchpoints WHERE account_id != '' GROUP BY account_id
"""
_KINDS = ("customer_id", "crm_id", "email", "phone", "anonymous_id")


def customers_named(analyst: Analyst, name: str, region: str) -> list[str]:
    """The customer_ids that any identifier of this spelling belongs to, the one seen latest first."""
    spelled = {("customer_id", name.strip().lower())}
    for kind in _KINDS[1:]:
        normal = normalise(kind, name, region)
        if normal is not None:
            spelled.add((kind, normal))
    rows = analyst.ask(
        """
        SELECT customer_id
        FROM v_identifiers
        WHERE (kind, value) IN {spelled:Array(Tuple(String, String))} AND customer_id != ''
        GROUP BY customer_id
        ORDER BY max(last_seen_at) DESC
        """,
        {"spelled": sorted(spelled)},
    )
    return [row["customer_id"] for row in rows]

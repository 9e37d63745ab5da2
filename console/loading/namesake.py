"""A namesake's rows: a simulated customer's, under other identifiers. Expressions of SQL, by column.

A namesake lives through the same moments, so its facts are the very facts that the rules would find. Its ids are not
derived from its identifiers; what an alert quotes of touchpoints keeps their first ids.
"""

from sinks.clickhouse.table import Table

# In the expressions `namesake` is its number, `copy` the number of its copy, `copies` how many each customer has.
_NUMBER = "toString(namesake)"
_PERSON = "if({it} = '', '', toString(reinterpretAsUUID(sipHash128({it}, namesake))))"
_FACT = "lower(hex(sipHash128({it}, namesake)))"
_TOLD = f"if({{it}} = '', '', concat({{it}}, '-', {_NUMBER}))"
_EMAIL = f"replaceOne({{it}}, '@', concat('@n', {_NUMBER}, '.'))"
_ACCOUNT = f"if({{it}} = '', '', concat('n', {_NUMBER}, '.', {{it}}))"
_PHONE = f"if({{it}} = '', '', concat({{it}}, {_NUMBER}))"
_BY_KIND = (
    f"multiIf({{kind}} = 'customer_id', {_PERSON}, {{kind}} = 'email', {_EMAIL}, {{kind}} = 'phone', {_PHONE}, {_TOLD})"
)
_STRIDE = 1_000_000_000

_COLUMNS = {
    **dict.fromkeys(
        ("customer_id", "derived_id", "account_id", "given_customer_id", "into", "kept_by", "refused"), _PERSON
    ),
    **dict.fromkeys(
        ("touchpoint_id", "started_by_id", "stopped_by_id", "last_counted_id", "crm_id", "anonymous_id"), _TOLD
    ),
    "fact_id": _FACT,
    "email": _EMAIL,
    "phone": _PHONE,
    "account": _ACCOUNT,
    "value": _BY_KIND.replace("{kind}", "kind"),
    "identifiers": "arrayMap(one -> (one.1, " + _BY_KIND.format(kind="one.1", it="one.2") + "), {it})",
    "derived_ids": "arrayMap(one -> " + _PERSON.format(it="one") + ", {it})",
    "touchpoints": "arrayMap(one -> (one.1, " + _TOLD.format(it="one.2") + "), {it})",
    "offset": f"{{it}} + namesake * {_STRIDE}",
    "data": "replaceAll(replaceAll({it}, customer_id, "
    + _PERSON.format(it="customer_id")
    + "), fact_id, "
    + _FACT.format(it="fact_id")
    + ")",
}
_OF_TABLE = {
    ("touchpoints", "id"): _TOLD,
    # A campaign's spend has no customer: it is spent once, on all of them.
    ("touchpoints", "cost_amount"): "if(customer_id = '', {it} * copies, {it})",
    ("rebuilds", "touchpoints"): "{it}",
    ("rejected", "value"): "{it}",
}
_COPIED_ONCE = {"rejected": "0", "sink_rejected": "0", "touchpoints": "customer_id != ''"}


def expression(table: str, column: str) -> str:
    """The column's value in the row of a namesake."""
    quoted = f"`{column}`"
    found = _OF_TABLE.get((table, column)) or (_FACT if column == "id" else _COLUMNS.get(column))
    return f"{found.replace('{it}', quoted)} AS _{column}" if found else quoted


def statement(table: Table, template: str, copies: range, of: int, waves: int, wave: int) -> str:
    """The INSERT of these copies out of `of` of every row of `template`. Numbers of namesakes differ between waves."""
    columns = ", ".join(f"`{name}`" for name in table.columns)
    values = ",\n    ".join(expression(table.name, name) for name in table.columns)
    return (
        f"INSERT INTO {table.name} ({columns})\n"
        f"WITH toUInt32({wave} + copy * {waves}) AS namesake, {of} AS copies\n"
        f"SELECT\n    {values}\n"
        f"FROM {template}.{table.name} ARRAY JOIN range({copies.start}, {copies.stop}) AS copy\n"
        f"WHERE copy = 0 OR {_COPIED_ONCE.get(table.name, '1')}"
    )

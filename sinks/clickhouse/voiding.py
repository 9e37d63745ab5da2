"""Facts that a journey does not say any more, taken back in the tables by version alone.

A journey that was folded anew says everything that stands in one version, with a `rebuilt` fact last; a customer that
was merged into another says nothing any more, with a `merge` fact. So whatever is older than that fact is void.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from clickhouse_connect.driver.client import Client

from sinks.clickhouse.columns import Row
from sinks.clickhouse.fact_rows import FACT_COLUMNS

# Tables whose rows say so, and tables whose rows are void then. What tells how things came about stays.
ENDINGS = frozenset({"merges", "rebuilds"})
VOIDED = ("transitions", "positions", "handoffs", "overlaps", "clocks", "stalled", "feedback", "deals")
_CUSTOMERS_AT_ONCE = 500
_BY_CUSTOMER = "transform(stands.customer_id, %(customers)s, %({name})s, {nothing})"


class Ending(NamedTuple):
    """Facts of a customer below `version` are void: said at `recorded_at` (epoch ms) by the record at `offset`."""

    version: int
    recorded_at: int
    offset: int


def ending_of(table: str, row: Row) -> tuple[str, Ending]:
    """The customer of a row of `merges` or `rebuilds`, and what the row ends."""
    columns = FACT_COLUMNS[table]
    customer_id, version, recorded_at, offset = (
        row[columns.index(name)] for name in ("customer_id", "version", "recorded_at", "offset")
    )
    return customer_id, Ending(version, recorded_at, offset)


def void(client: Client, endings: Mapping[str, Ending], done: Callable[[str, int], None]) -> None:
    """Take back what the endings of these customers leave behind; `done(table, rows)` hears how much.

    Only once the rows of their own version are in the tables. May be repeated: what is taken back is not found again,
    and what was said later stands. Raises clickhouse_connect's errors.
    """
    for some in _at_once(endings):
        parameters = {
            "customers": list(some),
            "versions": [ending.version for ending in some.values()],
            "moments": [ending.recorded_at for ending in some.values()],
            "offsets": [ending.offset for ending in some.values()],
        }
        for table in VOIDED:
            # What ClickHouse says it has written has the rows of the tables behind this one in it.
            rows: Any = client.command(f"SELECT count() {_void_in(table)}", parameters)
            if rows:
                client.command(_statement(table), parameters)
            done(table, rows)


def _void_in(table: str) -> str:
    version = _BY_CUSTOMER.format(name="versions", nothing="toUInt64(0)")
    return f"FROM {table} AS stands FINAL WHERE stands.customer_id IN %(customers)s AND stands.version < {version}"


def _statement(table: str) -> str:
    version = _BY_CUSTOMER.format(name="versions", nothing="toUInt64(0)")
    moment = _BY_CUSTOMER.format(name="moments", nothing="toInt64(0)")
    changed = {
        "version": version,
        "is_deleted": "1",
        "recorded_at": f"fromUnixTimestamp64Milli(toInt64({moment}), 'UTC')",
        "offset": _BY_CUSTOMER.format(name="offsets", nothing="toUInt64(0)"),
    }
    columns = FACT_COLUMNS[table]
    values = ", ".join(changed.get(name, f"stands.{name}") for name in columns)
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} {_void_in(table)}"


def _at_once(endings: Mapping[str, Ending]) -> Iterator[dict[str, Ending]]:
    left = iter(endings.items())
    while some := dict(islice(left, _CUSTOMERS_AT_ONCE)):
        yield some

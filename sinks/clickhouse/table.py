"""Every table that the writer fills: its row, and which column names its partition. And which topic fills it."""

from collections.abc import Callable
from dataclasses import dataclass

from schemas import topic
from sinks.clickhouse.alert_row import AlertRow, alert_row
from sinks.clickhouse.columns import Row
from sinks.clickhouse.fact_rows import FACT_COLUMNS, fact_row
from sinks.clickhouse.identity_rows import IdentityLinkRow, IdentityRow, identity_link_row, identity_row
from sinks.clickhouse.record import Record
from sinks.clickhouse.rejected_row import RejectedRow, SinkRejectedRow, rejected_row
from sinks.clickhouse.touchpoint_row import TouchpointRow, touchpoint_row


@dataclass(frozen=True)
class Table:
    """A table: its columns in the order of its rows. `month` is the column by which it is partitioned monthly."""

    name: str
    columns: tuple[str, ...]
    month: str | None = None


TABLES = (
    Table("touchpoints", TouchpointRow._fields),
    *(Table(name, columns) for name, columns in FACT_COLUMNS.items()),
    Table("identities", IdentityRow._fields),
    Table("identity_links", IdentityLinkRow._fields),
    Table("alerts", AlertRow._fields),
    Table("rejected", RejectedRow._fields, month="received_at"),
    Table("sink_rejected", SinkRejectedRow._fields),
)
BY_NAME = {table.name: table for table in TABLES}

ROWS_OF_ONE_TABLE: dict[str, tuple[str, Callable[[Record], Row]]] = {
    topic.TOUCHPOINTS: ("touchpoints", touchpoint_row),
    topic.LINKS: ("identity_links", identity_link_row),
    topic.REDIRECTS: ("identities", identity_row),
    topic.ALERTS: ("alerts", alert_row),
    topic.REJECTED: ("rejected", rejected_row),
}
ROWS_BY_KIND: dict[str, Callable[[Record], tuple[str, Row]]] = {topic.FACTS: fact_row}

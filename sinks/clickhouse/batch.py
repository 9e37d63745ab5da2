"""Rows on their way to ClickHouse: per table, with the positions that they bring the tables to."""

import logging
import time
from collections.abc import Callable, Sequence

from schemas.control import HEADER
from schemas.topic import TOUCHPOINTS
from sinks.clickhouse.columns import Columns, Row
from sinks.clickhouse.position import Place
from sinks.clickhouse.record import Record
from sinks.clickhouse.rejected_row import sink_rejected_row
from sinks.clickhouse.table import BY_NAME, ROWS_BY_KIND, ROWS_OF_ONE_TABLE
from sinks.clickhouse.voiding import ENDINGS, Ending, ending_of

log = logging.getLogger(__name__)
_SHOWN = 300


class Batch:
    """What one round of inserts writes. `positions` may move without a row: Kafka's transaction markers are offsets.

    `endings` are the customers whose older facts are void once the rows are written.
    """

    def __init__(self) -> None:
        self.rows: dict[str, Columns] = {}
        self.endings: dict[str, Ending] = {}
        self.positions: dict[Place, int] = {}
        self.count = 0
        self.bytes = 0
        self.newest_ms = 0

    def of(self, table: str) -> Columns:
        """The rows of a table, to which more may be added."""
        rows = self.rows.get(table)
        if rows is None:
            rows = self.rows[table] = Columns(BY_NAME[table].columns)
        return rows

    def add(self, topic: str, records: Sequence[Record]) -> None:
        """Map the records of one partition. A record that cannot be mapped becomes a row of `sink_rejected`.

        Control records are none: a touchpoint is a row once, whatever it is told to besides.
        """
        if topic == TOUCHPOINTS:
            records = [record for record in records if not record.headers or _is_touchpoint(record)]
        if topic in ROWS_OF_ONE_TABLE:
            self._add_to(*ROWS_OF_ONE_TABLE[topic], records)
        else:
            self._add_by_kind(ROWS_BY_KIND[topic], records)
        self.bytes += sum([len(record.value or b"") for record in records])
        self.count += len(records)
        if records:
            self.newest_ms = max(self.newest_ms, records[-1].timestamp)

    # Both loops catch everything: whatever a record holds, it must not stop the ones behind it.
    def _add_to(self, table: str, mapper: Callable[[Record], Row], records: Sequence[Record]) -> None:
        add = self.of(table).add
        for record in records:
            try:
                add(mapper(record))
            except Exception as error:
                self._keep(record, error)

    def _add_by_kind(self, mapper: Callable[[Record], tuple[str, Row]], records: Sequence[Record]) -> None:
        for record in records:
            try:
                table, row = mapper(record)
                self.of(table).add(row)
                if table in ENDINGS:
                    customer_id, ending = ending_of(table, row)
                    self.endings[customer_id] = max(ending, self.endings.get(customer_id, ending))
            except Exception as error:
                self._keep(record, error)

    def _keep(self, record: Record, error: Exception) -> None:
        place = f"{record.topic}/{record.partition}/{record.offset}"
        said = f"{type(error).__name__}: {error}"[:_SHOWN]
        log.warning("%s cannot be a row, kept in sink_rejected: %s", place, said)
        self.of("sink_rejected").add(sink_rejected_row(record, said, time.time_ns() // 1_000_000))


def _is_touchpoint(record: Record) -> bool:
    return all(name != HEADER for name, _ in record.headers)

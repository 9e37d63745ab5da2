"""Rows on their way to ClickHouse: per table, with the positions that they bring the tables to."""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from sinks.clickhouse.position import Place
from sinks.clickhouse.record import Record
from sinks.clickhouse.rejected_row import sink_rejected_row
from sinks.clickhouse.table import MAPPERS, Row

log = logging.getLogger(__name__)
_SHOWN = 300


class Batch:
    """What one round of inserts writes. `positions` may move without a row: Kafka's transaction markers are offsets."""

    def __init__(self) -> None:
        self.rows: defaultdict[str, list[Row]] = defaultdict(list)
        self.positions: dict[Place, int] = {}
        self.count = 0
        self.bytes = 0
        self.newest_ms = 0

    def add(self, topic: str, records: Sequence[Record]) -> None:
        """Map the records of one partition. A record that cannot be mapped becomes a row of `sink_rejected`."""
        mapper = MAPPERS[topic]
        rows = self.rows
        for record in records:
            table, row = _mapped(mapper, record)
            rows[table].append(row)
            self.bytes += len(record.value or b"")
        self.count += len(records)
        if records:
            self.newest_ms = max(self.newest_ms, records[-1].timestamp)

    def reaches(self, positions: Iterable[tuple[Place, int]]) -> None:
        """Note where consumption stands after the records that were added."""
        self.positions.update(positions)


def _mapped(mapper: Callable[[Record], tuple[str, Row]], record: Record) -> tuple[str, Row]:
    try:
        return mapper(record)
    # Whatever a record holds, it must not stop the ones behind it.
    except Exception as error:
        place = f"{record.topic}/{record.partition}/{record.offset}"
        said = f"{type(error).__name__}: {error}"[:_SHOWN]
        log.warning("%s cannot be a row, kept in sink_rejected: %s", place, said)
        return "sink_rejected", sink_rejected_row(record, said, time.time_ns() // 1_000_000)

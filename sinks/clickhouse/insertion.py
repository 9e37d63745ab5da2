"""A batch into ClickHouse by columns, one month per insert where a table is partitioned. Safe to repeat."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import UTC, datetime, timedelta

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.insert import InsertContext

from sinks import crash
from sinks.clickhouse.batch import Batch
from sinks.clickhouse.columns import Columns
from sinks.clickhouse.position import write_positions
from sinks.clickhouse.repeating import written_as
from sinks.clickhouse.table import BY_NAME, Table
from sinks.clickhouse.voiding import void

# While the server sorts and packs the rows of one table, those of others are encoded here, or sorted there beside it.
_TABLES_AT_ONCE = 3
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Insertion:
    """Inserts through one client; remembers the tables' column types. One `insert` at a time."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._contexts: dict[str, InsertContext] = {}

    def insert(
        self, batch: Batch, done: Callable[[str, int], None], voided: Callable[[str, int], None] = lambda *_: None
    ) -> None:
        """Write the rows, take back what they leave behind, then write the positions.

        An acknowledged table leaves the batch, by `done(table, rows)`; `voided(table, rows)` hears of rows taken back.
        Raises clickhouse_connect's errors; the batch then holds what is left to do. Tables collapse a repeated row.
        """
        self._fill_all(batch, done)
        void(self.client, batch.endings, voided)
        batch.endings = {}
        write_positions(self.client, batch.positions)

    def _fill_all(self, batch: Batch, done: Callable[[str, int], None]) -> None:
        filled = [name for name, rows in batch.rows.items() if rows]
        tables = sorted(filled, key=lambda name: len(batch.rows[name]), reverse=True)
        failed = []
        with ThreadPoolExecutor(_TABLES_AT_ONCE) as threads:
            inserts = {threads.submit(self._fill, name, batch.rows[name]): name for name in tables}
            for insert in as_completed(inserts):
                if error := insert.exception():
                    failed.append(error)
                else:
                    name = inserts[insert]
                    done(name, len(batch.rows.pop(name)))
        if failed:
            raise failed[0]

    def _fill(self, name: str, rows: Columns) -> None:
        crash.passing("writer.before_insert")
        for chunk in _by_month(BY_NAME[name], rows):
            self._insert(BY_NAME[name], chunk)
        crash.passing("writer.after_insert")

    def _insert(self, table: Table, rows: Columns) -> None:
        context = self._contexts.get(table.name)
        if context is None:
            context = self.client.create_insert_context(
                table.name, column_names=table.columns, database=self.client.database, column_oriented=True
            )
            self._contexts[table.name] = context
        pairs = zip(context.column_types, rows.columns, strict=True)
        context.column_types, columns = zip(*(written_as(kind, column) for kind, column in pairs), strict=True)
        # One block, with one dictionary a column.
        context.req_block_size = len(rows)
        try:
            self.client.insert(data=columns, context=context)
        finally:
            context.data = None


def _by_month(table: Table, rows: Columns) -> Iterator[Columns]:
    if table.month is None:
        yield rows
        return
    column = table.columns.index(table.month)
    months: defaultdict[tuple[int, int], Columns] = defaultdict(lambda: Columns(table.columns))
    for row in rows:
        instant = _EPOCH + timedelta(milliseconds=row[column])
        months[instant.year, instant.month].add(row)
    yield from months.values()

"""ClickHouse: the migrations, the rows, and the insertion of batches. Reads no topic itself."""

from schemas.compiled import path

__path__[:0] = path("sinks/clickhouse")

"""ClickHouse: the migrations, the rows, and the insertion of batches. Reads no topic itself."""

"""The embedded ClickHouse: the real engine (chDB) behind a server that speaks ClickHouse's own HTTP interface."""

"""The web pages: read ClickHouse as the analyst, show people where customers are. Nothing here writes."""

"""How far ClickHouse holds each partition: read by the writer, by `import --wait`, by `verify`."""

from collections.abc import Mapping

from clickhouse_connect.driver.client import Client

Place = tuple[str, int]


def written_up_to(client: Client) -> dict[Place, int]:
    """(topic, partition) -> position: every offset below it is queryable. A place that is missing is at 0.

    The position counts Kafka's transaction markers, so it reaches the end offset of a partition that is written fully.
    """
    rows = client.query(
        "SELECT topic, partition, max(position) FROM sink_positions GROUP BY topic, partition"
    ).result_rows
    return {(str(topic), int(partition)): int(position) for topic, partition, position in rows}


def write_positions(client: Client, positions: Mapping[Place, int]) -> None:
    """Say that the tables hold these partitions up to these positions. Only after the insert was acknowledged."""
    rows = [[topic, partition, position] for (topic, partition), position in positions.items()]
    if rows:
        client.insert("sink_positions", rows, column_names=["topic", "partition", "position"])

"""`python -m sinks.writer`: the touchpoints, facts, alerts and rejections of Kafka into ClickHouse."""

import gc

import uvloop

from schemas.settings import Settings
from sinks.clickhouse.connection import connect
from sinks.clickhouse.writer import TOPICS, Writer
from sinks.consumption import Assignment, consuming
from sinks.health import health_app, serving
from sinks.metrics import WriterMetrics
from sinks.process import Status, kept_up, log_to_stderr, stop_on_signals

PORT_OFFSET = 4


async def serve(settings: Settings) -> None:
    """Until SIGTERM or SIGINT: write, and answer /healthz and /metrics on port_base + 4."""
    stopping = stop_on_signals()
    metrics = WriterMetrics()
    status = Status()

    async def turn() -> None:
        assignment = Assignment()
        group = f"{settings.group}.writer"
        async with consuming(
            settings.kafka, group, TOPICS, assignment, stopping, member=settings.worker_id
        ) as consumer:
            writer = Writer(
                consumer,
                assignment,
                lambda seconds: connect(settings, seconds=seconds),
                metrics,
                cluster=settings.clickhouse_cluster,
            )
            status.runs(writer.state)
            await writer.run(stopping)

    async with serving(health_app(metrics.registry, status), settings.port_base + PORT_OFFSET):
        await kept_up(turn, stopping, status)


def main() -> None:
    """Run the writer with the settings of the environment."""
    log_to_stderr()
    # A batch is hundreds of thousands of objects without cycles: the collector would walk them again and again.
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    uvloop.run(serve(Settings()))


if __name__ == "__main__":
    main()

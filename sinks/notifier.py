"""`python -m sinks.notifier`: the alerts of Kafka to the channels that the settings name."""

import asyncio
import sys

from aiokafka import AIOKafkaProducer

from schemas.settings import Settings
from sinks.channels.journal import Journal
from sinks.channels.lane import Channel
from sinks.channels.notifier import NEEDED, TOPICS, Notifier
from sinks.channels.retry import Retry
from sinks.channels.webhook import Webhook
from sinks.consumption import Assignment, consuming
from sinks.health import health_app, serving
from sinks.metrics import NotifierMetrics
from sinks.process import Status, kept_up, log_to_stderr, stop_on_signals

PORT_OFFSET = 5


def channels_of(settings: Settings) -> list[Channel]:
    """The channels that the settings name. Raises ValueError for a webhook URL or secret that cannot be used."""
    if not settings.webhook_url:
        return []
    secret = settings.webhook_secret.get_secret_value()
    return [Webhook(settings.webhook_url, secret, allow_private=settings.webhook_allow_private)]


async def serve(settings: Settings, channels: list[Channel]) -> None:
    """Until SIGTERM or SIGINT: deliver, and answer /healthz and /metrics on port_base + 5."""
    stopping = stop_on_signals()
    metrics = NotifierMetrics()
    status = Status()
    group = f"{settings.group}.notifier"

    async def turn() -> None:
        assignment = Assignment()
        async with (
            consuming(
                settings.kafka, group, TOPICS, assignment, stopping, member=settings.worker_id, needed=NEEDED
            ) as consumer,
            AIOKafkaProducer(bootstrap_servers=settings.kafka, acks="all", enable_idempotence=True) as producer,
        ):
            journal = Journal(settings.kafka, producer)
            notifier = Notifier(consumer, assignment, channels, journal, metrics, Retry())
            status.runs(notifier.state)
            await notifier.run(stopping)

    async with serving(health_app(metrics.registry, status), settings.port_base + PORT_OFFSET):
        await kept_up(turn, stopping, status)


def main() -> None:
    """Run the notifier with the settings of the environment; exit 2 where they name a channel that cannot be."""
    log_to_stderr()
    settings = Settings()
    try:
        channels = channels_of(settings)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    asyncio.run(serve(settings, channels))


if __name__ == "__main__":
    main()

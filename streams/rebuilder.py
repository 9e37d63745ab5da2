"""`python -m streams.rebuilder`: journeys folded anew from their whole history, in the background."""

import asyncio
import gc
import sys

import uvloop
from aiokafka import AIOKafkaProducer

from journey.policy.reading import PolicyError, read
from journey.rules import Rules
from schemas import topic
from schemas.settings import Settings
from sinks.clickhouse.connection import connect
from sinks.consumption import Assignment, consuming
from sinks.health import health_app, serving
from sinks.process import Status, kept_up, log_to_stderr, stop_on_signals
from streams.agreement import Agreement
from streams.metrics import RebuilderMetrics
from streams.rebuilds import Limits, Rebuilder
from streams.terms import keep_terms
from streams.topics import refuse_wrong

PORT_OFFSET = 8
# A reader that is paused by the pace must not time out.
_QUERY_SECONDS = 600


def rules_of(settings: Settings) -> Rules:
    """The rules that histories are folded by. Raises PolicyError, OSError."""
    return Rules(read(settings.policy.read_text()))


async def serve(settings: Settings, rules: Rules) -> None:
    """Until SIGTERM or SIGINT: rebuild what is asked for, tell reports the policy, answer on port_base + 8."""
    stopping = stop_on_signals()
    metrics, agreement = RebuilderMetrics(), Agreement(settings.kafka, rules)
    status = Status()

    async def turn() -> None:
        assignment = Assignment()
        group, member = f"{settings.group}.rebuilder", settings.worker_id
        async with (
            consuming(
                settings.kafka,
                group,
                [topic.REBUILDS],
                assignment,
                stopping,
                member=member,
                needed=[topic.TOUCHPOINTS],
            ) as consumer,
            AIOKafkaProducer(
                bootstrap_servers=settings.kafka,
                acks="all",
                enable_idempotence=True,
                # Every client can read it without a library more: `throughline` counts what waits by kafka-python.
                compression_type="gzip",
                max_request_size=Limits().record_bytes,
            ) as producer,
        ):
            found = {topic.TOUCHPOINTS: len(await producer.partitions_for(topic.TOUCHPOINTS))}
            refuse_wrong(found, settings.partitions, [topic.BY_NAME[topic.TOUCHPOINTS]])
            rebuilder = Rebuilder(
                settings.kafka,
                consumer,
                assignment,
                producer,
                lambda: connect(settings, seconds=_QUERY_SECONDS),
                agreement,
                settings.partitions,
                settings.rebuild_touchpoints_per_second,
                metrics,
            )
            status.runs(rebuilder.state)
            await rebuilder.run(stopping)

    terms = keep_terms(Agreement(settings.kafka, rules), lambda: connect(settings), settings.currency, stopping)
    async with serving(health_app(metrics.registry, status), settings.port_base + PORT_OFFSET):
        telling = asyncio.create_task(terms)
        await kept_up(turn, stopping, status)
        await telling


def main() -> None:
    """Run the rebuilder with the settings of the environment; exit 2 where their policy cannot be used."""
    log_to_stderr()
    settings = Settings()
    try:
        rules = rules_of(settings)
    except (PolicyError, OSError) as error:
        sys.stderr.write(f"the policy cannot be used: {error}\n")
        sys.exit(2)
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    uvloop.run(serve(settings, rules))


if __name__ == "__main__":
    main()

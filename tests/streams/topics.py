"""What tests put into the topics, and what they find there."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition

from gateway.simulation.engine import Record, Simulation
from schemas import topic
from streams.position import newest_position
from streams.reading import end_of, reader, stretch
from streams.refold import Refold, refold
from tests.journey.telling import RULES
from tests.streams.conftest import PARTITIONS, WorkerProcess

UNTIL = 1_767_607_200_000
NewWorker = Callable[[str], WorkerProcess]


def emit(bootstrap: str, records: Sequence[Record], codec: str | None = None) -> None:
    async def send_all() -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap, acks="all", linger_ms=20, compression_type=codec, max_request_size=8_000_000
        )
        await producer.start()
        try:
            sent = [await producer.send(record.topic, record.value, record.key) for record in records]
            await asyncio.gather(*sent)
        finally:
            await producer.stop()

    asyncio.run(send_all())


def read(bootstrap: str, name: str, partitions: int = PARTITIONS) -> list[Any]:
    async def all_of_it() -> list[Any]:
        async with reader(bootstrap) as consumer:
            found = []
            for partition in range(partitions):
                tp = TopicPartition(name, partition)
                async for records in stretch(consumer, tp, None, await end_of(bootstrap, tp)):
                    found += records
            return found

    return asyncio.run(all_of_it())


def accepted(bootstrap: str) -> list[Any]:
    """Touchpoints as intake accepted them: copies for accounts, and moves between customers, are on the topic too."""
    return [record for record in read(bootstrap, topic.TOUCHPOINTS) if not record.headers]


def refolded(bootstrap: str) -> list[Refold]:
    return asyncio.run(refold(bootstrap, PARTITIONS, RULES, lambda _: None))


def exactly_once(bootstrap: str) -> None:
    """Every journey is as its touchpoints make it, nothing is lost, doubled or said twice."""
    for found in refolded(bootstrap):
        assert (found.lost, found.doubled, found.differences) == (0, 0, [])
    no_fact_stands_twice(bootstrap)


def positions(bootstrap: str, name: str, partitions: int = PARTITIONS) -> list[int]:
    """How far each partition of a state topic has read its input."""
    kept = read(bootstrap, name, partitions)
    found = [newest_position([record for record in kept if record.partition == each]) for each in range(partitions)]
    return [position.offset if position else 0 for position in found]


def after_last(bootstrap: str, name: str, partitions: int = PARTITIONS) -> list[int]:
    """The offset after each partition's last committed record."""
    kept = read(bootstrap, name, partitions)
    return [
        max((record.offset + 1 for record in kept if record.partition == each), default=0) for each in range(partitions)
    ]


def settled(worker: WorkerProcess, sent: int) -> Callable[[], bool]:
    """Everything that was sent has been accepted or rejected, and all that followed from it has been folded."""

    def check() -> bool:
        bootstrap = worker.bootstrap
        if len(accepted(bootstrap)) + len(read(bootstrap, topic.REJECTED, 1)) < sent:
            return False
        # All positions first: where nothing came behind them by the time the ends are read, nothing is on its way.
        reached = positions(bootstrap, topic.IDENTITIES, 1) + positions(bootstrap, topic.STATE)
        ends = after_last(bootstrap, topic.LINKS, 1) + after_last(bootstrap, topic.TOUCHPOINTS)
        return all(position >= end for position, end in zip(reached, ends, strict=True))

    return check


def no_fact_stands_twice(bootstrap: str, partitions: int = PARTITIONS) -> None:
    said: Counter[tuple[str, int]] = Counter()
    for record in read(bootstrap, topic.FACTS, partitions):
        fact = json.loads(record.value)
        said[fact["id"], fact["version"]] += 1
    assert said
    assert max(said.values()) == 1
    told: dict[str, str] = {}
    alerts = [json.loads(record.value) for record in read(bootstrap, topic.ALERTS, partitions)]
    # One fact's alerts may be on two partitions where there are more now: by when they were said.
    for alert in sorted(alerts, key=lambda alert: alert["recorded_at"]):
        kind = "resolved" if alert["type"] in {"prospect.unstalled", "overlap.resolved"} else alert["type"]
        assert told.get(alert["fact_id"]) != kind, "nobody is told the same twice in a row"
        told[alert["fact_id"]] = kind


def history(customers: int, seed: int = 3) -> list[Record]:
    return list(Simulation(seed, customers, 90, UNTIL).history())

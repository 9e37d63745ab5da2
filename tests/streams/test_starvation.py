"""Records that wait and are not fetched, told from what is being fetched and from transactions' markers."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from gateway.simulation.engine import Record
from schemas import topic
from streams.app import Worker
from streams.starvation import Starvation
from tests.streams.records import raw
from tests.streams.topics import NewWorker, emit

FETCHES_NOTHING = """
import asyncio
from streams import app, chunk, worker

async def nothing(self, active_partitions, timeout):
    await asyncio.sleep(timeout)
    return {}

chunk.ChunkConsumer._getmany = nothing
app._WATCH_SECONDS, app._STARVED_SECONDS = 0.5, 2.0
worker.main()
"""

WATCHES_NOTHING = """
from streams import app, worker

async def broken(self):
    raise LookupError("nobody foresaw this")

app.Worker.watch = broken
worker.main()
"""


@pytest.fixture
def place(new_topic: Callable[..., str]) -> TopicPartition:
    return TopicPartition(new_topic(), 0)


def test_a_record_that_waits_is_seen_until_the_lane_has_it(kafka: str, place: TopicPartition) -> None:
    async def scene() -> None:
        async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
            await producer.send_and_wait(place.topic, b"one", partition=0)
        starvation = Starvation(kafka)
        assert list(await starvation.look({place: 0})) == [place]
        await asyncio.sleep(0.3)
        assert (await starvation.look({place: 0}))[place] > 0.3
        assert await starvation.look({place: 1}) == {}

    asyncio.run(scene())


def test_the_marker_of_a_transaction_is_no_record(kafka: str, place: TopicPartition) -> None:
    async def scene() -> None:
        async with (
            AIOKafkaProducer(bootstrap_servers=kafka, transactional_id=place.topic) as producer,
            producer.transaction(),
        ):
            await producer.send_and_wait(place.topic, b"one", partition=0)
        starvation = Starvation(kafka)
        assert await starvation.look({place: 1}) == {}
        assert list(await starvation.look({place: 0})) == [place]

    asyncio.run(scene())


def test_a_lane_that_works_or_is_gone_is_not_starving(kafka: str, place: TopicPartition) -> None:
    async def scene() -> None:
        async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
            await producer.send_and_wait(place.topic, b"one", partition=0)
        starvation = Starvation(kafka)
        await starvation.look({place: 0})
        assert await starvation.look({}) == {}
        await asyncio.sleep(0.3)
        assert (await starvation.look({place: 0}))[place] < 0.3

    asyncio.run(scene())


def test_a_worker_that_fetches_nothing_leaves_and_says_where_records_wait(
    own_kafka: str, new_worker: NewWorker
) -> None:
    worker = new_worker("worker-1")
    worker.start("-c", FETCHES_NOTHING)
    emit(own_kafka, [Record(0, topic.RAW_SALES, b"any", raw(), False)])
    assert worker.process is not None
    assert worker.process.wait(60) == 3, worker.log()
    assert "records wait in " in worker.log()


def test_a_worker_that_nobody_watches_any_more_leaves(new_worker: NewWorker) -> None:
    worker = new_worker("worker-1")
    worker.start("-c", WATCHES_NOTHING)
    assert worker.process is not None
    assert worker.process.wait(60) == 3, worker.log()
    assert "watching for progress has ended" in worker.log()
    assert "nobody foresaw this" in worker.log()


def test_the_end_of_a_partition_is_not_known_between_two_assignments(kafka: str, place: TopicPartition) -> None:
    async def scene() -> int | None:
        async with AIOKafkaConsumer(bootstrap_servers=kafka) as consumer:
            worker: Any = SimpleNamespace(app=SimpleNamespace(consumer=consumer))
            # The consumer's own tasks begin; it cannot stop before that.
            await asyncio.sleep(0)
            return Worker._end_of(worker, place)

    assert asyncio.run(scene()) is None

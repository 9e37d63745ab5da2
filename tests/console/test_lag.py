"""How far groups are behind, asked of a real broker: in records, not in transaction markers."""

import asyncio
import time
import uuid
from collections.abc import Callable, Iterator

import pytest
from aiokafka import AIOKafkaProducer
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata

from console.lag import KafkaView
from console.workspace import UnreachableError
from schemas.topic import RAW_SALES, TOUCHPOINTS
from tests.process import eventually

PLACE = TopicPartition(TOUCHPOINTS, 0)


@pytest.fixture
def view(product_topics: str) -> Iterator[KafkaView]:
    found = KafkaView(product_topics)
    yield found
    found.close()


@pytest.fixture
def commit(product_topics: str) -> Callable[[TopicPartition, int], str]:
    """commit(place, offset) makes a group that has seen everything below the offset, and gives its id."""

    def made(place: TopicPartition, offset: int) -> str:
        group = f"g-{uuid.uuid4().hex[:8]}"
        consumer = KafkaConsumer(bootstrap_servers=product_topics, group_id=group, enable_auto_commit=False)
        consumer.assign([place])
        consumer.commit({place: OffsetAndMetadata(offset, "", -1)})
        consumer.close()
        return group

    return made


async def transact(bootstrap: str, count: int) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id=f"t-{uuid.uuid4().hex[:8]}")
    await producer.start()
    async with producer.transaction():
        for number in range(count):
            await producer.send(TOUCHPOINTS, b"{}", partition=0, key=str(number).encode())
    await producer.stop()


def test_a_group_that_has_seen_all_records_of_a_transactional_topic_is_not_behind(
    view: KafkaView, product_topics: str, commit: Callable[[TopicPartition, int], str]
) -> None:
    start = view.ends(TOUCHPOINTS)[PLACE]
    asyncio.run(transact(product_topics, 3))
    # Three records and the marker, which the broker writes a moment after it has confirmed the commit.
    eventually(lambda: view.ends(TOUCHPOINTS)[PLACE] == start + 4)
    others = sum(gap for place, gap in view.ends(TOUCHPOINTS).items() if place != PLACE)
    assert view.left(commit(PLACE, start + 3), TOUCHPOINTS) == others
    assert view.left(commit(PLACE, start + 1), TOUCHPOINTS) == others + 2


def test_a_group_is_behind_by_what_it_has_not_committed(
    view: KafkaView, product_topics: str, commit: Callable[[TopicPartition, int], str]
) -> None:
    place = TopicPartition(RAW_SALES, 1)
    producer = KafkaProducer(bootstrap_servers=product_topics)
    start = producer.send(RAW_SALES, b"{}", partition=1).get(10).offset
    for _ in range(4):
        producer.send(RAW_SALES, b"{}", partition=1)
    producer.flush()
    producer.close()
    group = commit(place, start + 1)
    assert view.left(group, RAW_SALES) - sum(
        end for other, end in view.ends(RAW_SALES).items() if other != place
    ) == view.ends(RAW_SALES)[place] - (start + 1)
    assert next(lag for lag in view.lags() if lag.group == group).topic == RAW_SALES


def test_the_newest_record_tells_when_something_came_last(view: KafkaView, product_topics: str) -> None:
    producer = KafkaProducer(bootstrap_servers=product_topics)
    producer.send(RAW_SALES, b"{}").get(10)
    producer.close()
    newest = view.newest(RAW_SALES)
    assert newest is not None
    assert abs(time.time() * 1000 - newest) < 60_000


def test_an_absent_kafka_is_named() -> None:
    with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:1"):
        KafkaView("127.0.0.1:1")

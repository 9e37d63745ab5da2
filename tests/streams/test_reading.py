"""The end of a partition, while a transaction is under way and after it."""

import asyncio
from collections.abc import Callable
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition

from streams.reading import end_of, reader, stretch


def test_the_end_is_behind_a_transaction_that_is_not_seen_to_have_ended(
    kafka: str, new_topic: Callable[..., str]
) -> None:
    place = TopicPartition(new_topic(), 0)

    async def read(end: int) -> list[bytes]:
        async with reader(kafka) as consumer:
            return [record.value async for records in stretch(consumer, place, None, end) for record in records]

    async def scene() -> tuple[int, list[bytes]]:
        async with AIOKafkaProducer(bootstrap_servers=kafka, transactional_id=place.topic) as producer:
            async with producer.transaction():
                await producer.send_and_wait(place.topic, b"one", partition=0)
                end = await end_of(kafka, place)
                reading = asyncio.create_task(read(end))
                await asyncio.sleep(0.5)
                assert not reading.done()
            return end, await reading

    assert asyncio.run(scene()) == (1, [b"one"])


def test_bare_records_are_the_same_without_what_was_taken_back(kafka: str, new_topic: Callable[..., str]) -> None:
    place = TopicPartition(new_topic(), 0)

    async def read(bare: bool) -> list[Any]:
        async with reader(kafka, bare=bare) as consumer:
            batches = stretch(consumer, place, None, await end_of(kafka, place))
            return [(r.offset, r.timestamp, r.key, r.value, tuple(r.headers)) async for some in batches for r in some]

    async def scene() -> tuple[list[Any], list[Any]]:
        async with AIOKafkaProducer(bootstrap_servers=kafka, transactional_id=place.topic) as producer:
            for value in (b"one", b"two", b"three"):
                await producer.begin_transaction()
                await producer.send_and_wait(place.topic, value, b"key", 0, headers=[("kind", b"some")])
                await (producer.abort_transaction() if value == b"two" else producer.commit_transaction())
        return await read(False), await read(True)

    whole, bare = asyncio.run(scene())
    assert [value for _, _, _, value, _ in whole] == [b"one", b"three"]
    assert bare == whole


def test_bare_records_of_a_batch_begin_and_end_where_they_are_asked_to(
    kafka: str, new_topic: Callable[..., str]
) -> None:
    place = TopicPartition(new_topic(), 0)

    async def scene() -> list[tuple[int, bytes]]:
        async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
            batch = producer.create_batch()
            for number in range(6):
                batch.append(timestamp=None, key=None, value=b"%d" % number)
            await (await producer.send_batch(batch, place.topic, partition=0))
        async with reader(kafka, bare=True) as consumer:
            return [(r.offset, r.value) async for some in stretch(consumer, place, 2, 5) for r in some]

    assert asyncio.run(scene()) == [(2, b"2"), (3, b"3"), (4, b"4")]

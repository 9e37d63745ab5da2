"""The end of a partition, while a transaction is under way and after it."""

import asyncio
from collections.abc import Callable

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

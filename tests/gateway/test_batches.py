"""Batches that many requests share: everything is written, and a partition keeps the order in which it was given."""

import asyncio
from collections import defaultdict

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from gateway.batches import Batches, partition_of
from gateway.record import Record
from schemas.topic import RAW, RAW_MARKETING

PARTITIONS = [0, 1, 2, 3]
# Others' records are on the topics too.
_KEY = b"of-these-batches-"


def _records(request: int) -> list[Record]:
    return [
        Record(
            RAW_MARKETING, _KEY + str(number % 7).encode(), f"{request}/{number}".encode() * 200, "s", "i", "marketing"
        )
        for number in range(300)
    ]


async def _write_and_read(bootstrap: str) -> dict[int, list[bytes]]:
    async with AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, max_batch_size=32_000
    ) as producer:
        batches = Batches(producer, dict.fromkeys(RAW, PARTITIONS))
        written = [batches.add(_records(request)) for request in range(5)]
        await asyncio.gather(*set().union(*written))
    places = [TopicPartition(RAW_MARKETING, partition) for partition in PARTITIONS]
    found: defaultdict[int, list[bytes]] = defaultdict(list)
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        consumer.assign(places)
        await consumer.seek_to_beginning()
        while sum(map(len, found.values())) < 1500:
            for place, records in (await consumer.getmany(timeout_ms=1000)).items():
                found[place.partition] += [each.value for each in records if (each.key or b"").startswith(_KEY)]
    return found


def test_records_of_many_requests_are_written_once_and_in_their_order(product_topics: str) -> None:
    given: defaultdict[int, list[bytes]] = defaultdict(list)
    for request in range(5):
        for record in _records(request):
            given[partition_of(record.key, PARTITIONS)].append(record.value)
    assert asyncio.run(_write_and_read(product_topics)) == given


def test_a_customers_key_has_one_place_and_no_key_any() -> None:
    assert {partition_of(b"jo@acme.example", PARTITIONS) for _ in range(9)} == {2}
    assert {partition_of(None, PARTITIONS) for _ in range(200)} == set(PARTITIONS)

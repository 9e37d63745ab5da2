"""Puts the data into Kafka once, for all who are measured on it."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder

from benchmarks.broker import PARTITIONS
from benchmarks.touchpoints import Volume, records
from journey.policy.reading import read
from journey.rules import Rules
from schemas import topic
from schemas.settings import DEFAULT_POLICY
from streams.journeys import JourneyStage
from streams.placement import partition_of

_BATCH_BYTES = 512 * 1024
_CHUNK = 10_000
Progress = Callable[[int], None]


class Placed(NamedTuple):
    """A record on its way to a partition, with its offset there where nothing is before it."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes
    offset: int = 0
    timestamp: int = 0
    headers: tuple[tuple[str, bytes], ...] = ()


def accepted(volume: Volume) -> Iterator[Placed]:
    """The touchpoints as intake leaves them on journey.touchpoints."""
    placed = [-1] * volume.customers
    ends = [0] * PARTITIONS
    for record in records(volume):
        partition = placed[record.customer]
        if partition < 0:
            partition = placed[record.customer] = partition_of(record.customer_id, PARTITIONS)
        yield Placed(topic.TOUCHPOINTS, partition, record.customer_id.encode(), record.value, ends[partition])
        ends[partition] += 1


def raw(volume: Volume) -> Iterator[Placed]:
    """The same touchpoints as tools emit them: to their team's topic without a key, each partition in turn."""
    for number, record in enumerate(records(volume)):
        value = b"{" + record.value[record.value.index(b'"id":"') :]
        team = topic.RAW_MARKETING if b'"team":"marketing"' in value else topic.RAW_SALES
        yield Placed(team, number % PARTITIONS, None, value)


def facts(volume: Volume) -> Iterator[Placed]:
    """What the journey stage says of the touchpoints, by the default policy."""
    stage = JourneyStage(Rules(read(DEFAULT_POLICY.read_text())), 0, 1)
    now_ms = time.time_ns() // 1_000_000
    stage.restored(now_ms)
    chunk: list[Placed] = []
    for touchpoint in accepted(volume):
        chunk.append(touchpoint)
        if len(chunk) == _CHUNK:
            yield from _said(stage, chunk, now_ms)
            chunk = []
    yield from _said(stage, chunk, now_ms)


def _said(stage: JourneyStage, chunk: list[Placed], now_ms: int) -> Iterator[Placed]:
    effects = stage.fold(chunk, now_ms)
    stage.settle(effects)
    for (name, _), written in effects.outputs.items():
        if name == topic.FACTS:
            for key, value, _ in written:
                yield Placed(topic.FACTS, partition_of((key or b"").decode(), PARTITIONS), key, value or b"")


async def load(bootstrap: str, placed: Iterable[Placed], told: Progress = lambda _: None) -> tuple[int, int]:
    """Write every record to its partition, in order; returns how many there were and the bytes of their values."""
    number = size = 0
    batches: dict[tuple[str, int], BatchBuilder] = {}
    sent = []
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", max_batch_size=_BATCH_BYTES) as producer:
        now = time.time_ns() // 1_000_000
        for number, record in enumerate(placed, start=1):
            place = record[:2]
            size += len(record.value)
            batch = batches.get(place) or batches.setdefault(place, producer.create_batch())
            while batch.append(timestamp=now, key=record.key, value=record.value) is None:
                sent.append(await producer.send_batch(batch, record.topic, partition=record.partition))
                batch = batches[place] = producer.create_batch()
                told(number)
        for (name, partition), batch in batches.items():
            if batch.record_count():
                sent.append(await producer.send_batch(batch, name, partition=partition))
        for written in sent:
            await written
    return number, size

"""What a lane writes by, on real brokers: of both kinds of transactions, with answers that are lost and zombies."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError, KafkaError, ProducerFenced
from kafka.admin import KafkaAdminClient

from deploy.kafka import broker
from deploy.kafka.topics import create_topics
from schemas.topic import Topic
from streams.effects import Output
from streams.reading import end_of, reader, stretch
from streams.transaction import Transactions
from tests.process import broker as broker_of

ONE, OTHER = "one", "other"
TOLD = Topic(ONE, "written at the broker's time", config={"message.timestamp.type": "LogAppendTime"})
PLAIN = Topic(OTHER, "written at ours")


@pytest.fixture(scope="module", params=["added by writing", "added before"])
def brokers(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, free_ports: Callable[[int], list[int]]
) -> Iterator[str]:
    """A broker of Kafka's newer transactions, and one of its older."""
    level = "2" if request.param == "added by writing" else "0"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(broker, "_FEATURES", (*broker._FEATURES, "--feature", f"transaction.version={level}"))
        with broker_of(tmp_path_factory.mktemp("kafka"), free_ports(2)) as bootstrap:
            yield bootstrap


@pytest.fixture
def topics(brokers: str) -> Iterator[str]:
    """The address of a broker with two empty topics."""
    create_topics(brokers, 2, [TOLD, PLAIN])
    yield brokers
    admin = KafkaAdminClient(bootstrap_servers=brokers)
    admin.delete_topics([ONE, OTHER])
    admin.close()


def outputs(*values: bytes) -> list[Output]:
    return [(b"key", value, [("kind", b"some")]) for value in values]


async def read(bootstrap: str, topic: str, partition: int) -> list[bytes]:
    place = TopicPartition(topic, partition)
    async with reader(bootstrap) as consumer:
        found = stretch(consumer, place, None, await end_of(bootstrap, place))
        return [record.value async for records in found for record in records]


def losing(transactions: Transactions, lost: set[int]) -> None:
    """Lose the answers to the requests of these numbers, counted from now on: the broker has done what they ask for."""
    send, asked = transactions._client.send, iter(range(1_000))

    async def without(node: int, request: Any) -> Any:
        answer = await send(node, request)
        if next(asked) in lost:
            raise KafkaConnectionError("the answer is lost")
        return answer

    transactions._client.send = without


def test_everything_of_a_transaction_is_read_when_it_is_committed_and_nothing_before(
    topics: str, request: pytest.FixtureRequest
) -> None:
    async def scene() -> None:
        async with Transactions(topics, "whole") as transactions:
            assert transactions._by_writing is ("added by writing" in request.node.name)
            for number in range(3):
                value = b"%d" % number
                written = await transactions.write({(ONE, 0): outputs(value), (OTHER, 1): outputs(value)}, 1_000)
                assert written[ONE, 0].at_ms > 1_700_000_000_000
                assert written[OTHER, 1].at_ms == -1
                assert written[OTHER, 1].offset == 2 * number  # A marker follows each commit.
                await transactions.write({(OTHER, 0): outputs(value, value), (OTHER, 1): []}, 1_000)
                await transactions.commit()
            await transactions.write({(OTHER, 1): outputs(b"never")}, 1_000)
        async with Transactions(topics, "whole"):
            assert await read(topics, ONE, 0) == await read(topics, OTHER, 1) == [b"0", b"1", b"2"]
            assert await read(topics, OTHER, 0) == [b"0", b"0", b"1", b"1", b"2", b"2"]

    asyncio.run(scene())


def test_what_is_too_much_for_one_batch_and_one_request_keeps_its_order(
    topics: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = [b"%06d" % number * 100 for number in range(10_000)]
    monkeypatch.setattr("streams.transaction._REQUEST_BYTES", 1_500_000)

    async def scene() -> None:
        async with Transactions(topics, "much") as transactions:
            for _ in range(2):
                await transactions.write({(ONE, 0): outputs(*values), (ONE, 1): outputs(*values)}, 1_000)
                await transactions.commit()
        assert await read(topics, ONE, 0) == await read(topics, ONE, 1) == values * 2

    asyncio.run(scene())


def test_who_starts_fences_who_did_before_and_takes_back_what_it_left_open(topics: str) -> None:
    async def scene() -> None:
        async with Transactions(topics, "zombie") as zombie:
            await zombie.write({(ONE, 0): outputs(b"before")}, 1_000)
            await zombie.commit()
            await zombie.write({(ONE, 0): outputs(b"left open")}, 1_000)
            async with Transactions(topics, "zombie") as newer:
                assert await read(topics, ONE, 0) == [b"before"]
                with pytest.raises(ProducerFenced):
                    await zombie.commit()
                with pytest.raises(ProducerFenced):
                    await zombie.write({(ONE, 0): outputs(b"zombie"), (ONE, 1): outputs(b"zombie")}, 1_000)
                await newer.write({(ONE, 0): outputs(b"after")}, 1_000)
                await newer.commit()
        assert await read(topics, ONE, 0) == [b"before", b"after"]
        assert await read(topics, ONE, 1) == []

    asyncio.run(scene())


@pytest.mark.parametrize("lost", [{0}, {1}, {2}, {0, 1, 2, 3}, set(range(0, 12, 2))])
def test_a_lost_answer_neither_loses_nor_doubles(topics: str, lost: set[int]) -> None:
    async def scene() -> None:
        async with Transactions(topics, "lost") as transactions:
            await transactions.write({(ONE, 0): outputs(b"first")}, 1_000)
            await transactions.commit()
            losing(transactions, lost)
            for value in (b"second", b"third"):
                await transactions.write({(ONE, 0): outputs(value), (OTHER, 0): outputs(value)}, 1_000)
                await transactions.commit()
        assert await read(topics, ONE, 0) == [b"first", b"second", b"third"]
        assert await read(topics, OTHER, 0) == [b"second", b"third"]

    asyncio.run(scene())


def test_an_error_that_stays_is_raised(topics: str) -> None:
    async def scene() -> None:
        async with Transactions(topics, "large") as transactions:
            with pytest.raises(KafkaError, match="large: Kafka's error code 10"):
                await transactions.write({(ONE, 0): outputs(b"x" * (17 * 1024 * 1024))}, 1_000)

    asyncio.run(scene())


def test_a_topic_that_is_not_there_is_waited_for(topics: str) -> None:
    async def scene() -> None:
        async with Transactions(topics, "waiting") as transactions:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(1):
                    await transactions.write({("nowhere", 0): outputs(b"x")}, 1_000)

    asyncio.run(scene())


def test_an_id_is_taken_over_between_the_two_kinds(topics: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A release that adds partitions before and one that does not, one after the other under one id."""
    older = "streams.protocol._BY_WRITING_FROM"

    async def one(value: bytes) -> None:
        async with Transactions(topics, "releases") as transactions:
            await transactions.write({(ONE, 0): outputs(value)}, 1_000)
            await transactions.commit()
            await transactions.write({(ONE, 0): outputs(b"open")}, 1_000)

    async def scene() -> None:
        for number in range(4):
            with monkeypatch.context() as patch:
                if number % 2:
                    patch.setattr(older, 99)
                await one(b"%d" % number)
        async with Transactions(topics, "releases"):
            assert await read(topics, ONE, 0) == [b"0", b"1", b"2", b"3"]

    asyncio.run(scene())

"""A policy reaches every partition and the list of policies at once, or nothing does; later ones only."""

import asyncio

import msgspec
import pytest
from aiokafka import AIOKafkaProducer, TopicPartition

from journey.rules import Rules
from schemas import topic
from streams.agreement import Adopted, Agreement, OvertakenError, adopt, adopted
from streams.control import HEADER, Adopt, decode_control
from streams.reading import end_of, reader, stretch
from tests.journey.policies import changed
from tests.journey.telling import DAY, RULES, START
from tests.streams.conftest import PARTITIONS


def version(number: int, since: int) -> Adopted:
    return Adopted(since, changed(lambda tree: tree.update(version=number)), since)


async def controls(bootstrap: str) -> list[Adopt]:
    found = []
    async with reader(bootstrap) as consumer:
        for partition in range(PARTITIONS):
            tp = TopicPartition(topic.TOUCHPOINTS, partition)
            async for records in stretch(consumer, tp, None, await end_of(bootstrap, tp)):
                found += [decode_control(record.value) for record in records if (HEADER, b"adopt") in record.headers]
    return found


async def put_in_force(bootstrap: str, policy: Adopted) -> dict[TopicPartition, int]:
    return await adopt(bootstrap, "throughline", PARTITIONS, policy)


def test_an_adopted_policy_is_in_every_partition_and_in_the_list(own_kafka: str) -> None:
    async def scene() -> tuple[dict[TopicPartition, int], list[Adopt], Rules]:
        ends = await put_in_force(own_kafka, version(2, START))
        return ends, await controls(own_kafka), await Agreement(own_kafka, RULES).read()

    ends, told, rules = asyncio.run(scene())
    assert len(ends) == len(told) == PARTITIONS
    assert {one.since for one in told} == {START}
    assert (rules.label, rules.at(START).label, rules.at(START - 1).label) == ("default@2", "default@2", "default@1")


def test_one_in_force_as_early_as_the_last_is_refused_and_leaves_no_trace(own_kafka: str) -> None:
    async def scene() -> None:
        await put_in_force(own_kafka, version(2, START))
        with pytest.raises(OvertakenError):
            await put_in_force(own_kafka, version(3, START))
        await put_in_force(own_kafka, version(4, START + DAY))
        assert [one.since for one in await adopted(own_kafka)] == [START, START + DAY]
        assert len(await controls(own_kafka)) == 2 * PARTITIONS

    asyncio.run(scene())


def test_of_two_who_adopt_at_once_the_partitions_and_the_list_agree(own_kafka: str) -> None:
    async def scene() -> None:
        both = [put_in_force(own_kafka, version(number, START + number)) for number in (2, 3)]
        outcomes = await asyncio.gather(*both, return_exceptions=True)
        assert any(not isinstance(one, BaseException) for one in outcomes)
        listed = [one.since for one in await adopted(own_kafka)]
        told = [one.since for one in await controls(own_kafka)]
        assert sorted(told) == sorted(listed * PARTITIONS)

    asyncio.run(scene())


def test_nothing_is_compiled_anew_where_nothing_was_adopted(own_kafka: str) -> None:
    agreement = Agreement(own_kafka, RULES)
    assert asyncio.run(agreement.read()) is RULES


def test_policies_that_were_adopted_with_a_field_that_is_no_more_are_in_force(own_kafka: str) -> None:
    earlier = msgspec.to_builtins(version(2, START)) | {"recompute": True}

    async def scene() -> list[Adopted]:
        async with AIOKafkaProducer(bootstrap_servers=own_kafka) as producer:
            await producer.send_and_wait(topic.POLICIES, msgspec.json.encode(earlier), partition=0)
        return await adopted(own_kafka)

    assert asyncio.run(scene()) == [version(2, START)]
    told = {"control": "adopt", "customer_id": "", "since": START, "yaml": "policy: x", "recompute": True}
    assert decode_control(msgspec.json.encode(told)) == Adopt(customer_id="", since=START, yaml="policy: x")

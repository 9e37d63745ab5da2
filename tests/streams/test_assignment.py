"""Partitions are shared out evenly, each to one worker, and stay where they are as far as that allows."""

import asyncio
from collections.abc import Callable

import faust
import pytest
from aiokafka.cluster import ClusterMetadata
from hypothesis import given
from hypothesis import strategies as st

from streams.assignment import StayingAssignor, TopicMissingError, share_out
from streams.chunk import ChunkThread, ChunkTransport

MEMBERS = st.lists(st.sampled_from("vwxyz"), min_size=1, unique=True)
TOPICS = st.dictionaries(st.sampled_from("abcd"), st.integers(1, 9).map(lambda count: list(range(count))), min_size=1)
Given = dict[str, dict[str, list[int]]]


def fresh(*members: str) -> Given:
    return {member: {} for member in members}


def kept(before: Given, after: Given) -> int:
    """How many partitions are where they were."""
    return sum(
        len(set(partitions) & set(after.get(member, {}).get(topic, ())))
        for member, each in before.items()
        for topic, partitions in each.items()
    )


@given(TOPICS, MEMBERS, MEMBERS)
def test_every_partition_goes_to_one_member_and_each_topic_is_spread_evenly(
    topics: dict[str, list[int]], first: list[str], second: list[str]
) -> None:
    before = share_out(topics, fresh(*first))
    after = share_out(topics, {member: before.get(member, {}) for member in second})
    for given_, members in ((before, first), (after, second)):
        assert set(given_) == set(members)
        for topic, partitions in topics.items():
            of_each = [each[topic] for each in given_.values()]
            assert sorted(one for each in of_each for one in each) == partitions
            assert max(map(len, of_each)) - min(map(len, of_each)) <= 1
    loads = [sum(map(len, each.values())) for each in before.values()]
    assert max(loads) - min(loads) <= 1


@given(TOPICS, MEMBERS)
def test_nothing_moves_where_nobody_comes_or_goes(topics: dict[str, list[int]], members: list[str]) -> None:
    before = share_out(topics, fresh(*members))
    assert share_out(topics, before) == before


def test_only_what_has_to_move_moves_when_a_worker_comes_or_goes() -> None:
    topics = {name: list(range(6)) for name in ("a", "b", "c")}
    alone = share_out(topics, fresh("w1"))
    two = share_out(topics, {**alone, "w2": {}})
    assert kept(alone, two) == 9
    three = share_out(topics, {**two, "w3": {}})
    assert kept(two, three) == 12
    left = share_out(topics, {member: three[member] for member in ("w1", "w3")})
    assert kept(three, left) == 12


def test_what_two_members_say_they_have_goes_to_one_of_them() -> None:
    both = {"w1": {"a": [0, 1]}, "w2": {"a": [0, 1]}}
    assert share_out({"a": [0, 1, 2, 3]}, both) == {"w1": {"a": [0, 1]}, "w2": {"a": [2, 3]}}


def test_a_topic_that_is_not_there_is_not_passed_over() -> None:
    assignor = StayingAssignor(lambda: False)
    members = {"worker-1": assignor.metadata({"touchpoints.sales"})}
    with pytest.raises(TopicMissingError, match=r"touchpoints\.sales"):
        assignor.assign(ClusterMetadata(), members)


def test_a_worker_joins_its_group_once(kafka: str, new_topic: Callable[..., str]) -> None:
    topic = new_topic()

    async def scene() -> int:
        app = faust.App(topic, broker=f"kafka://{kafka}", autodiscover=False)
        app.transport = transport = ChunkTransport(app.conf.broker_consumer, app)
        thread = ChunkThread(app.consumer)
        consumer = thread._consumer = thread._create_worker_consumer(transport)
        consumer.subscribe([topic])
        await consumer.start()
        try:
            while not consumer.assignment():
                await asyncio.sleep(0.1)
            return consumer._coordinator.generation
        finally:
            await consumer.stop()

    # Each joining of a group begins its next generation.
    assert asyncio.run(asyncio.wait_for(scene(), 30)) == 1

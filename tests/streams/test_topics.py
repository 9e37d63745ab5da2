"""Topics are held against the settings, and each has an id that a namesake does not have."""

import asyncio

import pytest

from schemas import topic
from streams.topics import WrongTopicsError, refuse_wrong, topic_ids


def test_what_is_missing_or_has_other_partitions_is_named_with_the_fix() -> None:
    wanted = [topic.BY_NAME[topic.STATE], topic.BY_NAME[topic.LINKS]]
    refuse_wrong({topic.STATE: 4, topic.LINKS: 1}, 4, wanted)
    with pytest.raises(
        WrongTopicsError, match=r"journey\.state has 3 partitions instead of 4\. .*THROUGHLINE_PARTITIONS"
    ):
        refuse_wrong({topic.STATE: 3, topic.LINKS: 1}, 4, wanted)
    with pytest.raises(WrongTopicsError, match=r"identity\.links has 0 partitions instead of 1\. Create the topics"):
        refuse_wrong({topic.STATE: 4}, 4, wanted)


def test_every_topic_that_is_there_has_an_id_of_its_own(own_kafka: str) -> None:
    ids = asyncio.run(topic_ids(own_kafka, [topic.RAW_SALES, topic.RAW_MARKETING, "nowhere"]))
    assert set(ids) == {topic.RAW_SALES, topic.RAW_MARKETING}
    assert len(set(ids.values())) == 2

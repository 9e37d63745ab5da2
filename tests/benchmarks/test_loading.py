"""What the benchmarks put into Kafka: raw touchpoints that intake accepts, accepted ones in their customers' places."""

from collections import Counter, defaultdict

from benchmarks.broker import PARTITIONS
from benchmarks.loading import accepted, facts, raw
from benchmarks.touchpoints import Volume
from schemas import topic
from schemas.touchpoint import AcceptedTouchpoint, Touchpoint
from sinks.clickhouse.fact_rows import fact_row
from streams.placement import partition_of
from streams.raw_reader import parse

VOLUME = Volume(1500, 100)


def test_raw_touchpoints_are_valid_and_lie_on_all_partitions_of_their_teams_topic() -> None:
    placed = list(raw(VOLUME))
    for record in placed:
        touchpoint = parse(record.value)
        assert isinstance(touchpoint, Touchpoint)
        assert record.topic == f"touchpoints.{touchpoint.team}"
    assert {(record.topic, record.partition) for record in placed} == {
        (name, partition) for name in topic.RAW for partition in range(PARTITIONS)
    }


def test_raw_and_accepted_touchpoints_are_the_same() -> None:
    given = [AcceptedTouchpoint.model_validate_json(record.value) for record in accepted(VOLUME)]
    assert Counter(each.id for each in given) == Counter(
        Touchpoint.model_validate_json(record.value).id for record in raw(VOLUME)
    )


def test_accepted_touchpoints_are_in_their_customers_partition_by_offset() -> None:
    offsets: defaultdict[int, list[int]] = defaultdict(list)
    for record in accepted(VOLUME):
        assert record.key is not None
        assert record.partition == partition_of(record.key.decode(), PARTITIONS)
        offsets[record.partition].append(record.offset)
    assert all(found == list(range(len(found))) for found in offsets.values())


def test_their_facts_are_what_the_journey_stage_says_and_become_rows() -> None:
    tables = Counter(fact_row(record)[0] for record in facts(VOLUME))
    assert tables["transitions"] > 100
    assert tables["positions"] > 100

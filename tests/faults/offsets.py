"""Trouble of the consumer group: its offsets are lost, or point elsewhere."""

import time
from random import Random

from kafka import KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from schemas import topic
from tests.faults.house import GROUP, House
from tests.faults.trouble import Log, Trouble
from tests.process import eventually


def offsets(where: str) -> Trouble:
    """The group's offsets are lost, or point elsewhere: what the state says has to win."""

    def does(house: House, chance: Random, log: Log) -> None:
        time.sleep(chance.uniform(0.5, 2.0))
        for name in house.workers:
            house.parts[name].hold()
        group = f"{GROUP}.worker"
        log.say(f"offsets of {group}: {where}")
        if where == "lost":
            _delete(house.bootstrap, group)
        else:
            commit(house.bootstrap, group, at_end=where == "ahead")
        for name in house.workers:
            house.parts[name].release()

    return does


def _delete(bootstrap: str, group: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        eventually(lambda: _deleted(admin, group), 30)
    finally:
        admin.close()


def _deleted(admin: KafkaAdminClient, group: str) -> bool:
    """Kafka refuses while members that were killed are not timed out yet."""
    try:
        admin.delete_groups([group])
    except KafkaError:
        return False
    return True


def commit(bootstrap: str, group: str, at_end: bool) -> None:
    """Commit the end, or the beginning, of everything that workers read."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    try:
        places = [
            TopicPartition(name, number)
            for name in (*topic.RAW, topic.TOUCHPOINTS, topic.LINKS)
            for number in consumer.partitions_for_topic(name) or ()
        ]
        consumer.assign(places)
        ends = consumer.end_offsets(places)
        wanted = {place: OffsetAndMetadata(ends[place] if at_end else 0, "", -1) for place in places}
        eventually(lambda: _committed(consumer, wanted), 30)
    finally:
        consumer.close()


def _committed(consumer: KafkaConsumer, wanted: dict[TopicPartition, OffsetAndMetadata]) -> bool:
    try:
        consumer.commit(wanted)
    except KafkaError:
        return False
    return True

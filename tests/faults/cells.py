"""What is done to the parts while touchpoints come: each cell is one kind of trouble, drawn anew by a seed."""

import signal
import time
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from kafka import KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from schemas import topic
from sinks.crash import PLACES
from tests.faults.house import GROUP, House
from tests.process import eventually

Trouble = Callable[[House, Random, "Log"], None]
_ZOMBIE_SECONDS = 14.0


class Log:
    """What the nemesis did, and when: seconds since it began. `reached` is whether its trouble came about."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.reached = True
        self._since = time.monotonic()

    def say(self, what: str) -> None:
        self.lines.append(f"{time.monotonic() - self._since:6.1f} {what}")


class Cell(NamedTuple):
    """A kind of trouble. `quick` ones are cheap enough for every change; `gateway` sends through it, `poison` among
    records that are none; `pace` is records a second."""

    name: str
    does: Trouble
    quick: bool = True
    gateway: bool = False
    poison: bool = False
    pace: float = 400.0


def kill(*names: str) -> Trouble:
    """kill -9 of these parts, one after the other, some times."""

    def does(house: House, chance: Random, log: Log) -> None:
        for _ in range(chance.randint(1, 3)):
            time.sleep(chance.uniform(0.1, 2.5))
            name = chance.choice([*names]) if names else chance.choice(house.workers)
            log.say(f"kill -9 {name}")
            house.parts[name].signal(signal.SIGKILL)

    return does


def crash(place: str) -> Trouble:
    """The part ends at a named place of its code, once it has passed it some times."""

    def does(house: House, chance: Random, log: Log) -> None:
        part = place.split(".", maxsplit=1)[0]
        # Passed once a second, an alert or a start, where chunks and requests pass theirs all the time.
        seldom = part in ("writer", "notifier") or place in ("worker.in_restore", "worker.in_revoke")
        most = 3 if seldom else 12
        name = chance.choice(house.workers) if part == "worker" else part
        crashes = house.parts[name].crashes
        house.parts[name].crash_at = f"{place}:{chance.randrange(most)}"
        log.say(f"{name} is to end at {house.parts[name].crash_at}")
        house.parts[name].signal(signal.SIGKILL)
        deadline = time.monotonic() + 15
        while house.parts[name].crashes == crashes and time.monotonic() < deadline:
            if place == "worker.in_revoke":
                # Only a rebalance revokes: another worker leaves and comes back.
                other = next(each for each in house.workers if each != name)
                house.parts[other].signal(signal.SIGKILL)
                time.sleep(6)
            time.sleep(0.3)
        log.reached = house.parts[name].crashes > crashes
        log.say(f"{name} {'ended' if log.reached else 'never ended'} there")

    return does


def term(house: House, chance: Random, log: Log) -> None:
    """SIGTERM, SIGTERM again, then SIGKILL."""
    name = chance.choice([*house.workers, "writer", "rebuilder"])
    for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGKILL):
        log.say(f"{number.name} {name}")
        house.parts[name].signal(number)
        time.sleep(chance.uniform(0, 0.6))


def zombie(house: House, chance: Random, log: Log) -> None:
    """A worker sleeps past its session, and wakes when another one has its partitions."""
    time.sleep(chance.uniform(1, 3))
    name = chance.choice(house.workers)
    log.say(f"SIGSTOP {name}")
    house.parts[name].signal(signal.SIGSTOP)
    time.sleep(_ZOMBIE_SECONDS)
    log.say(f"SIGCONT {name}")
    house.parts[name].signal(signal.SIGCONT)


def away(part: str, least: float, most: float) -> Trouble:
    """A part is down for a while."""

    def does(house: House, chance: Random, log: Log) -> None:
        time.sleep(chance.uniform(0, 1.5))
        seconds = chance.uniform(least, most)
        log.say(f"{part} is down for {seconds:.1f} s")
        house.parts[part].hold()
        time.sleep(seconds)
        house.parts[part].release()
        log.say(f"{part} may start")

    return does


def network(which: str, how: str, least: float, most: float) -> Trouble:
    """What the product's parts reach a broker or ClickHouse through is cut, slow, silent, or swallows answers."""

    def does(house: House, chance: Random, log: Log) -> None:
        proxy = house.kafka_proxy if which == "kafka" else house.clickhouse_proxy
        time.sleep(chance.uniform(0, 1.5))
        seconds = chance.uniform(least, most)
        log.say(f"{which} {how} for {seconds:.1f} s")
        if how == "cut":
            proxy.cut()
        elif how == "slow":
            proxy.delay_seconds = 0.5
        else:
            setattr(proxy, how, True)
        time.sleep(seconds)
        proxy.heal()
        log.say("healed")

    return does


def rebalances(house: House, chance: Random, log: Log) -> None:
    """Workers leave in order and come back: two, one, two."""
    name = chance.choice(house.workers)
    log.say(f"{name} leaves")
    house.parts[name].held = True
    house.parts[name].signal(signal.SIGTERM)
    time.sleep(chance.uniform(2, 6))
    log.say(f"{name} comes back")
    house.parts[name].release()


def rolling(house: House, chance: Random, log: Log) -> None:
    """Every worker is restarted, one after the other."""
    for name in house.workers:
        log.say(f"SIGTERM {name}")
        house.parts[name].signal(signal.SIGTERM)
        time.sleep(chance.uniform(2, 5))


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
            _commit(house.bootstrap, group, at_end=where == "ahead")
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


def _commit(bootstrap: str, group: str, at_end: bool) -> None:
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


def everything(house: House, chance: Random, log: Log) -> None:
    """Parts are killed at random, several at a time."""
    for _ in range(chance.randint(3, 6)):
        names = chance.sample([*house.workers, "writer", "rebuilder", "gateway", "notifier"], chance.randint(1, 3))
        log.say(f"kill -9 {' '.join(names)}")
        for name in names:
            house.parts[name].signal(signal.SIGKILL)
        time.sleep(chance.uniform(0.3, 2.5))


def calm(house: House, chance: Random, log: Log) -> None:
    """Nothing is done."""
    log.say("nothing")


CELLS = (
    Cell("calm", calm),
    Cell("poison", calm, poison=True),
    Cell("kill worker", kill()),
    *(Cell(f"crash {place}", crash(place), gateway=place.startswith("gateway")) for place in PLACES),
    Cell("kill writer", kill("writer")),
    Cell("kill rebuilder", kill("rebuilder")),
    Cell("kill notifier", kill("notifier")),
    Cell("kill gateway", kill("gateway"), gateway=True),
    Cell("kill clickhouse", kill("clickhouse")),
    Cell("kill everything", everything, gateway=True, poison=False),
    Cell("term, term, kill", term),
    Cell("zombie", zombie, pace=130.0),
    Cell("offsets lost", offsets("lost")),
    Cell("offsets ahead", offsets("ahead")),
    Cell("offsets behind", offsets("behind")),
    Cell("rebalance", rebalances),
    Cell("rolling restart", rolling),
    Cell("broker away 5 s", away("kafka", 3, 6)),
    Cell("broker away 60 s", away("kafka", 55, 65), quick=False),
    Cell("clickhouse away 5 s", away("clickhouse", 3, 6)),
    Cell("clickhouse away 60 s", away("clickhouse", 55, 65), quick=False),
    Cell("broker cut", network("kafka", "cut", 1, 6)),
    Cell("broker slow", network("kafka", "slow", 3, 8)),
    Cell("broker silent", network("kafka", "silent", 2, 6)),
    Cell("broker answers lost", network("kafka", "deaf", 1, 4)),
    Cell("clickhouse cut", network("clickhouse", "cut", 1, 6)),
    Cell("clickhouse slow", network("clickhouse", "slow", 3, 8)),
    Cell("clickhouse answers lost", network("clickhouse", "deaf", 1, 4)),
)

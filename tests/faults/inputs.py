"""Trouble of what a part is given: an input topic that is another one than before, settings that are wrong."""

import sys
import time
from pathlib import Path
from random import Random
from typing import NamedTuple

from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient

from deploy.kafka.broker import Broker, wait_ready
from deploy.kafka.topics import create_topics
from schemas.topic import BY_NAME, RAW, TOPICS, TOUCHPOINTS, positions_of
from tests.faults.house import PARTITIONS, House, neighbours
from tests.faults.processes import waited
from tests.faults.trouble import Log
from tests.process import child

_REFUSED_SECONDS = 10.0


def recreated(house: House, chance: Random, log: Log) -> None:
    """A raw topic is deleted and made anew, and has other records: workers refuse until its positions go too."""
    name = chance.choice(RAW)
    waited(lambda: house.sender.done, 120)
    log.expect(waited(lambda: _are_through(house), 60), "all that was sent is taken in")
    mine = [value for topic, value in house.sender.records if topic == name]
    seen = {worker: house.log(worker).stat().st_size for worker in house.workers}
    log.say(f"{name} is made anew")
    _make_anew(house, name)
    # Fewer than before: positions are beyond its end. Or more: positions are in its middle.
    again = mine[: chance.randint(1, 40)] if chance.random() < 0.5 else mine * 2
    log.say(f"{len(again)} records are on it, there were {len(mine)}")
    _send(house, name, again)
    refused = waited(lambda: any("was re-created" in _said(house, worker, seen) for worker in house.workers), 40)
    log.expect(refused, "a worker refuses, and says that the topic was re-created")
    time.sleep(chance.uniform(0, 3))
    for worker in house.workers:
        house.parts[worker].hold()
    log.say(f"{positions_of(name)} is made anew, as workers ask for")
    _make_anew(house, positions_of(name))
    for worker in house.workers:
        house.parts[worker].release()


def _are_through(house: House) -> bool:
    """Whether all raw records are taken in; of what is written in transactions, markers would count."""
    pages = [house.pages()[name] for name in house.workers]
    return all(isinstance(page, dict) and not any(page["lag"].get(name) for name in RAW) for page in pages)


def _make_anew(house: House, name: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=house.bootstrap)
    try:
        admin.delete_topics([name])
    finally:
        admin.close()
    assert waited(lambda: _is_made(house, name), 30), f"{name} cannot be made"


def _is_made(house: House, name: str) -> bool:
    """Kafka refuses a topic whose namesake is not quite gone."""
    try:
        return name in create_topics(house.bootstrap, PARTITIONS, [BY_NAME[name]])
    except Exception:
        return False


def _send(house: House, name: str, values: list[bytes]) -> None:
    producer = KafkaProducer(bootstrap_servers=house.bootstrap, acks="all")
    try:
        for value in values:
            producer.send(name, value)
        producer.flush(30)
    finally:
        producer.close()


def _said(house: House, worker: str, seen: dict[str, int]) -> str:
    return house.log(worker).read_bytes()[seen[worker] :].decode(errors="replace")


class Mistake(NamedTuple):
    """A part that is started with a setting that is wrong, and what it has to say of it."""

    what: str
    module: str
    settings: dict[str, str]
    says: tuple[str, ...]


_PASSWORD = {"THROUGHLINE_CLICKHOUSE_PASSWORD": "wrong"}
_COUNT = {"THROUGHLINE_PARTITIONS": "9"}
_BARE = {"THROUGHLINE_KAFKA": ""}
_MISTAKES = (
    Mistake("wrong password", "sinks.writer", _PASSWORD, ("THROUGHLINE_CLICKHOUSE_PASSWORD",)),
    Mistake("wrong password", "streams.rebuilder", _PASSWORD, ("THROUGHLINE_CLICKHOUSE_PASSWORD",)),
    Mistake("partition count", "streams.worker", _COUNT, ("THROUGHLINE_PARTITIONS",)),
    Mistake("partition count", "streams.rebuilder", _COUNT, ("THROUGHLINE_PARTITIONS",)),
    Mistake("missing topic", "streams.worker", _BARE, (TOUCHPOINTS, "create")),
    Mistake("missing topic", "sinks.writer", _BARE, (TOUCHPOINTS, "create")),
    Mistake("missing topic", "streams.rebuilder", _BARE, (TOUCHPOINTS, "create")),
)


def mistakes(house: House, chance: Random, log: Log) -> None:
    """Each mistake is refused within 10 s, with its fix named."""
    ports = neighbours(12)
    bare = Broker(house.folder / "bare", *ports[:2])
    bare.prepare()
    with child(bare.command(), house.log("bare")):
        wait_ready(bare.bootstrap, 60)
        create_topics(bare.bootstrap, PARTITIONS, [each for each in TOPICS if each.name != TOUCHPOINTS])
        for mistake in _MISTAKES:
            settings = {**house.settings(ports[2], "mistaken"), "THROUGHLINE_GROUP": "mistaken", **mistake.settings}
            settings["THROUGHLINE_KAFKA"] = settings["THROUGHLINE_KAFKA"] or bare.bootstrap
            seconds = _refusal(mistake, settings, house)
            log.expect(seconds is not None, f"{mistake.module}, {mistake.what}: refused, with the fix")
            log.say(f"after {seconds} s")


def _refusal(mistake: Mistake, settings: dict[str, str], house: House) -> float | None:
    """Seconds until the part says what has to be said; None where it does not in time."""
    path = house.log(f"mistaken-{mistake.module}-{mistake.what.replace(' ', '-')}")
    # What it said the last time is no refusal now.
    path.unlink(missing_ok=True)
    started = time.monotonic()
    with child([sys.executable, "-m", mistake.module], path, settings):
        said = waited(lambda: _says(path, mistake), _REFUSED_SECONDS)
        return round(time.monotonic() - started, 1) if said else None


def _says(log: Path, mistake: Mistake) -> bool:
    said = log.read_text(errors="replace").lower()
    return all(word.lower() in said for word in mistake.says)

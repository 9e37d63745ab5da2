"""Trouble of storage: disks that are full, a ClickHouse that takes nothing, tables that are not as they should be."""

import time
from random import Random

import httpx

from tests.faults.house import PASSWORD, House
from tests.faults.processes import waited
from tests.faults.trouble import Log, Trouble

_SAID_SECONDS = 10.0
# How a ClickHouse comes to be what the writer cannot use, and how it is mended.
SCHEMAS = {
    "a table is gone": ("RENAME TABLE touchpoints TO set_aside", "RENAME TABLE set_aside TO touchpoints"),
    "a column is gone": (
        "ALTER TABLE touchpoints RENAME COLUMN origin TO origin_aside",
        "ALTER TABLE touchpoints RENAME COLUMN origin_aside TO origin",
    ),
    "of a later release": (
        "INSERT INTO schema_migrations (number, name, checksum) VALUES (99, '0099_later.sql', 'x')",
        "ALTER TABLE schema_migrations DELETE WHERE number = 99 SETTINGS mutations_sync = 1",
    ),
}  # fmt: skip


def full(name: str) -> Trouble:
    """The disk of the broker, of ClickHouse or of the parts' logs has no byte left for a while."""

    def does(house: House, chance: Random, log: Log) -> None:
        if not house.disks.there:
            log.reached = False
            log.say("no disk may be mounted here: that needs root")
            return
        time.sleep(chance.uniform(0, 1.5))
        seconds = chance.uniform(3, 8)
        log.say(f"the disk of {name} is full for {seconds:.1f} s")
        house.disks.fill(name)
        time.sleep(seconds)
        house.disks.heal()
        log.say("there is room")

    return does


def read_only(house: House, chance: Random, log: Log) -> None:
    """ClickHouse lets the writer's account read only, until somebody lets it write."""
    part = house.parts["clickhouse"]
    right = dict(part.environment)
    part.hold()
    part.environment.update(
        THROUGHLINE_CLICKHOUSE_READONLY_USER="throughline",
        THROUGHLINE_CLICKHOUSE_READONLY_PASSWORD=PASSWORD,
        THROUGHLINE_CLICKHOUSE_USER="somebody",
    )
    try:
        log.say("the writer may read only")
        part.release()
        log.expect(_says(house, "THROUGHLINE_CLICKHOUSE_USER"), "the writer says which setting names its account")
        time.sleep(chance.uniform(0, 3))
    finally:
        part.hold()
        part.environment.clear()
        part.environment.update(right)
        part.release()
    log.say("the writer may write")


def wrong_schema(how: str) -> Trouble:
    """ClickHouse's tables are others than the writer's."""

    def does(house: House, chance: Random, log: Log) -> None:
        broken, mended = SCHEMAS[how]
        time.sleep(chance.uniform(0, 1.5))
        log.say(broken)
        _run(house, broken)
        house.parts["writer"].hold()
        house.parts["writer"].release()
        word = "update the program" if how == "of a later release" else "touchpoints"
        try:
            log.expect(_says(house, word), f"the writer says {word!r}")
        finally:
            log.say(mended)
            _run(house, mended)

    return does


def _says(house: House, word: str) -> bool:
    """Whether the writer, which takes nothing, names the reason in time."""
    return waited(lambda: word in str(house.pages()["writer"]), _SAID_SECONDS)


def _run(house: House, sql: str) -> None:
    parameters = {"user": "throughline", "password": PASSWORD, "database": "throughline"}
    httpx.post(f"{house.clickhouse_url}/", params=parameters, content=sql.encode(), timeout=30).raise_for_status()

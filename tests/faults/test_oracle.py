"""The oracle says yes to a whole world, and no to every world in which one thing is wrong."""

import copy
from collections.abc import Callable
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest

from streams.position import POSITION_KEY
from streams.stored import pack, unpack
from tests.faults.house import house, neighbours
from tests.faults.oracle import World, judge, look
from tests.faults.schedules import settled
from tests.faults.shapes import poisoned
from tests.faults.traffic import Sender, Traffic, make, now

Seen = tuple[World, Traffic, datetime]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """A small traffic through real parts, and the world when all is done."""
    # So many that somebody is alerted on a Sunday too, when no clock breaches.
    traffic = poisoned(make(11, 60, now(), most=40))
    with house(tmp_path_factory.mktemp("house"), neighbours, workers=1) as built:
        sender = Sender(built, traffic, 400)
        sender.start()
        sender.wait(60)
        verdict = settled(built, [traffic], 90)
        assert verdict.ok, verdict.told
        world, at = look(built), now()
    records = {
        name: [SimpleNamespace(key=r.key, value=r.value, partition=r.partition, headers=r.headers) for r in found]
        for name, found in world.topics.items()
    }
    return World(world.rows, records, world.received), traffic, at


def test_a_whole_world_is_right(seen: Seen) -> None:
    world, traffic, at = seen
    verdict = judge(world, [traffic], at)
    assert verdict.ok, verdict.told
    assert all(world.of(name) for name in world.rows), "every table has something to be wrong about"
    assert all(world.topics.values())
    assert world.received, "somebody was alerted"


def dropped(world: World) -> None:
    world.of("touchpoints").pop()


def doubled(world: World) -> None:
    world.of("touchpoints").append(world.of("touchpoints")[3])


def order_swapped(world: World) -> None:
    first, second = [row for row in world.of("transitions") if row["from"]][:2]
    first["at"], second["at"] = second["at"], first["at"]


def commit_skipped(world: World) -> None:
    states = world.topics["journey.state"]
    last = max(place for place, record in enumerate(states) if _is_customer(record))
    key = states[last].key
    world.topics["journey.state"][:] = [record for record in states if record.key != key]


def stale_state(world: World) -> None:
    states = world.topics["journey.state"]
    older = next(
        record
        for record in states
        if _is_customer(record) and unpack(record.value).head.seen == 1 and _newest(world, record.key).head.seen > 1
    )
    states.append(older)


def late_one_forgotten(world: World) -> None:
    record = next(each for each in reversed(world.topics["journey.state"]) if _is_customer(each))
    journey = unpack(record.value)
    journey.head.seen -= 1
    record.value = pack(journey)


def rejection_lost(world: World) -> None:
    world.topics["touchpoints.rejected"].pop()


def alert_twice(world: World) -> None:
    world.topics["journey.alerts"].append(world.topics["journey.alerts"][0])


def alert_from_nowhere(world: World) -> None:
    world.received.append("nobody-wrote-this")


def delivery_lost(world: World) -> None:
    world.received.clear()


def rows_missing(world: World) -> None:
    del world.of("stalls")[0]


def tombstone_lost(world: World) -> None:
    world.of("clocks").append({**world.of("clocks")[0], "id": "0", "started_at": "2020-01-01 00:00:00.000"})


def wrong_customer(world: World) -> None:
    first = world.of("touchpoints")[0]["customer_id"]
    other = next(row["customer_id"] for row in world.of("touchpoints") if row["customer_id"] != first)
    for row in world.of("touchpoints"):
        if row["customer_id"] == first:
            row["customer_id"] = other


def owner_overwritten(world: World) -> None:
    row = world.of("owner")[0]
    row["team"] = "sales" if row["team"] == "marketing" else "marketing"


WRONGS = [
    dropped, doubled, order_swapped, commit_skipped, stale_state, late_one_forgotten, rejection_lost, alert_twice,
    alert_from_nowhere, delivery_lost, rows_missing, tombstone_lost, wrong_customer, owner_overwritten,
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONGS)
def test_one_thing_that_is_wrong_is_caught(seen: Seen, wrong: Callable[[World], None]) -> None:
    world, traffic, at = seen
    other = copy.deepcopy(world)
    wrong(other)
    verdict = judge(other, [traffic], at)
    assert not verdict.ok
    assert verdict.told
    assert not judge(other, [traffic], at, hasty=True).ok


def _is_customer(record: Any) -> bool:
    return record.key != POSITION_KEY and not unpack(record.value).account and not unpack(record.value).redirect


def _newest(world: World, key: bytes) -> Any:
    return unpack([record for record in world.topics["journey.state"] if record.key == key][-1].value)

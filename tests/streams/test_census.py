"""The census: each touchpoint once wherever it stands, and who has seen another number than there are."""

import asyncio
import json
from typing import Any

from aiokafka import AIOKafkaProducer

from journey.correction import arrive, begin
from journey.identity import customer_id_of
from journey.state import Journey
from schemas import topic
from streams.census import MASK, Census, Count, hash_of
from streams.control import ACCOUNT, FORWARDED, headers_of
from streams.placement import partition_of
from streams.position import POSITION_KEY, Position, pack_position
from streams.stored import pack
from streams.touches import touch_of
from streams.wire import WireTouchpoint, decode
from tests.journey.telling import RULES
from tests.streams.conftest import PARTITIONS

JO, BO, ANN, KIM = (customer_id_of("email", f"{name}@acme.example") for name in ("jo", "bo", "ann", "kim"))
Written = tuple[int, bytes | None, bytes, list[tuple[str, bytes]]]


def envelope(number: int, customer_id: str, derived_id: str) -> bytes:
    return json.dumps(
        {
            "id": f"t{number}", "source": "crm", "type": "email.clicked", "team": "marketing", "direction": "inbound",
            "channel": "email", "occurred_at": f"2026-01-05T10:00:{number:02}Z",
            "customer_id": customer_id, "derived_id": derived_id,
        }
    ).encode()  # fmt: skip


def told(number: int, customer_id: str, derived_id: str = "", kind: bytes = b"") -> Written:
    value = envelope(number, customer_id, derived_id or customer_id)
    headers = headers_of(kind) if kind else [("theirs", b"own")]
    return partition_of(customer_id, PARTITIONS), customer_id.encode(), value, headers


def journey(customer_id: str, *numbers: int, **fields: Any) -> Journey:
    wires: list[WireTouchpoint] = [decode(envelope(number, customer_id, customer_id)) for number in numbers]
    made = begin(RULES)
    arrive(made, customer_id, [touch_of(wire, RULES.names_read) for wire in wires], 0, RULES)
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def prepare(bootstrap: str, records: list[Written], journeys: dict[str, Journey]) -> None:
    async def write() -> None:
        async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
            for partition, key, value, headers in records:
                await producer.send_and_wait(topic.TOUCHPOINTS, value, key, partition, headers=headers)
            for customer_id, kept in journeys.items():
                partition = partition_of(customer_id, PARTITIONS)
                await producer.send_and_wait(topic.STATE, pack(kept), customer_id.encode(), partition)
            for partition in range(PARTITIONS):
                read = sum(each[0] == partition for each in records)
                await producer.send_and_wait(topic.STATE, pack_position(Position(read)), POSITION_KEY, partition)
            # Behind the positions: not part of it.
            for partition in range(PARTITIONS):
                await producer.send_and_wait(topic.TOUCHPOINTS, envelope(99, JO, JO), JO.encode(), partition)

    asyncio.run(write())


def test_each_counts_once_for_its_derived_id_and_journeys_that_saw_others_are_named(own_kafka: str) -> None:
    records = [
        told(1, JO), told(2, JO), told(2, JO), told(3, BO), told(4, BO), told(5, ANN),
        # Ann was merged into Bo; what is passed on and what accounts hear of is no touchpoint more.
        told(6, BO, ANN), told(5, BO, ANN), told(5, BO, ANN, FORWARDED), told(1, KIM, JO, ACCOUNT),
        (0, b"broken", b"{", []),
    ]  # fmt: skip
    prepare(
        own_kafka,
        records,
        {
            JO: journey(JO, 1),
            BO: journey(BO, 3, 4, 5, 6, members={ANN: 1}),
            ANN: journey(ANN, redirect=BO),
            KIM: journey(KIM, 1, account=True),
        },
    )
    heard: list[int] = []
    census = Census(heard.append, own_kafka, range(PARTITIONS), PARTITIONS)
    assert sum(census.read().values()) == sum(heard) == len(records)
    census.take(census.strangers())
    found = census.counted()
    expected = {(JO, 1), (JO, 2), (BO, 3), (BO, 4), (ANN, 5), (ANN, 6)}
    tokens = {hash_of(who, "crm", f"t{number}"): (who, "crm", f"t{number}") for who, number in expected}
    counts: list[Count] = found.counts
    assert sum(count.touchpoints for count in counts) == len(expected)
    assert sum(count.records for count in counts) == 8
    assert sum(count.hash for count in counts) & MASK == sum(tokens) & MASK
    assert sum(count.customers for count in counts) == 2
    assert found.suspects == [JO]
    (merged,) = found.merged
    assert (merged.customer_id, merged.seen, merged.own + found.gone[ANN]) == (BO, 4, 4)
    assert census.named(tokens) == sorted(tokens.values())


def test_a_customer_without_state_is_suspect_and_one_that_waits_for_a_rebuild_is_not(own_kafka: str) -> None:
    prepare(own_kafka, [told(1, JO), told(2, BO)], {JO: journey(JO, rebuild=1)})
    census = Census(lambda _: None, own_kafka, range(PARTITIONS), PARTITIONS)
    census.read()
    assert census.counted().suspects == [BO]

"""What a rebuilt or merged journey says no more is taken back, whatever is said in between, repeated or said later."""

import random
import uuid
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client
from pydantic import BaseModel, SecretStr

from schemas import fact, topic
from schemas.settings import Settings
from sinks.clickhouse.batch import Batch
from sinks.clickhouse.connection import connect
from sinks.clickhouse.insertion import Insertion
from sinks.clickhouse.migration import migrate
from sinks.clickhouse.voiding import VOIDED
from tests.sinks import examples
from tests.streams.records import Record


@pytest.fixture(scope="module")
def client(clickhouse: Any) -> Iterator[Client]:
    made = connect(
        Settings(
            clickhouse_url=clickhouse.url,
            clickhouse_database="voiding",
            clickhouse_password=SecretStr(clickhouse.password),
        )
    )
    migrate(made)
    yield made
    made.close()


@pytest.fixture
def customer() -> str:
    return str(uuid.uuid4())


def batch_of(facts: Sequence[BaseModel], offset: int = 0) -> Batch:
    batch = Batch()
    records = [
        Record(one.model_dump_json().encode(), topic=topic.FACTS, offset=at) for at, one in enumerate(facts, offset)
    ]
    batch.add(topic.FACTS, records)
    return batch


def insert(client: Client, *facts: BaseModel, offset: int = 0) -> dict[str, int]:
    """Write one batch; how many rows were taken back, by table."""
    voided: dict[str, int] = {}
    Insertion(client).insert(batch_of(facts, offset), lambda *_: None, voided.__setitem__)
    return {table: rows for table, rows in voided.items() if rows}


def moved(customer: str, name: str, version: int, **given: Any) -> fact.Transition:
    return examples.transition(customer_id=customer, id=name, version=version, **given)


def rebuilt(customer: str, version: int) -> fact.Rebuilt:
    head = {"id": examples.new_id(), "version": version, "customer_id": customer, "policy": "default@1"}
    moments = {"at": examples.NOON, "recorded_at": examples.NOON + timedelta(days=version)}
    return fact.Rebuilt(**head, **moments, reason="too_late", touchpoints=2, published=1)


def merged(customer: str, version: int, into: str = "other", day: int = 0) -> fact.Merge:
    head = {"id": f"merge-{customer}", "version": version, "customer_id": customer, "policy": "default@1"}
    moment = examples.NOON + timedelta(days=day)
    return fact.Merge(**head, at=examples.NOON, recorded_at=moment, into=into, number=1)


def too_late(customer: str, **versions: int) -> list[fact.TooLate]:
    (example,) = [one for one in examples.FACTS if isinstance(one, fact.TooLate)]
    return [
        example.model_copy(update={"customer_id": customer, "id": name, "version": version})
        for name, version in versions.items()
    ]


def rebuilt_days(client: Client, customer: str) -> dict[str, int | None]:
    """How many days after noon each too late touchpoint became part of the journey; None while it waits."""
    rows = client.query(
        "SELECT id, rebuilt_at FROM v_too_late WHERE customer_id = {customer:String} ORDER BY id",
        {"customer": customer},
        tz_mode="aware",
    ).result_rows
    return {str(name): None if at is None else (at - examples.NOON).days for name, at in rows}


def standing(client: Client, customer: str, table: str = "transitions") -> list[tuple[str, int]]:
    found = client.query(
        f"SELECT id, version FROM {table} FINAL WHERE customer_id = {{customer:String}} ORDER BY id",
        {"customer": customer},
    )
    return [(str(name), int(version)) for name, version in found.result_rows]


def test_what_a_rebuilt_journey_says_no_more_is_taken_back(client: Client, customer: str) -> None:
    insert(client, moved(customer, "a", 1), moved(customer, "b", 2), moved(customer, "c", 2))
    taken_back = insert(client, moved(customer, "b", 3), moved(customer, "d", 3), rebuilt(customer, 3), offset=40)
    assert taken_back == {"transitions": 2}
    assert standing(client, customer) == [("b", 3), ("d", 3)]
    row = client.query(
        "SELECT version, is_deleted, recorded_at, offset FROM transitions WHERE id = 'a' AND customer_id ="
        " {customer:String} ORDER BY version DESC LIMIT 1",
        {"customer": customer},
        tz_mode="aware",
    ).result_rows[0]
    assert tuple(row) == (3, 1, examples.NOON.replace(microsecond=250_000) + timedelta(days=3), 42)
    client.command("OPTIMIZE TABLE transitions FINAL")
    assert standing(client, customer) == [("b", 3), ("d", 3)]


def test_of_a_customer_that_was_merged_nothing_stands_in_any_table(client: Client, customer: str) -> None:
    facts = [one.model_copy(update={"customer_id": customer, "version": 3}) for one in examples.FACTS]
    said = [one for one in facts if not isinstance(one, fact.Merge | fact.Rebuilt)]
    insert(client, *said)
    before = {table: len(standing(client, customer, table)) for table in VOIDED}
    assert all(before.values())
    assert insert(client, merged(customer, 4)) == before
    assert all(standing(client, customer, table) == [] for table in VOIDED)
    assert standing(client, customer, "corrections")
    assert standing(client, customer, "too_late")


def test_nobody_else_and_nothing_later_is_touched(client: Client, customer: str) -> None:
    other = str(uuid.uuid4())
    insert(client, moved(customer, "later", 9), moved(customer, "same", 5), moved(other, "a", 1))
    assert insert(client, rebuilt(customer, 5)) == {}
    assert standing(client, customer) == [("later", 9), ("same", 5)]
    assert standing(client, other) == [("a", 1)]


def test_what_is_void_may_be_said_again_later(client: Client, customer: str) -> None:
    insert(client, moved(customer, "a", 1))
    insert(client, rebuilt(customer, 2))
    insert(client, moved(customer, "a", 3))
    assert standing(client, customer) == [("a", 3)]


def test_a_batch_that_is_repeated_changes_nothing(client: Client, customer: str) -> None:
    first = (moved(customer, "a", 1), moved(customer, "b", 1))
    second = (moved(customer, "b", 2), rebuilt(customer, 2))
    third = (moved(customer, "c", 3),)
    for facts in (first, second, third):
        insert(client, *facts)
    for facts in (first, second, third, second, first + second):
        insert(client, *facts)
    assert standing(client, customer) == [("b", 2), ("c", 3)]


def test_many_customers_in_many_batches_end_as_their_versions_say_however_batches_fall_and_repeat(
    client: Client,
) -> None:
    rng = random.Random(11)
    customers = [str(uuid.uuid4()) for _ in range(700)]
    log: list[Any] = []
    expected: dict[str, dict[str, int]] = {customer: {} for customer in customers}
    for version in range(1, 9):
        for customer in rng.sample(customers, 500):
            said = rng.sample("abcdef", rng.randrange(1, 4))
            log += [moved(customer, name, version) for name in said]
            if rng.random() < 0.4:
                log.append(rng.choice([rebuilt, merged])(customer, version))
                expected[customer].clear()
            expected[customer].update(dict.fromkeys(said, version))
    at, written = 0, 0
    while at < len(log):
        end = at + rng.randrange(1, 2500)
        insert(client, *log[at:end], offset=at)
        # A writer that was killed reads its last batches again, in other portions.
        written, at = at, max(written, end - rng.choice([0, 0, 300, 3000]))
        at = end if at <= written and rng.random() < 0.5 else at
    rows = client.query(
        "SELECT customer_id, id, version FROM transitions FINAL WHERE customer_id IN %(customers)s",
        {"customers": customers},
    ).result_rows
    found: dict[str, dict[str, int]] = {customer: {} for customer in customers}
    for customer, name, version in rows:
        found[customer][name] = version
    assert found == expected


def test_when_a_touchpoint_that_was_too_late_became_part_of_the_journey_is_seen(client: Client, customer: str) -> None:
    late = too_late(customer, first=1, second=2, waits=6)
    insert(client, *late, rebuilt(customer, 2), rebuilt(customer, 4), rebuilt(customer, 5))
    assert rebuilt_days(client, customer) == {"first": 2, "second": 4, "waits": None}


def test_what_was_too_late_for_a_customer_merged_since_is_part_of_the_journey_that_it_belongs_to(
    client: Client, customer: str
) -> None:
    other = str(uuid.uuid4())
    insert(client, *too_late(customer, before=1, waiting=3), rebuilt(customer, 2), rebuilt(other, 4))
    insert(client, merged(customer, 5, into=other, day=5))
    assert rebuilt_days(client, customer) == {"before": 2, "waiting": None}, "what the other had before has it not"
    insert(client, rebuilt(other, 7), rebuilt(other, 9))
    assert rebuilt_days(client, customer) == {"before": 2, "waiting": 7}


def test_of_one_merged_twice_the_journey_it_is_in_now_counts_and_of_one_that_came_back_its_own(
    client: Client, customer: str
) -> None:
    other, last = str(uuid.uuid4()), str(uuid.uuid4())
    insert(client, *too_late(customer, late=1), merged(customer, 2, into=other, day=2))
    insert(client, merged(customer, 3, into=last, day=4), rebuilt(last, 6))
    assert rebuilt_days(client, customer) == {"late": 6}
    insert(client, merged(customer, 4, into=last, day=7).model_copy(update={"deleted": True}))
    assert rebuilt_days(client, customer) == {"late": None}
    insert(client, rebuilt(customer, 8))
    assert rebuilt_days(client, customer) == {"late": 8}

"""A customer's history from ClickHouse is what the journey stage read from the records, in event order."""

import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client
from pydantic import SecretStr

from journey.account import account_id_of
from journey.rebuild import in_event_order
from journey.touch import Touch
from schemas import topic
from schemas.settings import Settings
from schemas.touchpoint import AcceptedTouchpoint
from sinks.clickhouse.batch import Batch
from sinks.clickhouse.connection import connect
from sinks.clickhouse.insertion import Insertion
from sinks.clickhouse.migration import migrate
from streams.history import account_histories, apart, histories
from streams.touches import touch_of
from streams.wire import decode
from tests.journey.telling import RULES
from tests.streams.records import Record

START = datetime(2025, 3, 1, 12, tzinfo=UTC)
READ = RULES.names_read | {"campaign", "value"}


@pytest.fixture(scope="module")
def client(clickhouse: Any) -> Iterator[Client]:
    made = connect(
        Settings(
            clickhouse_url=clickhouse.url,
            clickhouse_database="history",
            clickhouse_password=SecretStr(clickhouse.password),
        )
    )
    migrate(made)
    yield made
    made.close()


def envelope(customer_id: str, number: int, **given: Any) -> bytes:
    fields: dict[str, Any] = {
        "id": f"t{number}",
        "source": random.choice(["crm", "mailer", "Öl"]),
        "type": random.choice(["page.viewed", "form.submitted", "call.logged"]),
        "team": "marketing",
        "direction": "inbound",
        "occurred_at": START + timedelta(microseconds=random.randrange(10**11)),
        "received_at": START + timedelta(days=10, seconds=number),
        "customer": {"email": "jo@acme.example"},
        "customer_id": customer_id,
        "subject": random.choice([None, "pricing"]),
        "actor": random.choice([None, "rep-1"]),
        "campaign": random.choice([None, "spring"]),
        "content": "ebook",
        "value": random.choice([None, {"amount": "1234.5678", "currency": "EUR"}, {"amount": "-7", "currency": "USD"}]),
        "properties": random.choice([{}, {"path": "/pricing", "unread": 1, "traits": {"seniority": "vp"}}]),
        "origin": "touchpoints.sales/0/1",
    }
    made = AcceptedTouchpoint(**{**fields, **given})
    return made.model_dump_json(exclude_none=True).encode()


def insert(client: Client, values: list[bytes]) -> None:
    batch = Batch()
    batch.add(topic.TOUCHPOINTS, [Record(value, topic=topic.TOUCHPOINTS, offset=at) for at, value in enumerate(values)])
    Insertion(client).insert(batch, lambda _table, _rows: None)


def as_read_from_the_log(values: list[bytes], customer_id: str) -> list[Touch]:
    touches = [touch_of(decode(value), READ) for value in values]
    for touch, value in zip(touches, values, strict=True):
        derived = decode(value).customer_id
        touch.of = derived if derived != customer_id else None
    return in_event_order(touches)


def test_touchpoints_come_in_event_order_and_as_the_stage_read_them(client: Client) -> None:
    customers = [str(uuid.uuid4()) for _ in range(5)]
    told = {customer: [envelope(customer, number) for number in range(60)] for customer in customers}
    insert(client, [value for values in told.values() for value in values])
    unknown = str(uuid.uuid4())
    asked = {customer: [customer] for customer in (customers[3], unknown, customers[0])}
    counted: list[int] = []
    found = {customer: list(touches) for customer, touches in histories(client, asked, READ, counted.append)}
    assert list(found) == list(asked)
    assert found.pop(unknown) == []
    for customer, touches in found.items():
        assert touches == as_read_from_the_log(told[customer], customer)
    assert sum(counted) == 120


def test_of_what_came_twice_the_first_arrival_counts_under_whichever_identifier(client: Client) -> None:
    customer, other = str(uuid.uuid4()), str(uuid.uuid4())
    first = [envelope(other, number, source="crm") for number in range(3)]
    again = [envelope(customer, number, source="crm", received_at=START + timedelta(days=20)) for number in range(5)]
    insert(client, first)
    insert(client, again + again)
    ((_, touches),) = [(who, list(one)) for who, one in histories(client, {customer: [customer, other]}, READ)]
    assert touches == as_read_from_the_log(first + again, customer)
    assert [touch.of for touch in touches].count(other) == 3


def test_nobody_is_asked_for_without_a_query_that_fails(client: Client) -> None:
    assert list(histories(client, {}, READ)) == []


def test_customers_that_share_a_derived_id_are_read_apart() -> None:
    assert apart([("w", ["d", "e"]), ("d", []), ("x", []), ("e", ["f"])]) == [
        {"w": ["w", "d", "e"], "x": ["x"]},
        {"d": ["d"], "e": ["e", "f"]},
    ]


def test_of_an_account_what_matters_to_it_comes_of_each_of_its_people(client: Client) -> None:
    account = account_id_of(f"{uuid.uuid4()}.example")
    jo, kim, other = (str(uuid.uuid4()) for _ in range(3))
    matters = [
        envelope(jo, 1, type="email.sent", direction="outbound", subject="pricing", account_id=account),
        envelope(kim, 2, type="owner.claimed", direction="internal", account_id=account),
        envelope(kim, 3, type="lead.accepted", direction="internal", account_id=account),
    ]
    rest = [
        envelope(jo, 4, type="page.viewed", direction="inbound", subject="pricing", account_id=account),
        envelope(jo, 5, type="email.sent", direction="outbound", subject=None, account_id=account),
        envelope(other, 6, type="email.sent", direction="outbound", subject="pricing"),
    ]
    insert(client, matters + rest)
    ((found, touches),) = [(who, list(one)) for who, one in account_histories(client, [account], READ)]
    assert found == account
    assert touches == as_read_from_the_log(matters, account)
    assert {touch.of for touch in touches} == {jo, kim}

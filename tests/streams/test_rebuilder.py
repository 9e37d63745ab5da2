"""The rebuilder on a real Kafka and a real ClickHouse: each request answered exactly, whatever is killed or away."""

import asyncio
import random
import signal
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from journey.packed import pack_head
from journey.rebuild import fold_history
from journey.touch import Touch
from schemas import topic
from schemas.settings import Settings
from schemas.touchpoint import AcceptedTouchpoint
from sinks.clickhouse.connection import connect
from sinks.consumption import Assignment, consuming
from streams.agreement import Agreement
from streams.control import HEADER, RebuildRequest, Rebuilt, decode_control, encode_request
from streams.metrics import RebuilderMetrics
from streams.placement import partition_of
from streams.rebuilds import Limits, Rebuilder
from streams.stored import unpack
from streams.touches import touch_of
from streams.wire import decode
from tests.journey.telling import RULES
from tests.process import answers, eventually
from tests.sinks.conftest import Part, clickhouse_of, figure, health, keyed, produce, running, settings_for
from tests.streams.conftest import PARTITIONS
from tests.streams.topics import read

WRITER, REBUILDER, PORT = "sinks.writer", "streams.rebuilder", 8
START = datetime(2025, 3, 1, 12, tzinfo=UTC)
KINDS = ("page.viewed", "form.submitted", "content.downloaded", "demo.requested", "lead.qualified", "trial.started")


@pytest.fixture(scope="module")
def clickhouse(tmp_path_factory: pytest.TempPathFactory, free_ports: Callable[[int], list[int]]) -> Iterator[Part]:
    """A ClickHouse that may be killed."""
    with clickhouse_of(tmp_path_factory.mktemp("rebuilder"), free_ports(1)[0]) as part:
        yield part


@pytest.fixture
def here(own_kafka: str, clickhouse: Part, tmp_path: Path, port_base: int) -> Iterator[Settings]:
    """Settings of a rebuilder between the two, with a writer that fills the tables."""
    made = settings_for(clickhouse, tmp_path, port_base + 4)
    settings = made.model_copy(update={"kafka": own_kafka, "partitions": PARTITIONS})
    with running(WRITER, settings):
        yield settings


def history(customer_id: str, count: int, **given: Any) -> list[AcceptedTouchpoint]:
    made = []
    for number in range(count):
        fields: dict[str, Any] = {
            "id": f"t{number}",
            "source": "site",
            "type": random.choice(KINDS),
            "team": "marketing",
            "direction": "inbound",
            "occurred_at": START + timedelta(minutes=random.randrange(400 * 24 * 60)),
            "received_at": START + timedelta(days=500, seconds=number),
            "customer": {"email": "jo@acme.example"},
            "customer_id": customer_id,
            "origin": "touchpoints.marketing/0/1",
        }
        made.append(AcceptedTouchpoint(**{**fields, **given}))
    return made


def emit(here: Settings, touchpoints: list[AcceptedTouchpoint]) -> None:
    records = [{**keyed(one), "partition": partition_of(one.customer_id, PARTITIONS)} for one in touchpoints]
    produce(here.kafka, topic.TOUCHPOINTS, records)


def ask(here: Settings, *requests: RebuildRequest) -> None:
    records = [{"key": one.customer_id.encode(), "value": encode_request(one)} for one in requests]
    produce(here.kafka, topic.REBUILDS, records)


def all_answers(here: Settings) -> dict[str, list[tuple[Rebuilt, Any]]]:
    found: dict[str, list[tuple[Rebuilt, Any]]] = {}
    for record in read(here.kafka, topic.TOUCHPOINTS, PARTITIONS):
        if dict(record.headers).get(HEADER) == b"rebuilt":
            control = decode_control(record.value)
            found.setdefault(control.customer_id, []).append((control, record))
    return found


def answers_for(here: Settings, customer_id: str) -> list[tuple[Rebuilt, Any]]:
    return all_answers(here).get(customer_id, [])


def touches(touchpoints: list[AcceptedTouchpoint], customer_id: str) -> list[Touch]:
    made = [touch_of(decode(one.model_dump_json(exclude_none=True).encode()), RULES.names_read) for one in touchpoints]
    for touch, one in zip(made, touchpoints, strict=True):
        touch.of = one.customer_id if one.customer_id != customer_id else None
    return made


def is_exact(rebuilt: Rebuilt, touchpoints: list[AcceptedTouchpoint]) -> None:
    journey, facts = fold_history(touches(touchpoints, rebuilt.customer_id), rebuilt.customer_id, RULES)
    assert pack_head(unpack(rebuilt.journey).head) == pack_head(journey.head)
    assert rebuilt.facts == facts
    assert rebuilt.touchpoints == len({(one.source, one.id) for one in touchpoints})


def test_a_request_is_answered_in_the_customers_partition_with_what_a_fold_of_everything_says(here: Settings) -> None:
    customer, member = str(uuid.uuid4()), str(uuid.uuid4())
    told = history(customer, 40) + history(member, 20, source="crm") + history(customer, 5)
    with running(REBUILDER, here):
        emit(here, told)
        ask(here, RebuildRequest(customer, [member], "merge", 7))
        eventually(lambda: bool(answers_for(here, customer)), 40)
        ((rebuilt, record),) = answers_for(here, customer)
        is_exact(rebuilt, told)
        assert (rebuilt.reason, rebuilt.rules, rebuilt.members) == ("merge", RULES.digest, [member])
        assert (record.key, record.partition) == (customer.encode(), partition_of(customer, PARTITIONS))
        below = [one for one in read(here.kafka, topic.TOUCHPOINTS, PARTITIONS) if one.partition == record.partition]
        assert max(one.offset for one in below if one.key == customer.encode() and one is not record)
        assert rebuilt.upto <= record.offset
        assert health(here, PORT)["pending"] == 0
        assert figure(here, PORT, "throughline_rebuilds_total", outcome="rebuilt") == 1
        assert figure(here, PORT, "throughline_rebuild_touchpoints_total") == 60


def test_requests_for_one_customer_that_wait_together_are_answered_once(here: Settings) -> None:
    customer, nobody = str(uuid.uuid4()), str(uuid.uuid4())
    emit(here, history(customer, 10))
    ask(here, *[RebuildRequest(customer, [], "too_late", offset) for offset in range(5)])
    ask(here, RebuildRequest(nobody, [], "asked", 0))
    with running(REBUILDER, here):
        eventually(lambda: bool(answers_for(here, nobody)), 40)
    assert len(answers_for(here, customer)) == 1
    ((rebuilt, _),) = answers_for(here, nobody)
    assert (rebuilt.touchpoints, rebuilt.facts, unpack(rebuilt.journey).head.seen) == (0, [], 0)


def test_a_record_that_is_no_request_holds_up_nobody(here: Settings) -> None:
    customer = str(uuid.uuid4())
    produce(here.kafka, topic.REBUILDS, [{"key": customer.encode(), "value": b"{"}])
    ask(here, RebuildRequest(customer, [], "asked", 0))
    with running(REBUILDER, here) as rebuilder:
        eventually(lambda: bool(answers_for(here, customer)), 40)
        assert "is no request for a rebuild" in rebuilder.said()


@pytest.mark.timeout(300)
def test_killed_again_and_again_every_request_is_answered_exactly(here: Settings) -> None:
    told = {str(uuid.uuid4()): 30 for _ in range(60)}
    made = {customer: history(customer, count) for customer, count in told.items()}
    emit(here, [one for touchpoints in made.values() for one in touchpoints])
    slow = here.model_copy(update={"rebuild_touchpoints_per_second": 1000})
    customers = list(made)
    for start in range(0, 60, 20):
        with running(REBUILDER, slow) as rebuilder:
            ask(here, *[RebuildRequest(customer, [], "asked", 0) for customer in customers[start : start + 20]])
            eventually(lambda: answers(f"http://127.0.0.1:{here.port_base + PORT}/healthz"), 30)
            rebuilder.stop(signal.SIGKILL)
    with running(REBUILDER, here):
        eventually(lambda: health(here, PORT).get("pending") == 0 and set(made) <= set(all_answers(here)), 60)
    answered = all_answers(here)
    for customer, touchpoints in made.items():
        for rebuilt, _ in answered[customer]:
            is_exact(rebuilt, touchpoints)


@pytest.mark.timeout(300)
def test_a_clickhouse_that_is_away_is_waited_for(here: Settings, clickhouse: Part) -> None:
    customer = str(uuid.uuid4())
    told = history(customer, 20)
    with running(REBUILDER, here):
        eventually(lambda: health(here, PORT).get("status") == "ok", 30)
        clickhouse.stop(signal.SIGKILL)
        try:
            emit(here, told)
            ask(here, RebuildRequest(customer, [], "asked", 0))
            eventually(lambda: health(here, PORT).get("status") == "waiting", 30)
        finally:
            clickhouse.start()
        eventually(lambda: answers(clickhouse.environment["URL"] + "/ping"), 60)
        eventually(lambda: bool(answers_for(here, customer)), 60)
    is_exact(answers_for(here, customer)[0][0], told)


def test_told_to_stop_it_stops_in_the_middle_of_its_pace(here: Settings) -> None:
    customer = str(uuid.uuid4())
    emit(here, history(customer, 10_000, type="page.viewed"))
    slow = here.model_copy(update={"rebuild_touchpoints_per_second": 1000})
    with running(REBUILDER, slow) as rebuilder:
        ask(here, RebuildRequest(customer, [], "asked", 0))
        eventually(lambda: health(here, PORT).get("pending") == 1, 30)
        assert rebuilder.stop() == 0
    assert answers_for(here, customer) == []


def test_a_journey_that_is_larger_than_a_record_is_refused_and_said_and_the_next_one_is_answered(
    here: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    large, small = str(uuid.uuid4()), str(uuid.uuid4())
    emit(here, history(large, 60) + history(small, 1, type="page.viewed"))
    ask(here, RebuildRequest(large, [], "asked", 0), RebuildRequest(small, [], "asked", 0))
    metrics = RebuilderMetrics()

    async def fulfil() -> None:
        stopping, assignment = asyncio.Event(), Assignment()
        async with (
            consuming(here.kafka, here.group, [topic.REBUILDS], assignment, stopping, member="one") as consumer,
            AIOKafkaProducer(bootstrap_servers=here.kafka) as producer,
        ):
            limits = Limits(record_bytes=8000)
            agreement = Agreement(here.kafka, RULES)
            rebuilder = Rebuilder(
                here.kafka, consumer, assignment, producer, lambda: connect(here), agreement, PARTITIONS, 1e6, metrics,
                limits,
            )  # fmt: skip
            turning = asyncio.create_task(rebuilder.run(stopping))
            while not turning.done() and await asyncio.to_thread(answers_for, here, small) == []:
                await asyncio.sleep(0.2)
            stopping.set()
            await turning

    asyncio.run(asyncio.wait_for(fulfil(), 60))
    assert answers_for(here, large) == []
    assert f"customer {large} is not rebuilt" in caplog.text
    counted = {
        sample.labels["outcome"]: sample.value
        for sample in next(iter(metrics.rebuilds.collect())).samples
        if sample.name.endswith("_total")
    }
    assert counted == {"refused": 1, "rebuilt": 1}


def test_an_answer_of_several_megabytes_travels_compressed(here: Settings) -> None:
    customer = str(uuid.uuid4())
    told = history(customer, 9000)
    for number, one in enumerate(told):
        kind = "lead.accepted" if number % 2 else "lead.rejected"
        told[number] = one.model_copy(update={"type": kind, "team": "sales", "direction": "internal", "channel": "crm"})
    with running(REBUILDER, here):
        emit(here, told)
        ask(here, RebuildRequest(customer, [], "asked", 0))
        eventually(lambda: bool(answers_for(here, customer)), 60)
        ((rebuilt, record),) = answers_for(here, customer)
    assert len(record.value) > 2_000_000
    is_exact(rebuilt, told)

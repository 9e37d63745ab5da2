"""The writer against a real broker and the real engine: exactly once, whatever is killed meanwhile."""

import asyncio
import signal
import uuid
from datetime import UTC, timedelta
from decimal import Decimal

import pytest
from clickhouse_connect.driver.client import Client

from schemas import topic
from schemas.settings import Settings
from sinks.clickhouse.connection import MIGRATION_SECONDS, QUERY_SECONDS, connect
from sinks.clickhouse.position import write_positions, written_up_to
from sinks.clickhouse.writer import TOPICS, Limits, Writer
from sinks.consumption import Assignment, consuming
from sinks.metrics import WriterMetrics
from tests.process import answers, eventually
from tests.sinks import examples
from tests.sinks.conftest import figure, health, keyed, produce, rows, running

WRITER = "sinks.writer"
PORT = 4
ROWS = "throughline_sink_rows_total"


@pytest.fixture
def here(settings: Settings, own_kafka: str) -> Settings:
    """The settings of a writer between the two."""
    return settings.model_copy(update={"kafka": own_kafka})


@pytest.fixture
def customer() -> str:
    """A customer of this test alone."""
    return str(uuid.uuid4())


def count(settings: Settings, view: str, customer: str) -> int:
    found = rows(settings, f"SELECT count() FROM {view} WHERE customer_id = '{customer}'")
    return int(found[0][0]) if found else 0


def touchpoints(customer: str, ids: range) -> list[dict[str, object]]:
    return [keyed(examples.touchpoint(customer_id=customer, id=f"t-{number}")) for number in ids]


def settled(settings: Settings) -> bool:
    said = health(settings, PORT)
    return said.get("status") == "ok" and said.get("partitions") == 9 and said.get("lag") == 0


def test_everything_that_travels_arrives_in_its_view(here, customer):
    facts = [fact.model_copy(update={"customer_id": customer}) for fact in examples.FACTS]
    with running(WRITER, here):
        produce(here.kafka, topic.TOUCHPOINTS, touchpoints(customer, range(3)))
        produce(here.kafka, topic.FACTS, [keyed(fact) for fact in facts])
        produce(here.kafka, topic.ALERTS, [keyed(examples.alert(customer_id=customer))])
        headers = [("throughline-reason", b"not_json"), ("throughline-origin", customer.encode())]
        produce(here.kafka, topic.REJECTED, [{"value": b"\xff{", "headers": headers}])
        redirect = examples.redirect(customer_id=customer)
        produce(here.kafka, topic.REDIRECTS, [keyed(redirect)])
        link = examples.link(redirect.derived_id)
        produce(here.kafka, topic.LINKS, [{"value": link.model_dump_json().encode()}])
        views = {
            "v_identities": 1,
            "v_touchpoints": 3,
            "v_transitions": 2,
            "v_positions": 1,
            "v_handoffs": 2,
            "v_overlaps": 1,
        }
        views |= {"v_clocks": 2, "v_stalled": 2, "v_corrections": 1, "v_too_late": 1, "v_alerts": 1}
        views |= {"v_merges": 1, "v_identity_conflicts": 1, "v_rebuilds": 1, "v_feedback": 2, "v_deals": 2}
        for view, expected in views.items():
            eventually(lambda view=view, expected=expected: count(here, view, customer) == expected)
        eventually(lambda: rows(here, f"SELECT reason FROM v_rejected WHERE origin = '{customer}'") == [("not_json",)])
        links = f"SELECT statement, derived_ids[2] FROM v_identity_links WHERE touchpoint_id = '{link.id}'"
        eventually(lambda: rows(here, links) == [("seen", redirect.derived_id)])
        ((touch,),) = rows(here, f"SELECT touchpoints FROM v_overlaps WHERE customer_id = '{customer}'")
        assert touch == [{"source": "crm", "id": "t-1"}, {"source": "mailer", "id": "t-2"}]
        ((stage, visits, actor),) = rows(
            here, f"SELECT stage, visits, owner_actor FROM v_positions WHERE customer_id = '{customer}'"
        )
        assert (stage, visits, actor) == ("intent", {"awareness": 1, "intent": 1}, None)
        ((fit, probability, last),) = rows(
            here, f"SELECT fit, probability, last_touch['sales'] FROM v_positions WHERE customer_id = '{customer}'"
        )
        assert (fit, probability, last.replace(tzinfo=UTC)) == (60.0, 0.25, examples.NOON - timedelta(days=1))
        (won,) = rows(here, f"SELECT amount, currency FROM v_deals WHERE status = 'won' AND customer_id = '{customer}'")
        assert won == (Decimal("12000.5"), "EUR")
        assert figure(here, PORT, ROWS, table="touchpoints") >= 3


def test_the_first_arrival_of_a_touchpoint_wins_and_the_newest_version_of_a_fact(here, customer):
    first = examples.touchpoint(customer_id=customer, actor="first")
    moved = examples.transition(customer_id=customer, to_stage="interest", version=5)
    with running(WRITER, here):
        produce(here.kafka, topic.TOUCHPOINTS, [keyed(first)])
        produce(here.kafka, topic.FACTS, [keyed(moved.model_copy(update={"to_stage": "intent", "version": 6}))])
        eventually(lambda: count(here, "v_touchpoints", customer) == 1 == count(here, "v_transitions", customer))
        again = first.model_copy(update={"actor": "second", "occurred_at": examples.NOON + timedelta(days=40)})
        produce(here.kafka, topic.TOUCHPOINTS, [keyed(again)])
        produce(here.kafka, topic.FACTS, [keyed(moved)])
        eventually(lambda: settled(here) and figure(here, PORT, ROWS, table="transitions") >= 2)
        assert rows(here, f"SELECT actor FROM v_touchpoints WHERE customer_id = '{customer}'") == [("first",)]
        assert rows(here, f"SELECT to_stage FROM v_transitions WHERE customer_id = '{customer}'") == [("intent",)]


def test_a_fact_that_was_taken_back_leaves_its_view(here, customer):
    moved = examples.transition(customer_id=customer)
    with running(WRITER, here):
        produce(here.kafka, topic.FACTS, [keyed(moved)])
        eventually(lambda: count(here, "v_transitions", customer) == 1)
        produce(here.kafka, topic.FACTS, [keyed(moved.model_copy(update={"version": 4, "deleted": True}))])
        eventually(lambda: count(here, "v_transitions", customer) == 0)
        connect(here).command("OPTIMIZE TABLE transitions FINAL")
        assert count(here, "v_transitions", customer) == 0
        produce(here.kafka, topic.FACTS, [keyed(moved.model_copy(update={"version": 5}))])
        eventually(lambda: count(here, "v_transitions", customer) == 1)


def test_what_an_aborted_transaction_said_is_never_seen(here, customer):
    with running(WRITER, here):
        produce(here.kafka, topic.TOUCHPOINTS, touchpoints(customer, range(5)), commit=False)
        produce(here.kafka, topic.TOUCHPOINTS, touchpoints(customer, range(5, 7)))
        eventually(lambda: count(here, "v_touchpoints", customer) > 0)
        eventually(lambda: settled(here))
        assert count(here, "v_touchpoints", customer) == 2


def test_a_record_that_cannot_be_a_row_is_kept_and_stops_nothing(here, customer):
    produce(here.kafka, topic.FACTS, [{"key": customer.encode(), "value": b'{"fact": "prophecy"}'}])
    produce(here.kafka, topic.FACTS, [keyed(examples.transition(customer_id=customer))])
    with running(WRITER, here) as writer:
        eventually(lambda: count(here, "v_transitions", customer) == 1)
        kept = f"SELECT value FROM sink_rejected WHERE key = '{customer}'"
        eventually(lambda: rows(here, kept) == [('{"fact": "prophecy"}',)])
        assert "cannot be a row" in writer.said()


def test_a_writer_that_is_killed_again_and_again_loses_and_doubles_nothing(here, customer):
    expected = 0
    for _ in range(4):
        with running(WRITER, here) as writer:
            fresh = range(expected, expected + 3000)
            produce(here.kafka, topic.TOUCHPOINTS, touchpoints(customer, fresh))
            expected += len(fresh)
            eventually(lambda: answers(f"http://127.0.0.1:{here.port_base + PORT}/healthz"))
            writer.stop(signal.SIGKILL)
    with running(WRITER, here):
        eventually(lambda: count(here, "v_touchpoints", customer) == expected, 40)
        eventually(lambda: settled(here))
    assert count(here, "v_touchpoints", customer) == expected


def test_a_group_that_lost_its_offsets_goes_on_where_the_tables_end(here, customer):
    produce(here.kafka, topic.TOUCHPOINTS, touchpoints(customer, range(20)))
    with running(WRITER, here) as writer:
        eventually(lambda: count(here, "v_touchpoints", customer) == 20 and settled(here))
        assert writer.stop() == 0
    held = written_up_to(connect(here))
    produce(here.kafka, topic.TOUCHPOINTS, touchpoints(customer, range(20, 25)))
    other = here.model_copy(update={"group": f"{here.group}_other"})
    with running(WRITER, other):
        eventually(lambda: count(here, "v_touchpoints", customer) == 25)
        assert figure(other, PORT, ROWS, table="touchpoints") == 5
    assert sum(written_up_to(connect(here)).values()) == sum(held.values()) + 5 + 1


def test_rows_wait_while_clickhouse_is_away(here, own_clickhouse, customer):
    with running(WRITER, here):
        produce(here.kafka, topic.TOUCHPOINTS, touchpoints(customer, range(10)))
        eventually(lambda: count(here, "v_touchpoints", customer) == 10)
        own_clickhouse.stop(signal.SIGKILL)
        try:
            produce(here.kafka, topic.TOUCHPOINTS, touchpoints(customer, range(10, 500)))
            eventually(lambda: health(here, PORT).get("status") == "waiting")
            assert figure(here, PORT, "throughline_sink_clickhouse_up") == 0
        finally:
            own_clickhouse.start()
        eventually(lambda: answers(own_clickhouse.environment["URL"] + "/ping"), 60)
        eventually(lambda: count(here, "v_touchpoints", customer) == 500, 30)
        eventually(lambda: settled(here))


def test_a_database_that_was_emptied_is_filled_anew(here, customer):
    produce(here.kafka, topic.TOUCHPOINTS, touchpoints(customer, range(30)))
    with running(WRITER, here) as writer:
        eventually(lambda: count(here, "v_touchpoints", customer) == 30 and settled(here))
        connect(here).command(f"DROP DATABASE {here.clickhouse_database}", use_database=False)
        produce(here.kafka, topic.TOUCHPOINTS, touchpoints(customer, range(30, 31)))
        eventually(lambda: count(here, "v_touchpoints", customer) == 31)
        assert "RowsLostError" in writer.said()


def test_the_last_of_a_burst_does_not_wait_until_the_batch_is_old(here, customer):
    patience: list[float] = []

    async def written() -> None:
        stopping, assignment = asyncio.Event(), Assignment()
        async with consuming(here.kafka, here.group, TOPICS, assignment, stopping, member="quiet") as consumer:
            limits = Limits(seconds=3600)

            def opened(seconds: float) -> Client:
                patience.append(seconds)
                return connect(here, seconds=seconds)

            writing = asyncio.create_task(Writer(consumer, assignment, opened, WriterMetrics(), limits).run(stopping))
            while not writing.done() and await asyncio.to_thread(count, here, "v_touchpoints", customer) < 3:
                await asyncio.sleep(0.05)
            stopping.set()
            await writing

    produce(here.kafka, topic.TOUCHPOINTS, touchpoints(customer, range(3)))
    asyncio.run(asyncio.wait_for(written(), 20))
    # A migration may fill a table from all that is there: nobody gives it up after a minute.
    assert patience == [MIGRATION_SECONDS, QUERY_SECONDS]


def test_sigterm_writes_what_is_in_memory_and_leaves(here, customer):
    with running(WRITER, here) as writer:
        eventually(lambda: settled(here))
        produce(here.kafka, topic.TOUCHPOINTS, touchpoints(customer, range(40)))
        eventually(
            lambda: (
                figure(here, PORT, "throughline_sink_waiting_rows") > 0 or count(here, "v_touchpoints", customer) > 0
            )
        )
        assert writer.stop() == 0
    assert count(here, "v_touchpoints", customer) == 40


def test_the_positions_reach_the_end_of_a_partition_behind_the_transaction_marker(here, customer):
    from kafka import KafkaConsumer, TopicPartition

    produce(here.kafka, topic.TOUCHPOINTS, touchpoints(customer, range(3)))
    reader = KafkaConsumer(bootstrap_servers=here.kafka)
    ends = reader.end_offsets([TopicPartition(topic.TOUCHPOINTS, number) for number in (0, 1)])
    reader.close()
    with running(WRITER, here):
        wanted = {(place.topic, place.partition): end for place, end in ends.items() if end}
        eventually(lambda: bool(rows(here, "SELECT 1 FROM sink_positions")))
        eventually(lambda: wanted.items() <= written_up_to(connect(here)).items())


def test_a_clickhouse_that_is_ahead_of_kafka_is_refused_loudly(here, customer):
    with running(WRITER, here) as writer:
        eventually(lambda: settled(here))
        writer.stop()
    write_positions(connect(here), {(topic.FACTS, 0): 10**12})
    with running(WRITER, here) as writer:
        eventually(lambda: "belongs to another Kafka" in health(here, PORT).get("reason", ""))
        assert "Traceback" not in writer.said()

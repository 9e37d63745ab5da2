"""One touchpoint from bytes to rows, in this process: read it from top to bottom.

What the worker does with Kafka around it, and the writer with retries around it, is left out. Every class is the one
that runs in production; the records are aiokafka's own, and ClickHouse is the real engine.
"""

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from aiokafka.structs import ConsumerRecord
from clickhouse_connect.driver.client import Client

from journey.account import account_id_of
from journey.identity import customer_id_of
from journey.policy.reading import read
from journey.rules import Rules
from schemas import rejection, topic
from schemas.settings import DEFAULT_POLICY, Settings
from schemas.touchpoint import AcceptedTouchpoint
from sinks.clickhouse.batch import Batch
from sinks.clickhouse.connection import connect
from sinks.clickhouse.insertion import Insertion
from sinks.clickhouse.migration import migrate
from streams.control import ACCOUNT, kind_of
from streams.effects import Effects
from streams.intake import IntakeStage
from streams.journeys import JourneyStage
from streams.placement import partition_of
from streams.stored import unpack
from tests.conftest import ClickHouse

PARTITIONS = 4
NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)  # a Monday afternoon
NOW_MS = int(NOW.timestamp() * 1000)
RULES = Rules(read(DEFAULT_POLICY.read_text()))
ADA = customer_id_of("email", "ada@acme.example")


def record_of(topic_name: str, partition: int, offset: int, output: Any) -> ConsumerRecord[Any, Any]:
    """Bytes as Kafka hands them to a consumer."""
    key, value, headers = output
    return ConsumerRecord(topic_name, partition, offset, NOW_MS, 0, key, value, None, 0, 0, tuple(headers))


def records_of(effects: Effects, topic_name: str, first_offset: int = 0) -> list[ConsumerRecord[Any, Any]]:
    """What a stage wrote to a topic, as the next one reads it."""
    return [
        record_of(name, partition, offset, output)
        for (name, partition), outputs in effects.outputs.items()
        if name == topic_name
        for offset, output in enumerate(outputs, first_offset)
    ]


def hers(effects: Effects, first_offset: int = 0) -> list[ConsumerRecord[Any, Any]]:
    """The records of journey.touchpoints that are touchpoints of a customer, not copies for the account."""
    return [record for record in records_of(effects, topic.TOUCHPOINTS, first_offset) if not record.headers]


def values_of(effects: Effects, topic_name: str) -> list[dict[str, Any]]:
    return [json.loads(record.value) for record in records_of(effects, topic_name)]


# 1. Sales' CRM writes this to `touchpoints.sales`. Key and partition are the CRM's choice; they mean nothing to us.

QUOTE = b"""{
  "id": "quote-12", "source": "crm", "type": "quote.sent", "team": "sales", "actor": "rep-7",
  "customer": {"email": " Ada@ACME.example", "phone": "(415) 555-0100"},
  "occurred_at": "2026-03-02T15:30:00+01:00", "direction": "outbound", "subject": "pricing",
  "value": {"amount": "12000.00", "currency": "EUR"}
}"""


def intake(value: bytes) -> Effects:
    """The intake stage takes a chunk, here of one record, and answers with effects: nothing is written yet."""
    stage = IntakeStage(topic.RAW_SALES, PARTITIONS, RULES.future_ms, region="US")
    return stage.fold([record_of(topic.RAW_SALES, 2, 1187, (b"any key", value, []))], NOW_MS, None)


# 2. Intake validates it, normalises its identifiers, and derives whose it is from the strongest one.


def test_intake_accepts_it_and_says_whose_it_is() -> None:
    effects = intake(QUOTE)
    (accepted,) = (AcceptedTouchpoint.model_validate_json(record.value) for record in hers(effects))
    assert accepted.customer is not None
    assert (accepted.customer.email, accepted.customer.phone) == ("ada@acme.example", "+14155550100")
    assert accepted.customer_id == ADA
    assert accepted.channel == "crm", "the type decides where the tool says nothing"
    assert (accepted.origin, accepted.received_at) == ("touchpoints.sales/2/1187", NOW)


# 3. It goes to `journey.touchpoints` under the customer's id, so that all of one customer is on one partition.


def test_it_is_keyed_by_the_customer() -> None:
    (record,) = hers(intake(QUOTE))
    assert (record.key, record.partition) == (ADA.encode(), partition_of(ADA, PARTITIONS))


# Two more records stand in the same transaction: a copy for the account (the other people of acme.example may hear of
# pricing from marketing), and that this e-mail and this phone were named together (whoever uses either is she).


def test_her_account_hears_of_it_and_her_identifiers_are_linked() -> None:
    effects = intake(QUOTE)
    (copy,) = (record for record in records_of(effects, topic.TOUCHPOINTS) if record.headers)
    assert (kind_of(copy.headers), copy.key) == (ACCOUNT, account_id_of("acme.example").encode())
    (link,) = values_of(effects, topic.LINKS)
    assert "ada@acme.example" in json.dumps(link)
    assert "+14155550100" in json.dumps(link)


# 4. The journey stage of that partition folds it into the customer's journey, by the policy.


def journey(*chunks: Effects) -> tuple[JourneyStage, Effects]:
    """A stage after these chunks of intake, and what the last one led to."""
    stage = JourneyStage(RULES, partition_of(ADA, PARTITIONS), PARTITIONS)
    effects = Effects()
    for offset, chunk in enumerate(chunks):
        effects = stage.fold(hers(chunk, offset), NOW_MS)
        # In the worker the Kafka transaction stands here, between the effects and their becoming state.
        stage.settle(effects)
    return stage, effects


def test_the_quote_moves_her_to_evaluation_and_starts_the_clock_of_the_answer() -> None:
    _, effects = journey(intake(QUOTE))
    facts = {fact["fact"]: fact for fact in values_of(effects, topic.FACTS)}
    moved, clock = facts["transition"], facts["clock"]
    assert (moved["track"], moved["kind"], moved["from_stage"], moved["to_stage"]) == (
        "funnel", "enter", None, "evaluation",
    )  # fmt: skip
    assert moved["touchpoint"] == {"source": "crm", "id": "quote-12"}
    assert moved["rule"] == "funnel.evaluation.enter.1"
    assert moved["policy"] == "default@1"
    assert (clock["name"], clock["state"], clock["due_at"]) == ("quote_answer", "running", "2026-03-16T14:30:00Z")


# 5. Her journey is packed bytes in `journey.state`, with what is due next in front.


def test_her_state_is_written_with_it() -> None:
    _, effects = journey(intake(QUOTE))
    packed = unpack(effects.state[ADA])
    assert (packed.head.seen, packed.version) == (1, 1)


# 6. The same touchpoint again changes nothing: (source, id) counts once.


def test_sent_twice_it_counts_once() -> None:
    stage, effects = journey(intake(QUOTE), intake(QUOTE))
    assert effects.counts["duplicates",] == 1
    assert effects.outputs == {}
    assert unpack(dict(stage.packed())[ADA]).head.seen == 1


# 7. Marketing sent a promotion that morning, and its tool tells us late. The journey is folded anew in the order in
#    which things happened: now she was aware before she evaluated, and what was said is said again, corrected.

PROMOTION = b"""{
  "id": "mail-9", "source": "mailer", "type": "email.sent", "team": "marketing",
  "customer": {"email": "ada@acme.example"},
  "occurred_at": "2026-03-02T09:00:00Z", "direction": "outbound", "subject": "promotion"
}"""


def test_what_comes_late_corrects_what_was_said() -> None:
    _, effects = journey(intake(QUOTE), intake(PROMOTION))
    said = values_of(effects, topic.FACTS)
    moves = [fact for fact in said if fact["fact"] == "transition" and not fact["deleted"]]
    assert [(move["kind"], move["from_stage"], move["to_stage"]) for move in moves] == [
        ("enter", None, "awareness"),
        ("skip", "awareness", "evaluation"),
    ]
    (correction,) = [fact for fact in said if fact["fact"] == "correction"]
    assert correction["touchpoint"] == {"source": "mailer", "id": "mail-9"}


# 8. A quarter of an hour after sales' quote, marketing sends another promotion: that is what Throughline is for.

ANOTHER = PROMOTION.replace(b"mail-9", b"mail-10").replace(b"T09:00:00Z", b"T14:45:00Z")


def test_a_promotion_while_a_quote_is_out_is_a_conflict_and_people_are_told() -> None:
    _, effects = journey(intake(QUOTE), intake(ANOTHER))
    overlaps = {fact["kind"]: fact for fact in values_of(effects, topic.FACTS) if fact["fact"] == "overlap"}
    conflict = overlaps["conflict"]
    assert (conflict["status"], conflict["severity"], conflict["precedence"]) == ("open", "high", "sales")
    alerts = [alert for alert in values_of(effects, topic.ALERTS) if alert["fact_id"] == conflict["id"]]
    assert [alert["type"] for alert in alerts] == ["overlap.opened"]


# 9. What is no touchpoint goes to `touchpoints.rejected`: its own bytes, and why, in the headers.


def test_what_is_no_touchpoint_is_kept_with_its_bytes() -> None:
    broken = QUOTE.replace(b'"team": "sales"', b'"team": 7')
    (record,) = records_of(intake(broken), topic.REJECTED)
    headers = dict(record.headers)
    assert record.value == broken
    assert headers[rejection.HEADER_REASON] == b"not_a_touchpoint"
    assert headers[rejection.HEADER_POINTER] == b"/team"


# 10. The writer maps every record to a row of its table and inserts them, as often as it must: rows collapse by id.


@pytest.fixture(scope="module")
def tables(clickhouse: ClickHouse) -> Iterator[Client]:
    """A database of this tutorial's own, with the product's tables and views."""
    client = connect(
        Settings(
            clickhouse_url=clickhouse.url,
            clickhouse_database=f"walkthrough_{uuid.uuid4().hex[:8]}",
            clickhouse_password=clickhouse.password,
        )
    )
    migrate(client)
    yield client
    client.command(f"DROP DATABASE {client.database}")


def write(client: Client, *chunks: Effects) -> None:
    """Everything that stages wrote to Kafka, into ClickHouse."""
    batch = Batch()
    for offset, effects in enumerate(chunks):
        for name in (topic.TOUCHPOINTS, topic.FACTS, topic.ALERTS, topic.REJECTED):
            batch.add(name, records_of(effects, name, 100 * offset))
    Insertion(client).insert(batch, lambda table, rows: None)


def test_it_is_a_row_that_analysts_read(tables: Client) -> None:
    accepted, broken = intake(QUOTE), intake(b"{")
    _, folded = journey(accepted)
    write(tables, accepted, folded, broken)
    write(tables, accepted, folded, broken)  # as after a crash of the writer

    touchpoints = tables.query("SELECT customer_id, type, subject, value_amount, occurred_at FROM v_touchpoints")
    ((customer_id, kind, subject, amount, occurred_at),) = touchpoints.result_rows
    assert (customer_id, kind, subject, str(amount)) == (ADA, "quote.sent", "pricing", "12000.0000")
    assert occurred_at.replace(tzinfo=UTC) == datetime(2026, 3, 2, 14, 30, tzinfo=UTC)

    positions = tables.query("SELECT customer_id, track, stage, furthest, visits, owner_team FROM v_positions")
    assert positions.result_rows == [(ADA, "funnel", "evaluation", "evaluation", {"evaluation": 1}, "marketing")]

    rejected = tables.query("SELECT reason, origin, value FROM v_rejected")
    assert rejected.result_rows == [("not_json", "touchpoints.sales/2/1187", "{")]


# 11. After the correction of step 7 the views show what is true now; the retracted move is gone.


def test_the_views_show_what_is_true_now(tables: Client) -> None:
    first, late = intake(QUOTE), intake(PROMOTION)
    stage, folded = journey(first)
    corrected = stage.fold(records_of(late, topic.TOUCHPOINTS, 1), NOW_MS)
    write(tables, folded, corrected)
    moves = tables.query("SELECT kind, to_stage FROM v_transitions ORDER BY at")
    assert moves.result_rows == [("enter", "awareness"), ("skip", "evaluation")]
    owner = tables.query("SELECT stage, visits FROM v_positions")
    assert owner.result_rows == [("evaluation", {"awareness": 1, "evaluation": 1})]

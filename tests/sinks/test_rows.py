"""Records become rows, and what cannot be one is kept."""

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

import schemas.fact
from schemas import topic
from schemas.control import HEADER
from schemas.fact import IdentityConflict
from sinks.clickhouse import fact_struct
from sinks.clickhouse.alert_row import AlertRow, alert_row
from sinks.clickhouse.batch import Batch
from sinks.clickhouse.fact_rows import fact_row
from sinks.clickhouse.record import MappingError
from sinks.clickhouse.rejected_row import RejectedRow, rejected_row
from sinks.clickhouse.table import BY_NAME
from sinks.clickhouse.touchpoint_row import TouchpointRow, touchpoint_row
from tests.sinks import examples

NOON_MS = 1_772_452_800_250


@dataclass(frozen=True)
class Record:
    """A record as a consumer hands it out."""

    value: bytes | None
    topic: str = "journey.touchpoints"
    partition: int = 2
    offset: int = 41
    timestamp: int = NOON_MS
    key: bytes | None = b"k"
    headers: tuple[tuple[str, bytes], ...] = ()


def of(model: BaseModel) -> Record:
    return Record(model.model_dump_json().encode())


def changed(model: BaseModel, **changes: object) -> Record:
    return Record(json.dumps({**model.model_dump(mode="json"), **changes}).encode())


def test_a_touchpoint_with_every_field_is_a_row():
    row = TouchpointRow._make(touchpoint_row(of(examples.touchpoint(customer_id="c"))))
    assert row.customer_id == "c"
    assert (row.crm_id, row.email, row.phone, row.account) == ("c-9", "ann@example.com", "+14155550100", "example.com")
    assert (row.occurred_at, row.received_at) == (NOON_MS, NOON_MS + 1000)
    assert (row.value_amount, row.value_currency) == (Decimal("1234.5678"), "EUR")
    assert json.loads(row.properties) == {"path": "/pricing", "deep": [1, {"ü": None}]}
    assert (row.topic, row.partition, row.offset, row.origin) == ("journey.touchpoints", 2, 41, "touchpoints.sales/0/7")


def test_what_a_touchpoint_leaves_out_is_empty():
    bare = examples.touchpoint(
        type="spend.recorded", customer=None, customer_id="", actor=None, subject=None, campaign=None, content=None,
        value=None, cost=None, properties={},
    )  # fmt: skip
    row = TouchpointRow._make(touchpoint_row(Record(bare.model_dump_json(exclude_none=True).encode())))
    assert (row.customer_id, row.email, row.actor, row.subject, row.value_currency) == ("", "", "", "", "")
    assert row.value_amount is None
    assert row.properties == b"{}"


def test_a_conflict_that_was_told_before_it_had_a_reason_is_one_of_two_known_people():
    (conflict,) = [fact for fact in examples.FACTS if isinstance(fact, IdentityConflict)]
    told = conflict.model_dump(mode="json")
    del told["reason"]
    table, row = fact_row(Record(json.dumps(told).encode()))
    assert dict(zip(BY_NAME[table].columns, row, strict=True))["reason"] == "two_known"


@pytest.mark.parametrize("fact", examples.FACTS, ids=lambda fact: type(fact).__name__)
def test_every_fact_is_a_row_of_its_table(fact):
    table, row = fact_row(of(fact))
    columns = dict(zip(BY_NAME[table].columns, row, strict=True))
    assert (columns["id"], columns["customer_id"], columns["version"]) == (fact.id, fact.customer_id, 3)
    assert (columns["at"], columns["is_deleted"], columns["offset"]) == (NOON_MS, 0, 41)
    for name, value in fact.model_dump().items():
        if name in columns:
            absent = value is None and columns[name] in ("", None)
            assert absent or columns[name] == _as_column(value), name


def _as_column(value: object) -> object:
    if isinstance(value, datetime):
        return round(value.timestamp() * 1000)
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [(ref["source"], ref["id"]) for ref in value]
    if isinstance(value, dict):
        return {key: _as_column(inner) for key, inner in value.items()}
    return value


def test_an_absent_text_is_empty_and_an_absent_time_is_none():
    table, row = fact_row(of(examples.FACTS[7].model_copy(update={"stopped_by": None, "stopped_at": None})))
    columns = dict(zip(BY_NAME[table].columns, row, strict=True))
    assert (columns["stopped_by_source"], columns["stopped_by_id"], columns["stopped_at"]) == ("", "", None)


def test_a_retraction_is_a_deleted_row():
    table, row = fact_row(of(examples.transition(deleted=True)))
    assert row[BY_NAME[table].columns.index("is_deleted")] == 1


@pytest.mark.parametrize("struct", fact_struct.STRUCTS, ids=lambda struct: struct.__name__)
def test_the_decoded_facts_have_the_fields_of_the_models(struct):
    model = getattr(schemas.fact, struct.__name__)
    fields = {field.name for field in msgspec.structs.fields(struct)}
    assert fields == set(model.model_fields) - {"fact", "schema_version"}
    assert struct.__struct_config__.tag == model.model_fields["fact"].default


def test_every_fact_model_has_an_example_and_a_struct():
    assert {type(fact) for fact in examples.FACTS} == set(schemas.fact.FACTS)
    assert len(fact_struct.STRUCTS) == len(schemas.fact.FACTS)


def test_an_alert_is_a_row_with_its_fact_as_json():
    alert = examples.alert()
    row = AlertRow._make(alert_row(of(alert)))
    assert (row.id, row.type, row.fact_id) == (alert.id, "prospect.stalled", alert.fact_id)
    assert json.loads(row.data)["stage"] == "intent"


def test_a_rejection_is_its_original_bytes_and_its_headers():
    headers = (
        ("throughline-reason", b"not_json"),
        ("throughline-detail", "naïve".encode()),
        ("throughline-pointer", b"/id"),
        ("throughline-origin", b"touchpoints.sales/0/3"),
        ("throughline-received-at", b"2026-03-02T12:00:00.250Z"),
        ("throughline-bytes", b"1048577"),
    )
    row = RejectedRow._make(rejected_row(Record(b"\xff\x00{", headers=headers)))
    assert row.value == b"\xff\x00{"
    assert (row.reason, row.detail, row.pointer) == ("not_json", "naïve", "/id")
    assert (row.received_at, row.bytes) == (NOON_MS, 1_048_577)


def test_a_rejected_null_value_is_a_row_without_bytes():
    row = RejectedRow._make(rejected_row(Record(None, key=None, headers=(("throughline-reason", b"empty"),))))
    assert (row.value, row.bytes, row.reason) == (b"", 0, "empty")


def test_a_rejection_that_does_not_say_why_is_refused():
    with pytest.raises(MappingError, match="throughline-reason"):
        rejected_row(Record(b"x"))


@pytest.mark.parametrize(
    "changes",
    [
        {"occurred_at": "2026-03-02T12:00:00"},
        {"occurred_at": "1500-01-01T00:00:00Z"},
        {"occurred_at": "not a time"},
        {"value": {"amount": "123456789012345", "currency": "EUR"}},
        {"value": {"amount": "0.00001", "currency": "EUR"}},
        {"value": {"amount": "NaN", "currency": "EUR"}},
        {"id": None},
        {"team": 7},
    ],
    ids=str,
)
def test_a_touchpoint_that_no_row_can_hold_is_refused(changes):
    with pytest.raises((msgspec.MsgspecError, MappingError)):
        touchpoint_row(changed(examples.touchpoint(), **changes))


def test_a_control_record_is_no_row():
    batch, touchpoint = Batch(), examples.touchpoint().model_dump_json().encode()
    told = [
        Record(touchpoint),
        Record(touchpoint, headers=((HEADER, b"account"),)),
        Record(touchpoint, headers=(("x", b"y"),)),
    ]
    batch.add(topic.TOUCHPOINTS, told)
    assert {table: len(rows) for table, rows in batch.rows.items()} == {"touchpoints": 2}


def test_a_record_that_cannot_be_a_row_is_kept_whole_with_the_error():
    batch = Batch()
    batch.add(topic.FACTS, [Record(b'{"fact": "prophecy"}', topic=topic.FACTS), of(examples.FACTS[0])])
    (kept,) = batch.rows["sink_rejected"]
    assert kept[:3] == (topic.FACTS, 2, 41)
    assert "prophecy" in kept[3]
    assert kept[4:6] == (b"k", b'{"fact": "prophecy"}')
    assert len(batch.rows["transitions"]) == 1
    assert batch.count == 2


@given(st.one_of(st.none(), st.binary(), st.text().map(str.encode)))
def test_no_bytes_whatever_stop_a_batch(value):
    for name in (topic.TOUCHPOINTS, topic.FACTS, topic.ALERTS, topic.REJECTED):
        batch = Batch()
        batch.add(name, [Record(value, topic=name)])
        assert sum(len(rows) for rows in batch.rows.values()) == 1

"""Every record that comes in goes out once: accepted and re-keyed, or rejected with its bytes and a reason."""

import json
from typing import Any

import pytest
from kafka.partitioner.default import murmur2 as reference_murmur2

from journey.account import account_id_of, free_domains
from journey.identity import customer_id_of
from schemas import rejection, topic
from schemas.identity import IdentityLink
from schemas.touchpoint import AcceptedTouchpoint
from streams.effects import Effects
from streams.gate import Gate
from streams.intake import IntakeStage
from streams.placement import partition_of
from tests.streams.records import Record, raw

NOW = 1_767_693_600_000
HOUR = 3_600_000


def taken(*values: bytes | None) -> Effects:
    stage = IntakeStage("touchpoints.marketing", 4, 24 * HOUR, "DE")
    return stage.fold([Record(value, offset=number) for number, value in enumerate(values)], NOW, None)


def accepted(effects: Effects) -> list[dict[str, Any]]:
    return [
        json.loads(value)
        for (name, _), outputs in effects.outputs.items()
        if name == topic.TOUCHPOINTS
        for _, value, _ in outputs
    ]


def rejections(effects: Effects) -> list[tuple[str, str, bytes]]:
    found = []
    for _, value, headers in effects.outputs.get((topic.REJECTED, 0), []):
        named = dict(headers)
        found.append((named[rejection.HEADER_REASON].decode(), named[rejection.HEADER_POINTER].decode(), value))
    return found


def test_an_accepted_touchpoint_carries_its_customer_its_origin_and_normalised_identifiers() -> None:
    effects = taken(raw(customer={"email": " JO@acme.example ", "phone": "030 1234567", "anonymous_id": "b-1"}))
    (found,) = accepted(effects)
    model = AcceptedTouchpoint.model_validate(found)
    assert model.customer_id == customer_id_of("email", "jo@acme.example")
    assert (model.customer.email, model.customer.phone) == ("jo@acme.example", "+49301234567")
    assert model.origin == "touchpoints.marketing/0/0"
    assert found["channel"] == "email"


def links(effects: Effects) -> list[IdentityLink]:
    return [IdentityLink.model_validate_json(value) for _, value, _ in effects.outputs.get((topic.LINKS, 0), [])]


def test_identifiers_named_together_are_told_to_the_resolver_the_strongest_first() -> None:
    effects = taken(raw(customer={"anonymous_id": "b-1", "email": "Jo@acme.example", "phone": "no phone"}), raw(id="2"))
    (link,) = links(effects)
    assert [(one.kind, one.value) for one in link.identifiers] == [
        ("email", "jo@acme.example"),
        ("anonymous_id", "b-1"),
    ]
    assert (link.statement, link.source, link.id) == ("seen", "mailer", "1")
    ((key, _, _),) = effects.outputs[topic.LINKS, 0]
    assert key == customer_id_of("email", "jo@acme.example").encode()


def test_a_link_told_lately_is_told_again_only_by_an_earlier_touchpoint_or_a_person() -> None:
    stage = IntakeStage("touchpoints.marketing", 4, 24 * HOUR, "DE")
    both = {"anonymous_id": "b-1", "email": "jo@acme.example"}

    def fold(minute: int, kind: str = "form.submitted") -> int:
        value = raw(id=f"t{minute}", type=kind, customer=both, occurred_at=f"2026-01-05T10:{minute:02}:00Z")
        effects = stage.fold([Record(value)], NOW, None)
        stage.settle(effects)
        return len(links(effects))

    assert [fold(minute) for minute in (10, 11, 10, 9, 9)] == [1, 0, 0, 1, 0]
    assert [fold(12, "identity.linked"), fold(12, "identity.unlinked")] == [1, 1]
    stage.forget()
    assert fold(11) == 1


def test_a_link_whose_chunk_never_stood_is_told_again() -> None:
    stage = IntakeStage("touchpoints.marketing", 4, 24 * HOUR, "DE")
    record = Record(raw(customer={"anonymous_id": "b-1", "email": "jo@acme.example"}))
    assert [len(links(stage.fold([record], NOW, None))) for _ in range(2)] == [1, 1]


def test_a_person_who_links_one_identifier_with_nothing_is_told_so() -> None:
    effects = taken(raw(type="identity.linked"))
    assert [reason for reason, _, _ in rejections(effects)] == ["identifier"]


def test_a_touchpoint_goes_to_whom_its_identifier_belongs_to_now_and_keeps_its_own_id() -> None:
    own, owner = customer_id_of("anonymous_id", "b-1"), customer_id_of("email", "jo@acme.example")
    stage = IntakeStage("touchpoints.marketing", 4, 24 * HOUR, "DE", customer_of={own: owner}.__getitem__)
    effects = stage.fold([Record(raw(customer={"anonymous_id": "b-1"}))], NOW, None)
    (found,) = accepted(effects)
    assert (found["customer_id"], found["derived_id"]) == (owner, own)
    ((_, partition),) = effects.outputs
    assert partition == partition_of(owner, 4)


def test_it_is_keyed_and_placed_by_its_customer_as_any_java_producer_would() -> None:
    effects = taken(raw())
    ((name, partition), [(key, _, _)]) = next(iter(effects.outputs.items()))
    customer_id = customer_id_of("email", "jo@acme.example")
    assert (name, key) == (topic.TOUCHPOINTS, customer_id.encode())
    assert partition == partition_of(customer_id, 4) == (reference_murmur2(customer_id.encode()) & 0x7FFFFFFF) % 4


def test_it_says_how_often_there_were_more_partitions_before_it_came_once_there_were() -> None:
    stage = IntakeStage("touchpoints.marketing", 4, 24 * HOUR, "DE")
    told = []
    for generation in (0, 2):
        stage.restored(0, generation)
        told += accepted(stage.fold([Record(raw())], NOW))
    assert [one.get("generation", 0) for one in told] == [0, 2]
    assert [AcceptedTouchpoint.model_validate(one).generation for one in told] == [0, 2]


def test_it_names_the_account_of_a_companys_people_and_none_for_free_mail() -> None:
    stage = IntakeStage("touchpoints.marketing", 4, 24 * HOUR, "DE", free_domains())
    named = [{"email": "Jo@Acme.example"}, {"crm_id": "7", "account": "www.ACME.example"}, {"email": "jo@gmail.com"}]
    records = [Record(raw(id=str(n), customer=customer), offset=n) for n, customer in enumerate(named)]
    found = {one["id"]: one for one in accepted(stage.fold(records, NOW, None))}
    assert {found[key]["account_id"] for key in ("0", "1")} == {account_id_of("acme.example")}
    assert {found[key]["customer"]["account"] for key in ("0", "1")} == {"acme.example"}
    assert "account_id" not in found["2"]
    assert "account" not in found["2"]["customer"]


@pytest.mark.parametrize(
    ("value", "reason", "pointer"),
    [
        (b"{not json", "not_json", ""),
        (b'{"id": "1"', "not_json", ""),
        (b"\xff\xfe\x00", "not_json", ""),
        (b"[]", "not_a_touchpoint", ""),
        (b"42", "not_a_touchpoint", ""),
        (b"  ", "empty", ""),
        (b"", "empty", ""),
        (b"\x00\x00\x00\x00\x07avro", "framing", ""),
        (raw(source=None), "not_a_touchpoint", "/source"),
        (raw(team=7), "not_a_touchpoint", "/team"),
        (raw(type="Email Opened"), "not_a_touchpoint", "/type"),
        (raw(occurred_at="2026-01-05T10:00:00"), "not_a_touchpoint", "/occurred_at"),
        (raw(occurred_at="yesterday"), "not_a_touchpoint", "/occurred_at"),
        (raw(occurred_at=1767607200), "not_a_touchpoint", "/occurred_at"),
        (raw(occurred_at="1767607200"), "not_a_touchpoint", "/occurred_at"),
        (raw(direction="sideways"), "not_a_touchpoint", "/direction"),
        (raw(value={"amount": "1.00", "currency": "euro"}), "not_a_touchpoint", "/value/currency"),
        (raw(unheard_of=1), "not_a_touchpoint", "/unheard_of"),
        (raw(customer=None), "not_a_touchpoint", ""),
        (raw(customer={}), "not_a_touchpoint", "/customer"),
        (raw(customer={"email": "no e-mail at all"}), "identifier", "/customer"),
        (raw(occurred_at="2026-01-07T10:00:01Z"), "future", "/occurred_at"),
        (raw(occurred_at="1899-12-31T23:59:59.999999Z"), "past", "/occurred_at"),
        (raw(occurred_at="1900-01-01T00:30:00+01:00"), "past", "/occurred_at"),
        (raw(occurred_at="0001-01-01T00:00:00Z"), "past", "/occurred_at"),
        (raw(occurred_at="0001-01-01T00:00:00+14:00"), "past", "/occurred_at"),
        (raw(properties={"x": "y" * 1_000_000}), "too_large", ""),
    ],
    ids=lambda value: None if isinstance(value, bytes) else value,
)
def test_bad_input_is_rejected_with_its_bytes_a_reason_and_a_pointer(value: bytes, reason: str, pointer: str) -> None:
    effects = taken(value, raw())
    assert rejections(effects) == [(reason, pointer, value)]
    assert len(accepted(effects)) == 1


def test_a_record_without_a_value_is_counted_and_ignored() -> None:
    effects = taken(None)
    assert effects.outputs == {}
    assert effects.counts == {("ignored", "null"): 1}


def test_an_unknown_type_is_kept() -> None:
    assert accepted(taken(raw(type="hologram.waved_at")))[0]["type"] == "hologram.waved_at"


def test_exactly_a_day_ahead_is_no_future_yet() -> None:
    assert len(accepted(taken(raw(occurred_at="2026-01-07T10:00:00Z")))) == 1


def test_the_first_moment_of_1900_is_taken_and_what_was_before_is_told_with_its_remedy() -> None:
    assert len(accepted(taken(raw(occurred_at="1900-01-01T00:00:00Z")))) == 1
    ((_, _, headers),) = taken(raw(occurred_at="1811-05-01T08:00:00Z")).outputs[topic.REJECTED, 0]
    assert dict(headers)[rejection.HEADER_DETAIL] == (
        b"occurred_at 1811-05-01T08:00:00+00:00 is before 1900; send when it happened"
    )


def test_what_clickhouse_cannot_hold_any_more_is_in_the_future_whatever_the_policy_allows() -> None:
    stage = IntakeStage("touchpoints.marketing", 4, 10_000 * 365 * 24 * HOUR, "DE")
    values = [raw(occurred_at=at) for at in ("2299-12-31T23:59:59.999Z", "2300-01-01T00:00:00Z")]
    effects = stage.fold([Record(value, offset=number) for number, value in enumerate(values)], NOW, None)
    assert len(accepted(effects)) == 1
    assert rejections(effects) == [("future", "/occurred_at", values[1])]
    ((_, _, headers),) = effects.outputs[topic.REJECTED, 0]
    assert dict(headers)[rejection.HEADER_DETAIL] == (
        b"occurred_at 2300-01-01T00:00:00+00:00 is after 2299; send when it happened"
    )


def test_confluent_framing_before_json_is_taken_off() -> None:
    assert len(accepted(taken(b"\x00\x00\x00\x00\x2a" + raw()))) == 1


def test_a_customer_id_of_our_own_is_kept_and_any_other_text_stands_for_one() -> None:
    ours = customer_id_of("email", "x@y.example")
    strange = 'x","customer_id":"evil'
    found = accepted(taken(raw(customer={"customer_id": ours.upper()}), raw(id="2", customer={"customer_id": strange})))
    assert {one["customer_id"] for one in found} == {ours, customer_id_of("customer_id", strange)}


def test_spend_needs_no_customer() -> None:
    (found,) = accepted(taken(raw(type="spend.recorded", customer=None)))
    assert found["customer_id"] == ""


def test_a_gate_holds_a_record_back_and_everything_after_it() -> None:
    stage = IntakeStage("touchpoints.marketing", 4, 24 * HOUR, "DE")
    records = [Record(raw(id=str(n), occurred_at=f"2026-01-0{n}T10:00:00Z"), offset=n) for n in range(1, 6)]
    effects = stage.fold(records, NOW, Gate([(-1, 1_767_434_400_000)]))
    assert effects.taken == 3
    assert [found["id"] for found in accepted(effects)] == ["1", "2", "3"]


def test_of_a_value_too_large_for_any_topic_the_beginning_is_kept_and_its_size_told() -> None:
    effects = taken(b"x" * (rejection.MOST_KEPT_BYTES + 5))
    ((_, value, headers),) = effects.outputs[topic.REJECTED, 0]
    assert value is not None
    assert len(value) == rejection.MOST_KEPT_BYTES
    assert dict(headers)[rejection.HEADER_CUT] == str(rejection.MOST_KEPT_BYTES + 5).encode()

"""The resolver stage: links in; redirects, orders to the journeys and conflicts out; restored from its own records."""

import json
from collections.abc import Sequence
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey import linking
from journey.identity import Identifier, identifiers_of
from journey.linking import LINKED, SEEN, UNLINKED, Statement
from schemas import identity as schema
from schemas import topic
from schemas.fact import IdentityConflict
from schemas.touchpoint import Customer
from streams import links as compact
from streams.control import HEADER, Assign, Release, decode_control
from streams.effects import Effects
from streams.links import encode, link_of
from streams.placement import partition_of
from streams.redirects import Redirects
from streams.resolver import ResolverStage
from tests.journey.test_identities import MOST, Link, everybody, links, told
from tests.streams.records import Record

PARTITIONS = 4
A, B = (Identifier("email", f"{name}@x.example") for name in "ab")
BROWSER = Identifier("anonymous_id", "b-1")


class Log:
    """What a resolver wrote, and the state topic as its restore would read it."""

    def __init__(self) -> None:
        self.stage = ResolverStage(PARTITIONS, "agreement@1")
        self.offset = 0
        self.state: dict[str, bytes] = {}
        self.redirects = Redirects("nowhere")

    def fold(self, *chunk: Link) -> Effects:
        records = []
        for customer, at, source, touchpoint_id, statement in chunk:
            value = encode(link_of(identifiers_of(customer), statement, (at, source, touchpoint_id)))
            records.append(Record(value, topic=topic.LINKS, offset=self.offset))
            self.offset += 1
        effects = self.stage.fold(records, 10_000)
        self.stage.settle(effects)
        self.state.update(effects.state)
        written = effects.outputs.get((topic.REDIRECTS, 0), [])
        self.redirects.take([Record(value, key) for key, value, _ in written])
        return effects

    def restart(self) -> None:
        """A worker that was killed, and another one that goes on."""
        self.stage.forget()
        self.stage.restore([Record(value, key.encode()) for key, value in self.state.items()])
        self.stage.restored(0)


def link(at: int, statement: Statement = SEEN, **named: str) -> Link:
    return Customer(**named), at, "web", f"w{at}", statement


def controls(effects: Effects) -> list[Assign | Release]:
    found = []
    for (name, partition), outputs in effects.outputs.items():
        for key, value, headers in outputs if name == topic.TOUCHPOINTS else []:
            control = decode_control(value or b"")
            assert (key, partition) == (control.customer_id.encode(), partition_of(control.customer_id, PARTITIONS))
            assert [name for name, _ in headers] == [HEADER]
            found.append(control)
    return found


def conflicts(effects: Effects) -> list[IdentityConflict]:
    outputs: list[Any] = [one for (name, _), all_ in effects.outputs.items() if name == topic.FACTS for one in all_]
    return [IdentityConflict.model_validate_json(value) for _, value, _ in outputs]


@pytest.mark.parametrize("model", [*schema.IDENTITIES], ids=lambda model: model.__name__)
def test_what_travels_is_described(model: type[Any]) -> None:
    twin = getattr(compact, model.__name__)
    assert {field.name for field in msgspec.structs.fields(twin)} == set(model.model_fields)


def test_a_browser_that_signs_in_is_assigned_and_its_redirect_is_told() -> None:
    log = Log()
    effects = log.fold(link(5, email=A.value, anonymous_id=BROWSER.value))
    assert controls(effects) == [Assign(customer_id=BROWSER.derived_id, to=A.derived_id, number=1, at=5)]
    (key, value, _), (owner, _, _) = effects.outputs[topic.REDIRECTS, 0]
    assert owner == A.derived_id.encode(), "whom others belong to is named too"
    redirect = schema.IdentityRedirect.model_validate_json(value or b"")
    assert (key, redirect.value, redirect.customer_id) == (BROWSER.derived_id.encode(), "b-1", A.derived_id)
    assert log.redirects.customer_of(BROWSER.derived_id) == A.derived_id


def test_who_follows_a_former_customer_comes_along_and_who_leaves_one_is_released() -> None:
    log = Log()
    log.fold(link(1, email=A.value, anonymous_id=BROWSER.value))
    top = Identifier("crm_id", "7").derived_id
    merged = controls(log.fold(link(2, crm_id="7", email=A.value)))
    assert {(one.customer_id, one.to, one.together) for one in merged if isinstance(one, Assign)} == {
        (A.derived_id, top, False),
        (BROWSER.derived_id, top, True),
    }
    assert not [one for one in merged if isinstance(one, Release)]
    undone = controls(log.fold(link(3, UNLINKED, crm_id="7", anonymous_id=BROWSER.value)))
    assert undone == [
        Release(customer_id=top, member=BROWSER.derived_id, number=3),
        Assign(customer_id=BROWSER.derived_id, to=BROWSER.derived_id, number=3, at=3),
    ]
    assert log.redirects.customer_of(BROWSER.derived_id) == BROWSER.derived_id
    assert len(log.redirects) == 1


def test_a_shared_browser_is_a_conflict_that_a_person_may_settle() -> None:
    log = Log()
    log.fold(link(1, email=A.value, anonymous_id=BROWSER.value))
    (said,) = conflicts(log.fold(link(2, email=B.value, anonymous_id=BROWSER.value)))
    assert (said.kind, said.value, said.kept_by, said.refused) == (*BROWSER, A.derived_id, B.derived_id)
    assert (said.touchpoint.source, said.touchpoint.id, said.version, said.deleted) == ("web", "w2", 2, False)
    linked = link(3, LINKED, customer_id=A.derived_id, email=B.value)
    (taken_back,) = conflicts(log.fold(linked))
    assert (taken_back.id, taken_back.version, taken_back.deleted) == (said.id, 3, True)
    assert log.redirects.customer_of(B.derived_id) == A.derived_id


def test_a_record_that_is_no_link_is_rejected_and_delays_nobody() -> None:
    log = Log()
    bad = [
        b"{",
        b"{}",
        b'{"identifiers":[],"statement":"seen","occurred_at":"2026-01-05T10:00:00Z","source":"a","id":"1"}',
    ]
    effects = log.stage.fold([Record(value, topic=topic.LINKS, offset=number) for number, value in enumerate(bad)], 1)
    assert len(effects.outputs[topic.REJECTED, 0]) == 3
    assert effects.counts["rejected", "not_a_touchpoint"] == 3
    assert len(controls(log.fold(link(5, email=A.value, anonymous_id=BROWSER.value)))) == 1


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_however_the_links_were_cut_into_chunks_and_killed_in_between_all_end_the_same(data: st.DataObject) -> None:
    with patch.object(linking, "MOST_IDENTIFIERS", data.draw(MOST)):
        _cut_and_killed(data)


def _cut_and_killed(data: st.DataObject) -> None:
    given_links = data.draw(links())
    log, rest = Log(), list(data.draw(st.permutations(given_links)))
    standing: dict[str, IdentityConflict] = {}
    numbers: dict[str, int] = {}
    while rest:
        size = data.draw(st.integers(1, 5))
        effects = log.fold(*rest[:size])
        rest = rest[size:]
        note(effects, standing, numbers)
        if data.draw(st.booleans()):
            log.restart()
    expected = told(given_links)
    assert {one: log.redirects.customer_of(one) for one in everybody(expected)} == everybody(expected)
    assert {(one.kind, one.value, one.kept_by, one.refused, one.reason) for one in standing.values()} == {
        (*one.shared, one.kept_by, one.refused, one.reason) for one in expected.conflicts()
    }


def note(effects: Effects, standing: dict[str, IdentityConflict], numbers: dict[str, int]) -> None:
    for fact in conflicts(effects):
        standing[fact.id] = fact
        if fact.deleted:
            del standing[fact.id]
    for control in controls(effects):
        if isinstance(control, Assign):
            assert numbers.get(control.customer_id, 0) < control.number
            numbers[control.customer_id] = control.number


def redirect_records(values: Sequence[dict[str, Any]]) -> list[Record]:
    return [Record(json.dumps(value).encode(), value["derived_id"].encode()) for value in values]


def test_the_map_keeps_the_newest_word_and_outlives_what_it_cannot_read() -> None:
    redirects = Redirects("nowhere")
    one = {"derived_id": "d", "customer_id": "w", "number": 1, "kind": "email", "value": "a@x.example"}
    redirects.take([*redirect_records([one, {**one, "customer_id": "v", "number": 2}]), Record(b"{", b"d")])
    assert redirects.customer_of("d") == "v"
    redirects.take(redirect_records([{**one, "customer_id": "d", "number": 3}]))
    assert (redirects.customer_of("d"), len(redirects)) == ("d", 0)

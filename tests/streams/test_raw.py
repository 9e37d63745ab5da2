"""The quick reading of raw touchpoints says what the model says, of whatever comes."""

import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.rejection import Rejection
from schemas.touchpoint import Touchpoint
from streams.raw import encode
from streams.raw_reader import parse, read

PLAIN = {
    "id": "t-1",
    "source": "mailer",
    "type": "email.opened",
    "team": "marketing",
    "customer": {"email": "ada@acme.example"},
    "occurred_at": "2026-03-01T09:30:00Z",
    "direction": "inbound",
}
odd = st.sampled_from(
    ["", " ", "a\n", "é", "\x00", "x" * 256, "x" * 257, "email.opened", "email.opened\n", "a.b_1.c", "A.b", "a.", None]
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | odd,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
instants = st.builds(
    "{}-{}-{}{}{}:{}:{}{}{}".format,
    st.sampled_from(["2026", "0000", "0001", "1899", "9999", "26"]),
    st.sampled_from(["02", "12", "13", "2"]),
    st.sampled_from(["28", "29", "31", "00"]),
    st.sampled_from("T tx"),
    st.sampled_from(["00", "23", "24"]),
    st.sampled_from(["00", "59", "60"]),
    st.sampled_from(["00", "59", "60", "٣٣"]),
    st.sampled_from(["", ".1", ".123456", ".1234567", "."]),
    st.sampled_from(["Z", "z", "", "+00:00", "-00:00", "+23:59", "+24:00", "-1:00", "+0530", "Z "]),
)
amounts = st.sampled_from(["12.30", "1e3", "-0", "1.23456", 12.3, 7, "x"])
money = st.fixed_dictionaries({"amount": amounts, "currency": st.sampled_from(["EUR", "eur"])})
kinds = st.sampled_from(["customer_id", "crm_id", "email", "phone", "anonymous_id", "account", "x"])
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "id": odd,
    "source": odd,
    "type": odd | st.sampled_from(["spend.recorded", "demo.held", "email.opened"]),
    "team": odd,
    "customer": st.none() | st.dictionaries(kinds, odd),
    "occurred_at": instants | st.integers(),
    "direction": st.sampled_from(["inbound", "outbound", "in"]),
    "channel": st.sampled_from([None, "sms", "fax"]),
    "actor": odd,
    "subject": odd,
    "campaign": odd,
    "content": odd,
    "value": st.none() | money,
    "cost": money,
    "properties": st.none() | st.dictionaries(st.text(max_size=3), anything),
    "more": st.just(1),
}
changes = st.lists(st.sampled_from(sorted(FIELDS)), max_size=3, unique=True).flatmap(
    lambda names: st.fixed_dictionaries({name: FIELDS[name] for name in names})
)
without = st.lists(st.sampled_from(sorted(PLAIN)), max_size=1)


@settings(max_examples=600)
@given(changes, without, st.booleans())
@example({"properties": {"deep": [[[[]]]] * 60}}, [], True)
@example({"occurred_at": "2026-02-29T00:00:00Z"}, [], True)
def test_quickly_or_by_the_model_it_is_the_same(changed: dict[str, Any], missing: list[str], ascii: bool) -> None:
    fields = {**PLAIN, **changed}
    for name in missing:
        del fields[name]
    agrees(json.dumps(fields, ensure_ascii=ascii).encode(errors="surrogatepass"))


@given(st.binary(max_size=20) | st.text(max_size=20).map(str.encode))
@example(b"\x00\x00\x00\x00\x01" + json.dumps(PLAIN).encode())
@example(b"\xef\xbb\xbf" + json.dumps(PLAIN).encode())
@example(json.dumps(PLAIN).encode() + b"{}")
@example(b" \n" + json.dumps(PLAIN).encode() + b" ")
@example(json.dumps(PLAIN).replace('"t-1"', '"t-1","id":"t-2"').encode())
@example(json.dumps({**PLAIN, "properties": {"n": 0}}).replace("0}", "1" * 5000 + "}").encode())
@example(json.dumps({**PLAIN, "properties": {"n": 0}}).replace("0}", "1e400}").encode())
@example(json.dumps({**PLAIN, "properties": {"n": 0}}).replace("0}", "[" * 150 + "]" * 150 + "}").encode())
@example(json.dumps({**PLAIN, "properties": {"n": 0}}).replace("0}", "[" * 250 + "]" * 250 + "}").encode())
def test_whatever_the_bytes_are(value: bytes) -> None:
    agrees(value)


def agrees(value: bytes) -> None:
    found, said = read(value), parse(value)
    if isinstance(said, Rejection):
        assert found == said
        return
    assert not isinstance(found, Rejection)
    touchpoint, occurred_at = found
    assert occurred_at == said.occurred_at
    # Written out, as it was: what JSON has no number for is null.
    written = Touchpoint.model_validate_json(said.model_dump_json())
    assert Touchpoint.model_validate_json(encode(touchpoint)) == written

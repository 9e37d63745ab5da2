"""Kafka's flexible formats, held against aiokafka's own reading and writing of them where it has it."""

from io import BytesIO
from struct import Struct

import pytest
from aiokafka.protocol.types import CompactArray, CompactBytes, CompactString, Int16, Int32, Int64, Schema, TaggedFields
from aiokafka.protocol.types import UnsignedVarInt32 as Number
from hypothesis import given
from hypothesis import strategies as st

from streams import protocol
from streams.protocol import Bytes, Ended, Written

NUMBERS = st.integers(0, 2**31 - 1)
TEXTS = st.text(max_size=300)
PLACES = st.tuples(st.text(st.characters(codec="ascii"), min_size=1, max_size=200), st.integers(0, 2**31 - 1))
PRODUCE = Schema(
    ("transactional_id", CompactString("utf-8")), ("acks", Int16), ("timeout", Int32),
    ("topics", CompactArray(
        ("topic", CompactString("utf-8")),
        ("partitions", CompactArray(("partition", Int32), ("records", CompactBytes), ("tags", TaggedFields))),
        ("tags", TaggedFields),
    )),
    ("tags", TaggedFields),
)  # fmt: skip
PRODUCED = Schema(
    ("topics", CompactArray(
        ("topic", CompactString("utf-8")),
        ("partitions", CompactArray(
            ("partition", Int32), ("code", Int16), ("offset", Int64), ("at_ms", Int64), ("start", Int64),
            ("errors", CompactArray(("index", Int32), ("message", CompactString("utf-8")), ("tags", TaggedFields))),
            ("message", CompactString("utf-8")), ("tags", TaggedFields),
        )),
        ("tags", TaggedFields),
    )),
    ("throttled", Int32),
    ("tags", TaggedFields),
)  # fmt: skip
FEATURES = CompactArray(("name", CompactString("utf-8")), ("most", Int16), ("least", Int16), ("tags", TaggedFields))


@given(NUMBERS, TEXTS)
def test_numbers_and_texts_are_written_and_read_as_elsewhere(number: int, text: str) -> None:
    assert protocol.number(number) == Number.encode(number)
    assert protocol.text(text) == CompactString("utf-8").encode(text)
    answer = Bytes(protocol.number(number) + protocol.text(text) + b"\0")
    assert (answer.number(), answer.text(), answer.text()) == (number, text, "")


@given(TEXTS, st.dictionaries(PLACES, st.binary(max_size=300), min_size=1, max_size=20))
def test_a_write_says_every_batch(name: str, batches: dict[tuple[str, int], bytes]) -> None:
    request = protocol.produce(12, protocol.text(name), batches)
    told, acks, _, topics, tags = PRODUCE.decode(BytesIO(request.encode()))
    assert (told, acks, tags) == (name, -1, {})
    assert {(topic, at): batch for topic, some, _ in topics for at, batch, _ in some} == batches
    assert len(topics) == len({topic for topic, _ in batches})


@given(st.dictionaries(PLACES, st.tuples(st.integers(-1, 120), st.integers(-1, 2**60), st.integers(-1, 2**50))), TEXTS)
def test_what_became_of_each_batch_is_read(told: dict[tuple[str, int], tuple[int, int, int]], said: str) -> None:
    topics: list[tuple[object, ...]] = [
        (topic, [(at, code, offset, ms, 0, [(0, said, {})], said, {})], {})
        for (topic, at), (code, offset, ms) in told.items()
    ]
    answer = PRODUCED.encode((topics, 0, {}))
    request = protocol.produce(12, protocol.text("x"), {("t", 0): b""})
    assert request.decode(BytesIO(answer)) == {place: Written(*found) for place, found in told.items()}


@pytest.mark.parametrize("told", [b"", bytes([1, 0, 2]) + b"ab", bytes([2, 0, 1, 7, 5, 3]) + b"abc"])
def test_fields_of_later_releases_are_passed_over(told: bytes) -> None:
    answer = Bytes((told or b"\0") + b"\x05")
    answer.skip_tags()
    assert answer.number() == 5


def test_the_next_epoch_is_read() -> None:
    request = protocol.commit(protocol.text("x"), 2**40, 7)
    assert request.encode() == b"\x02x" + (2**40).to_bytes(8) + b"\0\x07\x01\0"
    answer = b"\0\0\0\0" + b"\0\0" + (2**41).to_bytes(8) + b"\0\x08\0"
    assert request.decode(BytesIO(answer)) == Ended(0, 2**41, 8)


@pytest.mark.parametrize(
    ("code", "features", "found"),
    [
        (0, [("metadata.version", 27, 7, {}), ("transaction.version", 2, 0, {})], True),
        (0, [("transaction.version", 1, 0, {})], False),
        (0, [("metadata.version", 27, 7, {})], False),
        (0, None, False),
        (35, None, False),
    ],
)
def test_a_cluster_says_whether_writing_adds_partitions(
    code: int, features: list[tuple[object, ...]] | None, found: bool
) -> None:
    apis = Struct(">hhhb").pack(0, 0, 13, 0) + Struct(">hhhb").pack(26, 0, 5, 0)
    tags = b"\0"
    if features is not None:
        said = FEATURES.encode(features)
        tags = b"\x02" + b"\x01\x08" + bytes(8) + b"\x02" + protocol.number(len(said)) + said
    answer = Struct(">h").pack(code) + (b"" if code else b"\x03" + apis + bytes(4) + tags)
    request = protocol.adds_by_writing(("software", "1"))
    assert request.decode(BytesIO(answer)) is found
    assert request.parse_response_header(BytesIO(b"\0\0\0\x09" + answer)).correlation_id == 9

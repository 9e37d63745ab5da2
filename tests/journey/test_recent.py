"""What is kept of a touchpoint is exactly what came, in few bytes, for as long as any state that was written lasts."""

from hashlib import blake2b
from typing import Any
from uuid import UUID

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from journey import word
from journey.correction import begin
from journey.packed import pack_head, pack_journey, unpack_head, unpack_journey
from journey.packing import name_of, newest_in
from journey.part import Contact, OpenOverlap
from journey.recent import Recents
from journey.state import Head, Journey, Meanwhile
from journey.touch import Touch
from tests.journey.telling import DAY, RULES, START, Story, touch

TEXTS = st.one_of(st.text(), st.uuids().map(str), st.sampled_from(["mailer", "crm", "", "x" * 300, "é" * 200]))
MAYBE = st.none() | TEXTS
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)


def words(known: tuple[str | None, ...]) -> st.SearchStrategy[Any]:
    return st.sampled_from([one for one in known if one]) | TEXTS


TOUCHES = st.builds(
    Touch,
    at=st.integers(-(2**62), 2**62) | st.integers(START, START + 400 * DAY),
    source=words(word.SOURCES),
    id=TEXTS,
    type=words(word.TYPES),
    team=words(word.TEAMS),
    direction=words(word.DIRECTIONS),
    channel=words(word.CHANNELS),
    subject=st.none() | words(word.SUBJECTS),
    actor=MAYBE,
    campaign=MAYBE,
    content=MAYBE,
    properties=st.none() | st.dictionaries(TEXTS | st.sampled_from(word.PROPERTIES), VALUES, max_size=4),
    of=MAYBE,
    amount=st.none() | st.integers(-(10**25), 10**25),
    currency=MAYBE,
)


def recents_of(touches: list[Touch]) -> Recents:
    recents = Recents()
    for one in touches:
        recents.append(one, name_of(one))
    return recents


@given(st.lists(st.tuples(st.integers(0, 9), TOUCHES), max_size=8))
@settings(max_examples=200, deadline=None)
def test_a_touchpoint_is_put_where_it_is_to_stand(put: list[tuple[int, Touch]]) -> None:
    recents, expected = Recents(), list[Touch]()
    for index, one in put:
        recents.insert(index, one, name_of(one))
        expected.insert(index, one)
    assert list(recents) == expected
    assert len(recents) == len(expected)


@given(st.lists(TOUCHES, max_size=8), st.integers(0, 9))
@settings(max_examples=200, deadline=None)
def test_touchpoints_of_any_content_come_back_as_they_were(touches: list[Touch], oldest: int) -> None:
    recents = recents_of(touches)
    assert list(recents) == touches
    assert list(recents.without(oldest)) == touches[oldest:]
    assert [recents.instant(index) for index in range(len(touches))] == [one.at for one in touches]
    assert list(recents.names()) == [(one.at, name_of(one)) for one in touches]
    for one in touches:
        found = [other.at for other in touches if (other.source, other.id) == (one.source, one.id)]
        assert newest_in(recents.packed, name_of(one)) == found[-1]


@given(TOUCHES, TOUCHES)
def test_two_touchpoints_have_one_name_only_where_source_and_id_are_the_same(one: Touch, other: Touch) -> None:
    assert (name_of(one) == name_of(other)) == ((one.source, one.id) == (other.source, other.id))
    assert newest_in(recents_of([one]).packed, name_of(other)) is None or (one.source, one.id) == (
        other.source,
        other.id,
    )


@given(st.lists(TOUCHES, max_size=4), st.tuples(TEXTS, TEXTS), st.tuples(TEXTS, TEXTS), st.data())
@settings(max_examples=200, deadline=None)
def test_any_journey_is_unpacked_as_it_was_packed(
    touches: list[Touch], last: tuple[str, str], counted: tuple[str, str], data: st.DataObject
) -> None:
    names = [(one.source, one.id) for one in touches] + [last, counted]
    journey = begin(RULES)
    journey.recents, journey.known = recents_of(touches), data.draw(st.binary(max_size=40))
    journey.base, journey.members = (
        data.draw(st.binary(max_size=40)),
        data.draw(st.dictionaries(TEXTS, st.integers(0, 9))),
    )
    journey.meanwhile = data.draw(st.none() | st.just(Meanwhile([7], recents_of(touches[:1]))))
    head = journey.head
    head.last_source, head.last_id = data.draw(st.sampled_from(names))
    head.counted_source, head.counted_id = data.draw(st.sampled_from(names))
    head.last = data.draw(st.integers(-(2**63), 2**63) | st.integers(START, START + DAY))
    head.traits = data.draw(st.none() | st.dictionaries(TEXTS, VALUES, max_size=2))
    head.outbound = data.draw(st.lists(st.integers(START, START + 60 * DAY), max_size=5))
    head.contacts = [Contact("pricing", "marketing", START, *last)]
    head.overlaps = [OpenOverlap("subject", None, START, START, ["sales"], "sales", "claim", [last, counted])]
    head.stays[0].visits, head.stays[1].dwell = {0: 2, 3: 1}, {1: DAY}
    before = pack_journey(journey)
    found = unpack_journey(before)
    assert found == journey
    assert pack_journey(found) == before
    assert unpack_head(pack_head(head)) == head


def test_a_journey_of_an_earlier_field_list_is_read_with_the_later_fields_at_their_defaults() -> None:
    names = Journey.field_names()
    story = Story()
    story.arrive([touch("t1", START, "form.submitted")])
    packed = pack_journey(story.journey)
    fields = msgspec.msgpack.decode(packed[1:])
    head, redirect = names.index("head"), names.index("redirect")
    fields[head] = fields[head][: Head.field_names().index("placed")]
    earlier = unpack_journey(packed[:1] + msgspec.msgpack.encode(fields[:redirect]))
    assert earlier.head.seen == 1
    assert (earlier.head.placed, earlier.head.placed_touched, earlier.redirect, earlier.members) == (0, [], "", {})
    longer = msgspec.msgpack.encode([*msgspec.msgpack.decode(packed[1:]), "of a later release"])
    later = unpack_journey(packed[:1] + longer)
    assert later == story.journey


def test_a_touchpoint_with_a_uuid_takes_some_thirty_bytes() -> None:
    recents = Recents()
    one = touch(str(UUID(int=2**127)), START, "page.viewed", properties={"path": "/pricing"})
    recents.append(one, name_of(one))
    assert len(recents.packed) < 45


def test_words_are_only_ever_appended() -> None:
    """State that is kept was written with these numbers. New words go to the end and change no digest."""

    def digest(words: tuple[str | None, ...]) -> str:
        return blake2b("\n".join(map(str, words)).encode(), digest_size=6).hexdigest()

    kept = {
        # Closed: none is added either.
        "SOURCES": (word.SOURCES, len(word.SOURCES)),
        "TYPES": (word.TYPES, 85),
        "TEAMS": (word.TEAMS, 6),
        "DIRECTIONS": (word.DIRECTIONS, 3),
        "CHANNELS": (word.CHANNELS, 14),
        "SUBJECTS": (word.SUBJECTS, 10),
        "PROPERTIES": (word.PROPERTIES, 20),
    }
    assert {name: digest(words[:count]) for name, (words, count) in kept.items()} == PINNED
    for name in ("TEAMS", "DIRECTIONS", "CHANNELS", "SUBJECTS"):
        assert len(getattr(word, name)) <= 15, "half a byte holds fifteen words"
    for words, _ in kept.values():
        assert len(words) <= 255
        assert len(set(words)) == len(words)


PINNED = {
    "SOURCES": "8bf24392f80a",
    "TYPES": "e1c02a6bf4f0",
    "TEAMS": "04b67ddf80c4",
    "DIRECTIONS": "0a52c069744b",
    "CHANNELS": "626e52e24e75",
    "SUBJECTS": "72d143f23cf1",
    "PROPERTIES": "2d8cb66f0855",
}


def test_numbers_that_no_tool_should_send_come_back_too() -> None:
    told = touch("t", START, "deal.created", properties={"huge": 2**70, "small": -(2**70)}, actor="crm")
    assert list(recents_of([told])) == [told]

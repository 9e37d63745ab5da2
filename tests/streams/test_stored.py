"""A state record's value: small for what journeys have in common, exact for any, and clear where it is broken."""

from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from random import Random
from string import printable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.correction import begin
from journey.packed import pack_journey
from journey.state import Journey
from journey.touch import Touch
from streams.compression import DICTIONARY, MOST_BYTES
from streams.stored import BODY, VERSION, BrokenStateError, due_of, glance, is_redirect, pack, unpack
from tests.journey.journeys import touches
from tests.journey.policies import rules_entering
from tests.journey.telling import DAY, RULES, START, Story, touch

OTHER = rules_entering({"type": "x.y"})
RANDOM_WORDS = st.text() | st.binary(max_size=300).map(bytes.hex)


def unlike_any_other(seed: int, count: int) -> Journey:
    """A journey that has nothing in common with what the dictionary was trained on."""
    random, story = Random(seed), Story(rules=OTHER)

    def text() -> str:
        return "".join(random.choices(printable + "äλ漢🜁", k=random.randint(1, 60)))

    story.arrive(
        [
            Touch(
                START + number * DAY // 99,
                text(),
                text(),
                "x.y",
                text(),
                text(),
                text(),
                campaign=text(),
                content=text(),
            )
            for number in range(count)
        ]
    )
    return story.journey


@given(touches(), RANDOM_WORDS, st.integers(0, 2**48))
@settings(max_examples=40, deadline=None)
def test_any_journey_comes_back_as_it_was(told: list[Touch], words: str, due: int) -> None:
    story = Story()
    story.arrive(told)
    journey = story.journey
    journey.head.campaign, journey.redirect, journey.head.due = words, words[:9], due
    journey.rebuild, journey.account, journey.members = due, bool(due % 2), {words[:3]: due}
    value = pack(journey)
    assert unpack(value) == journey
    assert glance(value) == (journey.head.seen, journey.account, journey.rebuild, journey.members)
    assert pack(unpack(value)) == value
    assert (due_of(value), is_redirect(value)) == (due, bool(words))


@pytest.mark.parametrize("count", [1, 10, 1_000])
def test_a_journey_unlike_all_that_were_trained_on_comes_back(count: int) -> None:
    journey = unlike_any_other(count, count)
    value = pack(journey)
    assert unpack(value) == journey
    assert len(value) < len(pack_journey(journey)) + BODY + 64


def test_the_dictionary_belongs_to_the_version() -> None:
    """State is read with the dictionary it was written with: whoever changes the one changes the other too."""
    assert (VERSION, sha256(DICTIONARY.read_bytes()).hexdigest()) == (
        5,
        "4a44b92edf1f4d73836de10c7dc72a4b353871bcae367ef9e3f786002cb1ff6c",
    )


def test_ten_touchpoints_take_few_bytes() -> None:
    story = Story()
    for number in range(10):
        story.arrive([touch(f"mailer-{number:x}", START + number * DAY, "email.sent", direction="outbound")])
    assert len(pack(story.journey)) < 300 < len(pack_journey(story.journey))


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_a_broken_value_is_told_as_one(data: st.DataObject) -> None:
    story = Story()
    story.arrive([touch(f"t{number}", START + number * DAY, "trial.started") for number in range(5)])
    value = bytearray(pack(story.journey))
    at = data.draw(st.integers(BODY, len(value) - 1))
    value[at] ^= data.draw(st.integers(1, 255))
    cut = bytes(value[: data.draw(st.just(len(value)) | st.integers(BODY, len(value)))])
    try:
        unpack(cut)
    except BrokenStateError as error:
        assert "damaged" in str(error)


def test_a_frame_that_tells_a_size_of_its_own_is_not_believed() -> None:
    value = pack(begin(RULES))
    for descriptor in range(1, 256):
        with pytest.raises(BrokenStateError, match="does not begin"):
            unpack(value[:BODY] + bytes((descriptor,)) + b"\xff" * 8 + value[BODY + 1 :])


@pytest.mark.parametrize("size", [0, 1, MOST_BYTES, MOST_BYTES + 1, 2**32 - 1])
def test_a_value_that_tells_another_size_is_refused(size: int) -> None:
    value = pack(begin(RULES))
    with pytest.raises(BrokenStateError, match="damaged"):
        unpack(value[: BODY - 4] + size.to_bytes(4, "big") + value[BODY:])


def test_a_value_with_something_behind_it_or_missing_is_refused() -> None:
    value = pack(begin(RULES))
    for broken in (value[:-1], value[:BODY], value[:1], value + b"x"):
        with pytest.raises(BrokenStateError, match="damaged"):
            unpack(broken)


def test_threads_pack_and_unpack_side_by_side() -> None:
    """Each journeys of its own: to pack one writes into it for a moment."""
    alone = [pack(unlike_any_other(seed, 30)) for seed in range(20)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda value: pack(unpack(value)), alone * 20)) == alone * 20

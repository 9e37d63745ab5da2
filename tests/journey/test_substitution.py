"""A packed journey comes back as it was, however few of its bytes are free for what repeats."""

from hypothesis import given
from hypothesis import strategies as st

from journey.substitution import restore, substitute
from tests.journey.telling import START

INSTANT = b"\xcf" + START.to_bytes(8, "big")


def test_instants_that_repeat_take_less_room() -> None:
    packed = b"moment" + INSTANT * 12
    made = substitute(packed, START)
    assert len(made) < len(packed) - 30
    assert restore(made) == packed


def test_where_no_byte_is_free_it_stays_as_it_is() -> None:
    packed = bytes(range(256)) + INSTANT * 12
    made = substitute(packed, START)
    assert len(made) == len(packed) + 1
    assert restore(made) == packed


@given(st.binary(max_size=3000), st.lists(st.integers(0, 400), max_size=20), st.integers(0, 1 << 50))
def test_anything_comes_back(noise: bytes, days: list[int], instant: int) -> None:
    packed = noise + b"".join(b"\xcf" + (START + day * 86_400_000).to_bytes(8, "big") for day in days)
    for around in (START, instant):
        assert restore(substitute(packed, around)) == packed

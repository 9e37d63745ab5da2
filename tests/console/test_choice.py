"""Which customers a share is, and that its parts are the same customers, each in one."""

from hypothesis import given
from hypothesis import strategies as st

from console.parity import CIRCLE, Choice

customers = st.sets(st.uuids().map(str), max_size=30)


@given(customers, customers, st.integers(0, CIRCLE - 1), st.integers(0, CIRCLE), st.integers(1, 5))
def test_parts_have_each_chosen_customer_once(
    some: set[str], also: set[str], start: int, width: int, number: int
) -> None:
    whole = Choice(start, width, frozenset(also))
    parts = whole.parted(number)
    for customer_id in some | also:
        assert sum(part(customer_id) for part in parts) == whole(customer_id)


@given(customers)
def test_all_of_the_circle_is_everybody_and_nothing_of_it_nobody(some: set[str]) -> None:
    assert all(Choice(7, CIRCLE)(each) for each in some)
    assert not any(Choice(7, 0)(each) for each in some)

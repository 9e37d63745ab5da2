"""Folds that take about as long as they may, whatever a record costs."""

from hypothesis import given
from hypothesis import strategies as st

from streams.portion import Portion


@given(st.floats(1e-5, 5e-3), st.floats(1.0, 8.0))
def test_folds_become_as_long_as_they_may_and_short_again_where_records_cost_more(cost: float, dearer: float) -> None:
    portion = Portion()
    for _ in range(12):
        portion.took(portion.most, portion.most * cost)
    assert 0.9 <= portion.most * cost <= 2.01
    for _ in range(3):
        portion.took(portion.most, portion.most * cost * dearer)
    assert portion.most <= max(100, 2.01 / (cost * dearer))


def test_small_folds_teach_nothing_of_large_ones() -> None:
    portion = Portion()
    before = portion.most
    for _ in range(50):
        portion.took(3, 0.0001)
    assert portion.most == before
    portion.took(0, 0.0)
    assert portion.most == before

"""Whoever has something due is found at that time, whatever was put off or brought forward before."""

from hypothesis import given
from hypothesis import strategies as st

from streams.schedule import Schedule

MINUTE = 60_000
moments = st.integers(1, 90).map(lambda number: number * MINUTE // 3)


def found(schedule: Schedule, now: int) -> list[str]:
    reached = []
    while schedule.reached(now):
        customer = schedule.next(now)
        if customer is not None:
            reached.append(customer)
    return reached


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.one_of(st.just(0), moments)),
    st.lists(st.tuples(st.sampled_from("abcde"), moments)),
    st.lists(moments),
)
def test_at_every_moment_those_are_found_for_whom_something_is_due(
    begin: dict[str, int], changes: list[tuple[str, int]], sweeps: list[int]
) -> None:
    due = dict(begin)
    schedule = Schedule(lambda customer: due.get(customer, 0))
    schedule.fill((when, customer) for customer, when in begin.items())
    steps = [(None, now) for now in sorted(sweeps)]
    for place, change in enumerate(changes):
        steps.insert((place * 7) % (len(steps) + 1), change)
    for customer, at in steps:
        if customer is not None:
            scheduled, due[customer] = due.get(customer, 0), at
            if not 0 < scheduled <= at:
                schedule.add(at, customer)
            continue
        expected = {each for each, when in due.items() if 0 < when <= at}
        assert set(found(schedule, at)) == expected
        for each in expected:
            del due[each]
    assert set(found(schedule, 1000 * MINUTE)) == {each for each, when in due.items() if when}


def test_who_is_put_off_and_brought_forward_again_and_again_stands_there_once() -> None:
    due = {"a": 100 * MINUTE}
    schedule = Schedule(lambda customer: due[customer])
    schedule.add(due["a"], "a")
    for now in range(0, 50):
        due["a"] = (now + 1) * MINUTE
        schedule.add(due["a"], "a")
        due["a"] = 100 * MINUTE
        assert found(schedule, (now + 1) * MINUTE) == []
    assert found(schedule, 100 * MINUTE) == ["a"]


def test_a_customer_for_whom_nothing_is_due_any_more_is_forgotten() -> None:
    schedule = Schedule(lambda customer: 0)
    schedule.add(5 * MINUTE, "a")
    assert found(schedule, 5 * MINUTE) == []
    assert not schedule.reached(1000 * MINUTE)

"""Business time: against a walk by minutes, over clock changes and holidays, and what is no calendar."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.calendar import Calendar, interval
from tests.journey.telling import DAY, HOUR, MINUTE, START

HOURS = ["09:00-12:30", "13:00-17:00"]
BERLIN = Calendar(
    "Europe/Berlin", {day: HOURS for day in ("mon", "tue", "wed", "thu", "fri")}, ["2026-04-03", "2026-04-06"]
)


def open_by_the_clock(at: int) -> bool:
    """Whether a wall in Berlin says that the office is open."""
    local = datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo("Europe/Berlin"))
    if local.weekday() > 4 or local.date().isoformat() in ("2026-04-03", "2026-04-06"):
        return False
    minutes = local.hour * 60 + local.minute
    return 540 <= minutes < 750 or 780 <= minutes < 1020


@given(st.integers(70 * DAY // MINUTE, 110 * DAY // MINUTE), st.integers(1, 40 * 60))
@settings(max_examples=40, deadline=None)
def test_business_minutes_are_those_that_a_walk_by_minutes_counts(begin: int, minutes: int) -> None:
    start = START // DAY * DAY + begin * MINUTE
    cursor, left = start, minutes
    while left:
        left -= open_by_the_clock(cursor)
        cursor += MINUTE
    assert BERLIN.add(start, minutes * MINUTE) == cursor
    assert BERLIN.between(start, cursor) == minutes * MINUTE


def test_nothing_lies_between_a_moment_and_an_earlier_one() -> None:
    assert BERLIN.between(START, START) == BERLIN.between(START, START - HOUR) == 0


def test_an_interval_may_end_at_midnight() -> None:
    night = Calendar("UTC", {"mon": ["20:00-24:00"]}, [])
    assert night.add(START, 4 * HOUR) == START // DAY * DAY + DAY, "START is a Monday"


@pytest.mark.parametrize(
    ("text", "why"),
    [("9 to 5", "no interval"), ("17:00-09:00", "closes before it opens"), ("09:00-25:00", "no interval")],
)
def test_what_is_no_interval_is_told(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        interval(text)


def test_a_calendar_that_never_opens_is_refused() -> None:
    with pytest.raises(ValueError, match="never opens"):
        Calendar("UTC", {}, [])


def test_a_calendar_of_nothing_but_holidays_gives_up_after_ten_years() -> None:
    first = datetime(2026, 1, 5, tzinfo=UTC)
    mondays = [(first + timedelta(weeks=week)).date().isoformat() for week in range(600)]
    with pytest.raises(ValueError, match="more than ten years"):
        Calendar("UTC", {"mon": ["09:00-17:00"]}, mondays).add(START, HOUR)

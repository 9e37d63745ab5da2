"""How values are written on a page."""

from datetime import UTC, datetime, timedelta

import pytest

from console.web.words import label, money, number, percent, share, since, span

DAY, HOUR, MINUTE = 86_400_000, 3_600_000, 60_000


@pytest.mark.parametrize(
    ("milliseconds", "written"),
    [
        (None, "–"),
        (float("nan"), "–"),
        (0, "0 s"),
        (59_999, "59 s"),
        (2 * HOUR + 5 * MINUTE, "2 h 5 min"),
        (2 * HOUR + 5_000, "2 h"),
        (3 * DAY + 4 * HOUR, "3 d 4 h"),
        (10 * DAY + 4 * HOUR, "10 d"),
        (400 * DAY, "400 d"),
    ],
)
def test_a_span_is_written_in_its_two_largest_units(milliseconds: float | None, written: str) -> None:
    assert span(milliseconds).replace("\u00a0", " ") == written


def test_numbers_have_thin_spaces_and_nothing_is_a_dash() -> None:
    assert (number(1234567), number(None), number(0)) == ("1\u202f234\u202f567", "–", "0")
    assert (percent(0.456), percent(None)) == ("46\u202f%", "–")


def test_money_has_two_decimals_or_as_many_as_it_needs() -> None:
    assert money({"amount": "11900.0000", "currency": "EUR"}) == "11\u202f900.00\u00a0EUR"
    assert money({"amount": "0.1250", "currency": "EUR"}) == "0.125\u00a0EUR"
    assert money({"amount": "1E+3", "currency": "EUR"}) == "1\u202f000.00\u00a0EUR"


def test_a_time_without_a_zone_is_utc() -> None:
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert since(datetime(2026, 3, 1, 9), now) == since(now - timedelta(hours=3), now) == "3\u00a0h"


def test_a_bar_is_never_invisible_where_there_is_something() -> None:
    assert (share(0, 10), share(1, 10_000), share(5, 10), share(1, 0)) == ("0%", "0.80%", "50.00%", "0%")


def test_names_of_ours_are_words() -> None:
    assert (label("mql"), label("no_activity"), label("some_new_stage"), label(None)) == (
        "MQL",
        "no activity",
        "some new stage",
        "–",
    )

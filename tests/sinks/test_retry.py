"""When a failed delivery is tried again."""

from datetime import UTC, datetime, timedelta

import pytest

from sinks.channels.retry import SCHEDULE_SECONDS, Retry, retry_after_seconds

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_the_pauses_are_those_of_standard_webhooks():
    minutes = [5 / 60, 5, 30, 120, 300, 600, 840, 1200, 1440]
    assert [pause / 60 for pause in SCHEDULE_SECONDS] == pytest.approx(minutes)


def test_jitter_only_ever_waits_longer():
    assert Retry(dice=lambda: 0.0).pause(1) == 5
    assert Retry(dice=lambda: 1.0).pause(1) == pytest.approx(6)


def test_after_the_last_pause_it_gives_up():
    assert Retry().pause(9) is not None
    assert Retry().pause(10) is None


def test_a_receiver_may_ask_for_more_patience_but_not_for_less():
    retry = Retry(dice=lambda: 0.0)
    assert retry.pause(1, asked=90) == 90
    assert retry.pause(2, asked=1) == 300
    assert retry.pause(1, asked=10**9) == 24 * 3600


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("Mon, 02 Mar 2026 12:01:30 GMT", 90),
        ("Mon, 02 Mar 2026 11:00:00 GMT", 0),
        ("soon", None),
        ("-5", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header, seconds):
    assert retry_after_seconds(header, NOW) == seconds


def test_a_date_without_zone_is_utc():
    text = (NOW + timedelta(seconds=30)).strftime("%a, %d %b %Y %H:%M:%S -0000")
    assert retry_after_seconds(text, NOW) == 30

"""A pace lets so many through a second, and lets go at once where it is told to end."""

import threading
import time

import pytest

from streams.pace import Pace, PaceEndedError


def test_more_than_a_burst_takes_its_time() -> None:
    pace, started = Pace(1000, threading.Event(), burst_seconds=0.1), time.monotonic()
    for _ in range(4):
        pace.take(100)
    assert 0.25 < time.monotonic() - started < 0.6


def test_what_is_within_the_pace_never_waits() -> None:
    pace, started = Pace(1_000_000, threading.Event()), time.monotonic()
    for _ in range(10):
        pace.take(1000)
    assert time.monotonic() - started < 0.1


def test_whoever_waits_is_let_go_at_the_end() -> None:
    ended = threading.Event()
    pace, started = Pace(1, ended, burst_seconds=0), time.monotonic()
    threading.Timer(0.1, ended.set).start()
    with pytest.raises(PaceEndedError):
        pace.take(100)
    assert time.monotonic() - started < 5

"""The worker's clock is Kafka's as soon as a broker has answered, whatever this machine says."""

import logging

import pytest

from streams.clock import Clock, steady_ms

DAY_MS = 86_400_000


def test_before_any_answer_it_is_this_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time_ns", lambda: 5_000_000_000)
    clock = Clock()
    assert not clock.is_told
    assert clock.now_ms() == 5_000


def test_a_brokers_time_counts_and_what_the_machine_says_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, at = Clock(), steady_ms()
    clock.told(9 * DAY_MS, at, at)
    assert clock.is_told
    monkeypatch.setattr("time.time_ns", lambda: 0)
    assert 0 <= clock.now_ms() - 9 * DAY_MS < 1000


def test_an_answer_moves_it_no_further_than_the_time_the_answer_took_allows() -> None:
    clock, at = Clock(), steady_ms()
    clock.told(DAY_MS, at, at)
    first = clock.now_ms() - steady_ms()
    clock.told(DAY_MS, at, at + 2000)
    assert clock.now_ms() - steady_ms() == first, "somewhere between the question and the answer"
    clock.told(DAY_MS + 500, at, at)
    assert clock.now_ms() - steady_ms() == first + 500
    clock.told(DAY_MS, at, at + 100)
    assert clock.now_ms() - steady_ms() == first


def test_a_clock_that_is_far_off_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    clock, at = Clock(), steady_ms()
    with caplog.at_level(logging.WARNING):
        clock.told(DAY_MS, at, at)
        clock.told(DAY_MS, at, at)
    (record,) = caplog.records
    assert "ahead of Kafka's" in record.getMessage()

"""How the sinks' processes start, wait, and stop."""

import asyncio
import logging
import time

import pytest

from sinks.process import Seldom, Status, kept_up
from tests.process import eventually
from tests.sinks.conftest import health, running


@pytest.mark.parametrize(("module", "offset"), [("sinks.writer", 4), ("sinks.notifier", 5)])
def test_a_part_without_kafka_waits_says_so_and_stops_when_told(settings, free_ports, module, offset):
    here = settings.model_copy(update={"kafka": f"127.0.0.1:{free_ports(1)[0]}"})
    with running(module, here) as part:
        eventually(lambda: health(here, offset).get("reason") == "waiting for Kafka")
        time.sleep(2.5)
        assert part.stop(seconds=5) == 0
        assert 1 <= part.said().count("waiting for Kafka") <= 2
        assert len(part.said().splitlines()) <= 6


def test_a_talkative_library_is_heard_every_few_seconds():
    clock = [100.0]
    seldom = Seldom("aiokafka", seconds=5, now=lambda: clock[0])

    def said(name: str) -> bool:
        return seldom.filter(logging.LogRecord(name, logging.ERROR, "", 0, "away", None, None))

    assert said("aiokafka.conn")
    assert not said("aiokafka")
    assert said("sinks.writer")
    clock[0] = 105
    assert said("aiokafka.consumer.fetcher")


def test_a_turn_that_fails_is_run_anew_and_the_reason_is_told(monkeypatch):
    monkeypatch.setattr("sinks.process.RESTART_SECONDS", 0.01)

    async def go() -> list[str]:
        stopping = asyncio.Event()
        status = Status()
        told: list[str] = []

        async def turn() -> None:
            told.append(status()["reason"])
            if len(told) < 3:
                raise RuntimeError("no luck")
            stopping.set()

        await kept_up(turn, stopping, status)
        return told

    assert asyncio.run(go()) == ["waiting for Kafka", "RuntimeError: no luck", "RuntimeError: no luck"]

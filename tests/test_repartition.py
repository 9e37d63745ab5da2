"""A whole instance goes from two partitions to five and on: nothing is lost, nothing is said twice."""

import asyncio
import json
import os
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from schemas.settings import Run
from sinks.crash import KILLED, VARIABLE
from tests.faults.house import PASSWORD
from tests.faults.oracle import Verdict, judge, seen
from tests.faults.traffic import Traffic, make, now
from tests.instance import ask, command, refused, running, say
from tests.process import ROOT
from tests.sinks.receiver import Receiver, receiving

_SETTLE_SECONDS = 90


def environment(receiver: Receiver, partitions: int) -> dict[str, str]:
    return {
        "THROUGHLINE_PARTITIONS": str(partitions),
        "THROUGHLINE_CLICKHOUSE_PASSWORD": PASSWORD,
        "THROUGHLINE_WEBHOOK_URL": receiver.url,
        "THROUGHLINE_WEBHOOK_SECRET": "whsec_dGhlLXNlY3JldC1vZi10aGUtdGVzdHM=",
        "THROUGHLINE_WEBHOOK_ALLOW_PRIVATE": "true",
    }


def emit(bootstrap: str, records: list[tuple[str, bytes]]) -> None:
    async def send_all() -> None:
        async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=5) as producer:
            await asyncio.gather(*[await producer.send(topic, value) for topic, value in records])

    asyncio.run(send_all())


def settled(run: Run, receiver: Receiver, rounds: list[Traffic], partitions: int) -> Verdict:
    """What the oracle says once nothing is wrong, or at last."""
    deadline = time.monotonic() + _SETTLE_SECONDS
    while True:
        verdict = judge(seen(run.kafka, run.clickhouse.url, receiver.ids(), partitions), rounds, now())
        if verdict.ok or time.monotonic() > deadline:
            return verdict
        time.sleep(0.5)


def run_of(data: Path) -> Run:
    run = Run.read(data)
    assert run is not None
    return run


def killed_at(data: Path, place: str, *arguments: str, settings: dict[str, str]) -> None:
    """Run a command that is killed at a place of its code; what it started lives on."""
    ran = subprocess.run(
        command(data, *arguments), cwd=ROOT, env={**os.environ, **settings, VARIABLE: place}, capture_output=True,
        check=False, timeout=120,
    )  # fmt: skip
    assert ran.returncode == KILLED, ran.stderr.decode()


@pytest.mark.timeout(400)
def test_more_partitions_lose_nothing_and_say_nothing_twice_wherever_the_move_is_cut_off(
    tmp_path: Path, port_base: int
) -> None:
    data, base = tmp_path / "data", ("--port-base", str(port_base))
    first, second = make(1, 25, now()), make(2, 25, now())
    half = len(first.records) // 2
    with receiving() as receiver:
        with running(data, port_base, environment(receiver, 2)):
            emit(run_of(data).kafka, first.records[:half])
            assert ask(data, "verify")["ok"]
            looked = ask(data, "repartition", "--partitions", "5", "--dry-run")
            assert (looked["before"], looked["topics"]["journey.state"]) == (2, 2)
            assert 0 < looked["moved"] < looked["customers"]
            assert "an instance already runs" in refused(data, *base, "repartition", "--partitions", "5")
            # What is on its way when the instance is stopped stays on its way.
            emit(run_of(data).kafka, first.records[half : half + 300])
        settings = environment(receiver, 2)
        for number, place in enumerate(("after_growth", "in_move", "before_switch")):
            killed_at(data, f"repartition.{place}", *base, "repartition", "--partitions", "5", settings=settings)
            # Tools go on emitting, to partitions that nobody reads yet.
            at = half + 300 + 20 * number
            emit(run_of(data).kafka, first.records[at : at + 20])
            say(data, "down")
        moved = json.loads(say(data, *base, "repartition", "--partitions", "5", "--json", environment=settings))
        assert (moved["before"], moved["partitions"]) == (2, 5)
        with running(data, port_base, environment(receiver, 5)):
            emit(run_of(data).kafka, first.records[half + 360 :])
            # The same once more: of each the first arrival counts, which may be on another partition.
            emit(run_of(data).kafka, first.records[::3] + second.records)
            verdict = settled(run_of(data), receiver, [first, second], 5)
            assert verdict.ok, verdict.told
            found = ask(data, "verify")
            assert (found["lost"], found["doubled"], found["differences"], found["ok"]) == (0, 0, 0, True), found
            assert ask(data, "rebuild", "--all", "--dry-run")["differing"] == 0
            assert max(Counter(receiver.ids()).values()) == 1
            assert spread(data) == {0, 1, 2, 3, 4}


def spread(data: Path) -> set[Any]:
    """The partitions of the newest touchpoints."""
    rows = ask(data, "sql", "SELECT DISTINCT partition FROM touchpoints WHERE generation = 1")
    return {row["partition"] for row in rows}

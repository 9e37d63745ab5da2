"""Each part killed in turn while touchpoints keep coming: afterwards everything agrees, to the last touchpoint."""

import asyncio
import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from gateway.simulation.engine import Simulation
from schemas.settings import Run
from tests.instance import ask, running

KILLED = ("worker", "writer", "kafka", "clickhouse")
SECONDS_APART = 6.0


class Traffic:
    """Both teams' simulated touchpoints, sent at a steady pace until told to stop; `confirmed` counts acks=all."""

    def __init__(self, bootstrap: str) -> None:
        self.confirmed = 0
        self.nulls = 0
        self._bootstrap = bootstrap
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._send()), daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Send no more, and wait until everything sent is confirmed."""
        self._stop.set()
        self._thread.join(90)
        assert not self._thread.is_alive()

    async def _send(self) -> None:
        records = [record for record in Simulation(5, 400, 90, int(time.time() * 1000)).history() if record.value]
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap, enable_idempotence=True, linger_ms=10, max_request_size=4_000_000
        )
        await producer.start()
        sent = []
        for record in records:
            if self._stop.is_set():
                break
            sent.append(await producer.send(record.topic, record.value, record.key))
            if len(sent) % 5 == 0:
                await asyncio.sleep(0.02)
        await asyncio.gather(*sent)
        self.confirmed = len(sent)
        await producer.stop()


@pytest.mark.timeout(400)
def test_killing_every_part_in_turn_under_traffic_loses_nothing_and_doubles_nothing(
    tmp_path: Path, port_base: int
) -> None:
    with running(tmp_path / "data", port_base) as data:
        run = Run.read(data)
        assert run is not None
        traffic = Traffic(run.kafka)
        traffic.start()
        for part in KILLED:
            time.sleep(SECONDS_APART)
            run = Run.read(data)
            assert run is not None
            os.kill(run.pids[part], signal.SIGKILL)
        time.sleep(SECONDS_APART)
        traffic.stop()
        verdict = ask(data, "verify", codes=(0, 1))
        (tmp_path / "verdict.json").write_text(json.dumps(verdict, indent=1))
        assert verdict["behind"] == ""
        assert (verdict["lost"], verdict["doubled"], verdict["differences"]) == (0, 0, 0), verdict
        (stored,) = ask(data, "sql", "SELECT count() AS accepted, uniqExact(origin) AS origins FROM touchpoints")
        (refused,) = ask(data, "sql", "SELECT count() AS rejected FROM v_rejected")
        assert verdict["touchpoints"] + refused["rejected"] == traffic.confirmed
        assert stored["accepted"] >= stored["origins"] > 0
        found = ask(data, "status", codes=(0, 1))
        restarts = {part["name"]: part["restarts"] for part in found["parts"]}
        assert all(restarts[part] >= 1 for part in KILLED), restarts

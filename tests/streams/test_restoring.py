"""A worker that reads much state tells how far it is, is not ready before it has all, and says nothing meanwhile."""

import asyncio
import time
from collections.abc import Callable

from aiokafka import TopicPartition

from benchmarks.restore import load_state
from console.condition import restores
from journey.correction import arrive, begin
from schemas import topic
from streams.reading import ends_of
from streams.stored import pack
from tests.journey.telling import MINUTE, RULES, START, touch
from tests.streams.conftest import PARTITIONS, WorkerProcess

CUSTOMERS = 250_000
SECONDS = 90


def written(bootstrap: str) -> int:
    """What is on the topics of facts and alerts."""
    places = [TopicPartition(name, part) for name in (topic.FACTS, topic.ALERTS) for part in range(PARTITIONS)]
    return sum(asyncio.run(ends_of(bootstrap, places)).values())


def test_while_it_restores_it_is_not_ready_and_nothing_is_said(
    own_kafka: str, new_worker: Callable[[str], WorkerProcess]
) -> None:
    journey = begin(RULES)
    arrive(journey, "jo", [touch(f"t{one}", START + one * MINUTE, "email.opened") for one in range(9)], 0, RULES)
    asyncio.run(load_state(own_kafka, CUSTOMERS, [pack(journey)], PARTITIONS, RULES))
    worker = new_worker("worker-1")
    worker.start()
    seen, deadline = [], time.monotonic() + SECONDS
    while not (found := worker.state()).get("ready"):
        assert time.monotonic() < deadline, worker.log()
        if found.get("lanes"):
            if not any(seen):
                said, shown = written(own_kafka), restores(f"http://127.0.0.1:{worker.port_base + 3}")
                assert (said, shown) == (0, True) or worker.state().get("ready")
            seen.append(int(str(found["restored_records"])))
        time.sleep(0.05)
    assert found["customers"] == CUSTOMERS
    # Its positions are records too.
    assert found["restored_records"] == CUSTOMERS + PARTITIONS
    assert not restores(f"http://127.0.0.1:{worker.port_base + 3}")
    assert seen == sorted(seen)
    assert any(0 < restored < CUSTOMERS for restored in seen)
    assert "restored 125000 keys" in worker.log()

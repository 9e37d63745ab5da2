"""`python -m tests.faults.groups`: a broker is killed again and again; do its groups always come back?

Six groups of one named member each commit as fast as they can. A group that has not committed within 75 seconds of the
broker's start is stuck.
"""

import argparse
import asyncio
import logging
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from random import Random

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from benchmarks.telling import say
from deploy.kafka.broker import Broker, wait_ready
from deploy.kafka.topics import create_topics
from schemas.topic import FACTS
from sinks.waiting import at_most
from tests.faults.house import neighbours

_GROUPS, _COMMITS, _PATIENCE_SECONDS = 6, 400, 75.0
_SIGNS = ("out of sync with the underlying log", "must be greater than")


async def member(bootstrap: str, group: str, committed_at: dict[str, float], chance: Random) -> None:
    """Join, commit some hundred times, leave, and again, for ever."""
    while True:
        consumer = AIOKafkaConsumer(
            FACTS, bootstrap_servers=bootstrap, group_id=group, group_instance_id="one", enable_auto_commit=False,
            session_timeout_ms=7_000, heartbeat_interval_ms=1_000,
        )  # fmt: skip
        try:
            await asyncio.wait_for(consumer.start(), 20)
            for _ in range(_COMMITS):
                await consumer.getmany(timeout_ms=20)
                if places := consumer.assignment():
                    await consumer.commit({place: chance.randrange(10**6) for place in places})
                    committed_at[group] = time.monotonic()
        except (KafkaError, OSError, TimeoutError):
            await asyncio.sleep(0.3)
        finally:
            await at_most(5, consumer.stop())


async def stuck_groups(broker: Broker, log: Path, seconds: float, chance: Random) -> tuple[int, list[str]]:
    """How many kills there were in so many seconds, and the groups that did not come back after one."""
    committed_at: dict[str, float] = {}
    groups = [f"group-{number}" for number in range(_GROUPS)]
    kills, stuck = 0, list[str]()
    with log.open("ab") as output:
        running = await asyncio.create_subprocess_exec(*broker.command(), stdout=output, stderr=output)
        try:
            await asyncio.to_thread(wait_ready, broker.bootstrap)
            await asyncio.to_thread(create_topics, broker.bootstrap, 4)
            members = [asyncio.create_task(member(broker.bootstrap, name, committed_at, chance)) for name in groups]
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                await asyncio.sleep(chance.uniform(0.5, 5))
                running.kill()
                await running.wait()
                kills += 1
                await asyncio.sleep(chance.choice((0.0, 0.0, 0.5, 3.0)))
                running = await asyncio.create_subprocess_exec(*broker.command(), stdout=output, stderr=output)
                since = time.monotonic()
                while left := [name for name in groups if committed_at.get(name, 0.0) < since]:
                    if time.monotonic() > since + _PATIENCE_SECONDS:
                        stuck += left
                        break
                    await asyncio.sleep(0.1)
                say(f"{kills} kills; groups are back after {time.monotonic() - since:.0f} s, stuck: {left or 'none'}")
            for task in members:
                task.cancel()
            await asyncio.wait(members, timeout=10)
        finally:
            with suppress(ProcessLookupError):
                running.kill()
            await running.wait()
    return kills, stuck


def main() -> None:
    """Exit 1 where a group was stuck."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.groups", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300, help="how long")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    # Clients that say of every broker that is gone that it is gone.
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="throughline-groups-") as folder:
        broker, log = Broker(Path(folder) / "kafka", *neighbours(2)), Path(folder) / "kafka.log"
        broker.prepare()
        kills, stuck = asyncio.run(stuck_groups(broker, log, given.seconds, Random(given.seed)))
        said = log.read_text()
    print(f"{kills} kills, {len(stuck)} stuck; the broker said")
    for sign in _SIGNS:
        print(f"  {said.count(sign)} times: {sign}")
    raise SystemExit(1 if stuck else 0)


if __name__ == "__main__":
    main()

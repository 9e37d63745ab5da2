"""`python -m benchmarks.restore`: how long a worker that starts takes to have its state, and the memory it needs."""

import argparse
import asyncio
import re
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

import httpx
from aiokafka import AIOKafkaProducer

from benchmarks import contenders
from benchmarks.broker import PARTITIONS, broker
from benchmarks.process import StalledError
from benchmarks.report import Figure, Report
from benchmarks.state import at_length, made
from benchmarks.telling import say
from benchmarks.touchpoints import Volume
from journey.policy.reading import read
from journey.rules import Rules
from schemas import topic
from schemas.settings import DEFAULT_POLICY
from streams.position import POSITION_KEY, Position, pack_position
from streams.stored import pack

_BATCH_BYTES = 512 * 1024
_ASK_SECONDS, _PATIENCE_SECONDS, _TELL_SECONDS = 0.05, 600.0, 5.0
_RESTORED = re.compile(r"journey journey\.touchpoints/\d+: restored (\d+) keys in ([\d.]+) s")


def measure(customers: int, length: int, repetitions: int) -> Report:
    """One worker that owns every partition starts, first on no state at all, then on that of so many customers."""
    rules = Rules(read(DEFAULT_POLICY.read_text()))
    told = [
        Figure("restoring the slowest partition, as the worker says", "ms"),
        Figure("from the process's start until it is ready", "ms"),
        Figure("the same without state", "ms"),
        Figure("peak memory", "MiB"),
        Figure("the same without state", "MiB"),
    ]
    with broker() as (bootstrap, folder):
        for number in range(repetitions):
            _, ready, peak = _start(bootstrap, folder, f"empty-{number}", 0)
            told[2].values.append(ready)
            told[4].values.append(peak)
        size = asyncio.run(load_state(bootstrap, customers, grown(length, rules), PARTITIONS, rules))
        for number in range(repetitions):
            restoring, ready, peak = _start(bootstrap, folder, f"full-{number}", customers)
            for figure, value in zip((told[0], told[1], told[3]), (restoring, ready, peak), strict=True):
                figure.values.append(value)
    memory = (told[3].spread[1] - told[4].spread[1]) * 2**20 / customers
    return Report(
        "restore",
        f"python -m benchmarks.restore --customers {customers}",
        [*told, Figure("memory of one customer", "bytes", [memory])],
        [],
        [
            f"{customers:,} customers of {length} touchpoints each, {size / customers:.0f} bytes of state each, in "
            f"{PARTITIONS} partitions that one worker owns; the journeys of the benchmark's data under other ids.",
            "Ready is what /readyz says: every partition is restored, its schedule built.",
        ],
    )  # fmt: skip


def _start(bootstrap: str, folder: Path, group: str, customers: int) -> tuple[float, float, float]:
    """Milliseconds of restoring, milliseconds until ready, and the most memory until then in MiB."""
    started = time.monotonic()
    with contenders.worker_process(bootstrap, folder, group) as (run, page), httpx.Client(timeout=30) as client:
        while not _is_ready(client, page, customers):
            if not run.alive() or time.monotonic() - started > _PATIENCE_SECONDS:
                raise StalledError(f"the worker is not ready\n{run.said()}")
            time.sleep(_ASK_SECONDS)
        ready = time.monotonic() - started
        found = [(int(keys), float(seconds)) for keys, seconds in _RESTORED.findall(run.said())]
        assert sum(keys for keys, _ in found) == customers, run.said()
        slowest = max(seconds for _, seconds in found)
        say(f"{customers:,} customers: restored in {slowest:.1f} s, ready in {ready:.1f} s, {run.peak_mib():,.0f} MiB")
        return slowest * 1000, ready * 1000, run.peak_mib()


def _is_ready(client: httpx.Client, page: str, customers: int) -> bool:
    try:
        answer = client.get(f"{page}/readyz")
    except httpx.TransportError:
        return False
    return answer.status_code == 200 and answer.json()["customers"] == customers


def grown(length: int, rules: Rules) -> list[bytes]:
    """Packed journeys of the benchmark's data that have so many touchpoints."""
    return [pack(journey) for journey in at_length(made(Volume(60_000, 4_000), rules), length, rules)]


async def load_state(bootstrap: str, customers: int, values: list[bytes], partitions: int, rules: Rules) -> int:
    """Write every customer's state as a worker would have; returns the bytes of the values."""
    size, told = 0, time.monotonic()
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", max_batch_size=_BATCH_BYTES) as producer:
        batches = [producer.create_batch() for _ in range(partitions)]
        now, sent = time.time_ns() // 1_000_000, []
        for number, (key, value) in enumerate(_records(customers, values)):
            # Restoring asks of no key why it is there, and murmur2 in Python would take most of the time.
            partition, size = number % partitions, size + len(value)
            while batches[partition].append(timestamp=now, key=key, value=value) is None:
                sent.append(await producer.send_batch(batches[partition], topic.STATE, partition=partition))
                batches[partition] = producer.create_batch()
            if time.monotonic() - told > _TELL_SECONDS:
                told = time.monotonic()
                say(f"writing state: {number:,} of {customers:,}")
        position = pack_position(Position(0, 0, partitions, rules.digest))
        for partition, batch in enumerate(batches):
            sent.append(await producer.send_batch(batch, topic.STATE, partition=partition))
            sent.append(await producer.send(topic.STATE, position, POSITION_KEY, partition))
        for written in sent:
            await written
    return size


def _records(customers: int, values: list[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Random-looking ids, the same in every run."""
    for number, value in enumerate(islice(cycle(values), customers)):
        name = f"{number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128:032x}"
        yield f"{name[:8]}-{name[8:12]}-{name[12:16]}-{name[16:20]}-{name[20:]}".encode(), value


def main() -> None:
    """Print a table, and write it to benchmarks/results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.restore", description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--length", type=int, default=10, metavar="TOUCHPOINTS")
    parser.add_argument("--repetitions", type=int, default=3, metavar="N")
    report = measure(**vars(parser.parse_args()))
    report.write()
    print(report.table())


if __name__ == "__main__":
    main()

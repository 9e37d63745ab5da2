"""The simulated stream into Kafka's raw topics: the past as fast as it goes, then live traffic at a steady rate."""

import json
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event
from typing import Any

from console.workspace import UnreachableError
from gateway.simulation import Record, Simulation

_REPORT_EVERY = 2000


@dataclass(frozen=True)
class Story:
    """Which simulation a data directory holds. `until` is epoch ms; `replayed`: all of it is in Kafka."""

    seed: int
    customers: int
    days: float
    until: int
    replayed: bool = False

    def simulation(self) -> Simulation:
        """The simulation from its beginning."""
        return Simulation(self.seed, self.customers, self.days, self.until)

    def write(self, data: Path) -> None:
        """Remember it in DIR/demo.json."""
        data.mkdir(parents=True, exist_ok=True)
        (data / "demo.json").write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, data: Path) -> "Story | None":
        """What an earlier demo left under `data`."""
        try:
            return cls(**json.loads((data / "demo.json").read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return None


class RawProducer:
    """Bytes to the raw topics as tools would send them, the broken ones too; every delivery is checked."""

    def __init__(self, bootstrap: str) -> None:
        from kafka import KafkaProducer
        from kafka.errors import KafkaError

        try:
            self._producer = KafkaProducer(
                bootstrap_servers=bootstrap,
                acks="all",
                linger_ms=20,
                batch_size=256 * 1024,
                allow_auto_create_topics=False,
            )
        except KafkaError as error:
            raise UnreachableError(f"Kafka at {bootstrap} cannot be reached ({error!r})") from None
        self._error = KafkaError
        self._failures: deque[Any] = deque(maxlen=1000)

    def send(self, record: Record) -> bool:
        """Queue one record; False where the producer takes none now, which happens while Kafka is away for long."""
        # Stamped by the clock, not by the story: Kafka's retention would take what is stamped months ago.
        try:
            future = self._producer.send(record.topic, record.value, record.key)
        except self._error as error:
            self._failures.append(error)
            return False
        future.add_errback(self._failures.append)
        return True

    def flush(self) -> None:
        """Wait until Kafka has everything. Raises UnreachableError where it does not."""
        self._producer.flush(timeout=120)
        if self._failures:
            raise UnreachableError(f"Kafka did not take {len(self._failures)} records: {self._failures[0]!r}")

    def close(self) -> None:
        """Flush what is left and disconnect; what a Kafka that is gone does not take was only simulated."""
        try:
            self._producer.close(timeout=3)
        except self._error:
            # Its close gives up before it has closed; only an aborted batch lets it go on.
            self._producer._sender.force_close()
            self._producer.close(timeout=5)


def replay(story: Story, simulation: Simulation, producer: RawProducer, report: Callable[[int, int], None]) -> int:
    """Send the whole history; `report(sent, at)` gets the count and the epoch ms reached. Answers the count."""
    sent = 0
    for record in simulation.history():
        producer.send(record)
        sent += 1
        if sent % _REPORT_EVERY == 0:
            report(sent, record.at)
    producer.flush()
    report(sent, story.until)
    return sent


def go_live(simulation: Simulation, producer: RawProducer, per_second: float, stop: Event) -> Iterator[Record]:
    """Send live traffic until `stop` is set, yielding each record that was sent. A Kafka that is away is waited for."""
    for record in simulation.live(_moments(per_second, stop)):
        if producer.send(record):
            yield record


def _moments(per_second: float, stop: Event) -> Iterator[int]:
    pause = 1 / per_second
    due = time.monotonic()
    while True:
        due += pause
        if stop.wait(max(0.0, due - time.monotonic())):
            return
        yield time.time_ns() // 1_000_000

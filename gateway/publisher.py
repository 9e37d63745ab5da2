"""The gateway's way into Kafka: one shared idempotent producer, acks=all, an answer within seconds."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from gateway.admission import Lease
from gateway.batches import Batches
from gateway.record import Record
from schemas.topic import RAW
from sinks import crash

log = logging.getLogger(__name__)

BATCH_BYTES = 256 * 1024
REQUEST_TIMEOUT_MS = 3000
RETRY_SECONDS = 1.0
LOG_EVERY_SECONDS = 5.0


@dataclass(frozen=True)
class Unconfirmed:
    """Kafka did not acknowledge every record in time. Some may be written yet: the same request again is safe."""

    reason: str


class Publisher:
    """Writes records to the raw topics. Connects and reconnects by itself; `ready` says whether Kafka confirms."""

    def __init__(self, bootstrap: str, confirm_seconds: float = 4.0) -> None:
        self._bootstrap = bootstrap
        self._confirm_seconds = confirm_seconds
        self._producer: AIOKafkaProducer | None = None
        self._batches: Batches | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._unconfirmed: dict[asyncio.Task[None], float] = {}

    def start(self) -> None:
        """Begin to connect, for as long as it takes; returns at once."""
        self._connecting = asyncio.create_task(self._connect())

    async def stop(self, timeout_seconds: float) -> None:
        """Wait for what is in flight, `timeout_seconds` at most, then disconnect."""
        if self._connecting is not None:
            self._connecting.cancel()
        producer, self._producer = self._producer, None
        if self._unconfirmed:
            await asyncio.wait(self._unconfirmed, timeout=timeout_seconds)
        if producer is not None:
            await _close(producer, timeout_seconds)
        for task in self._unconfirmed:
            task.cancel()

    @property
    def unavailable(self) -> str:
        """Why Kafka cannot confirm now; "" while it can."""
        if self._producer is None:
            return "Kafka is not connected yet"
        oldest = next(iter(self._unconfirmed.values()), None)
        if oldest is not None and time.monotonic() - oldest > self._confirm_seconds:
            return f"Kafka has not confirmed for {time.monotonic() - oldest:.0f} seconds"
        return ""

    async def publish(self, records: Sequence[Record], lease: Lease) -> Unconfirmed | None:
        """None once every record is written with acks=all. The lease is held until Kafka is done with the bytes."""
        if reason := self.unavailable:
            return Unconfirmed(reason)
        assert self._producer is not None and self._batches is not None
        task = asyncio.create_task(self._send(self._producer, self._batches, records, lease))
        self._unconfirmed[task] = time.monotonic()
        task.add_done_callback(self._settled)
        try:
            await asyncio.wait_for(asyncio.shield(task), self._confirm_seconds)
        except TimeoutError:
            return Unconfirmed(f"Kafka did not confirm within {self._confirm_seconds:g} seconds")
        except (KafkaError, asyncio.CancelledError) as error:
            if not task.done():
                raise
            return Unconfirmed(f"Kafka refused: {error!r}")
        return None

    def _settled(self, task: asyncio.Task[None]) -> None:
        del self._unconfirmed[task]
        if not task.cancelled() and (error := task.exception()):
            log.warning("not confirmed: %r", error)

    async def _send(
        self, producer: AIOKafkaProducer, batches: Batches, records: Sequence[Record], lease: Lease
    ) -> None:
        with lease:
            written = batches.add(records)
            await asyncio.wait(written)
            failures = [error for each in written if (error := each.exception())]
        for error in failures:
            self._replace(producer, error)
        if failures:
            raise failures[0]
        crash.passing("gateway.after_produce")

    def _replace(self, producer: AIOKafkaProducer, error: KafkaError) -> None:
        """A producer whose batch failed for good has a gap in its sequence: nothing after it would be taken."""
        if getattr(error, "retriable", False) or producer is not self._producer:
            return
        log.error("Kafka refused a batch (%r); connecting anew", error)
        self._producer = None
        self._connecting = asyncio.create_task(self._reconnect(producer))

    async def _reconnect(self, old: AIOKafkaProducer) -> None:
        await _close(old, 1.0)
        await self._connect()

    async def _connect(self) -> None:
        said = 0.0
        while True:
            producer = self._new_producer()
            try:
                await producer.start()
                partitions = {topic: sorted(await producer.partitions_for(topic)) for topic in RAW}
            except (KafkaError, OSError) as error:
                await _close(producer, 1.0)
                if time.monotonic() - said > LOG_EVERY_SECONDS:
                    said = time.monotonic()
                    log.info("waiting for Kafka at %s: %r", self._bootstrap, error)
                await asyncio.sleep(RETRY_SECONDS)
            else:
                log.info("connected to Kafka at %s", self._bootstrap)
                self._producer, self._batches = producer, Batches(producer, partitions)
                return

    def _new_producer(self) -> AIOKafkaProducer:
        return AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            client_id="throughline-gateway",
            acks="all",
            enable_idempotence=True,
            max_batch_size=BATCH_BYTES,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
        )


async def _close(producer: AIOKafkaProducer, timeout_seconds: float) -> None:
    with contextlib.suppress(TimeoutError, KafkaError, OSError):
        await asyncio.wait_for(producer.stop(), timeout_seconds)

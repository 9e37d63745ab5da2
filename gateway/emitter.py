"""The Python emitter: touchpoints to Kafka by kafka-python, in batches, with every failed delivery surfaced.

    with Emitter("127.0.0.1:19090") as emitter:
        emitter.emit({"id": "m-1", "source": "mailer", "type": "email.opened", ...})

Leaving the block waits for Kafka: when it ends without an exception, every touchpoint is written with acks=all.
"""

import time
from collections import deque
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from kafka import KafkaProducer
from kafka.codec import has_lz4
from kafka.errors import KafkaError
from pydantic import ValidationError

from gateway.problem import Problem, problems_of
from gateway.record import Record, record_of
from schemas.rejection import Rejection
from schemas.touchpoint import Touchpoint

LINGER_MS = 20
BATCH_BYTES = 256 * 1024
CLOSE_SECONDS = 30.0
# Delivered futures are looked through this often, so that a long stream does not keep them all.
SETTLE_EVERY = 2000


class InvalidTouchpointError(ValueError):
    """What was given is no touchpoint. `problems` has field, value and remedy of each thing that is wrong."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = problems


class DeliveryError(RuntimeError):
    """Kafka did not confirm these touchpoints. `ids` are (source, id) pairs; emitting them again is safe."""

    def __init__(self, ids: list[tuple[str, str]], cause: str) -> None:
        some = ", ".join(f"{source}/{id_}" for source, id_ in ids[:5]) + (", ..." if len(ids) > 5 else "")
        named = f"{len(ids)} touchpoints are not confirmed ({some})" if ids else "nothing was sent"
        super().__init__(f"{named}: {cause}. Check that Kafka runs (`throughline status`), then emit them again")
        self.ids = ids
        self.cause = cause


class Emitter:
    """Sends touchpoints to their team's topic, keyed by the customer's strongest identifier.

    `bootstrap` is host:port of Kafka. `kafka_options` go to kafka-python's KafkaProducer as they are (TLS, SASL).
    `timeout_seconds` bounds the connection, and how long one touchpoint may take to be confirmed.
    Raises DeliveryError when Kafka cannot be reached.
    """

    def __init__(
        self, bootstrap: str, *, phone_region: str = "US", timeout_seconds: float = 60.0, **kafka_options: Any
    ) -> None:
        self._phone_region = phone_region
        self._pending: deque[tuple[Any, str, str]] = deque()
        self._failed: list[tuple[str, str]] = []
        self._cause = ""
        milliseconds = int(timeout_seconds * 1000)
        options = {
            "acks": "all",
            "enable_idempotence": True,
            "linger_ms": LINGER_MS,
            "batch_size": BATCH_BYTES,
            "compression_type": "lz4" if has_lz4() else "gzip",
            "bootstrap_timeout_ms": min(milliseconds, 10_000),
            "max_block_ms": milliseconds,
            "request_timeout_ms": min(milliseconds // 2, 30_000),
            "delivery_timeout_ms": milliseconds,
            "allow_auto_create_topics": False,
            **kafka_options,
        }
        try:
            self._producer = KafkaProducer(bootstrap_servers=bootstrap, **options)
        except KafkaError as error:
            raise DeliveryError([], f"Kafka at {bootstrap} cannot be reached ({error!r})") from error

    def emit(self, touchpoint: Touchpoint | Mapping[str, Any]) -> None:
        """Queue one touchpoint; returns before Kafka has it (see `flush`).

        Raises InvalidTouchpointError at once, and DeliveryError when the buffer stays full for `timeout_seconds`.
        """
        record = _record(touchpoint, self._phone_region)
        try:
            future = self._producer.send(record.topic, record.value, record.key)
        except KafkaError as error:
            raise DeliveryError([(record.source, record.id)], repr(error)) from error
        self._pending.append((future, record.source, record.id))
        if len(self._pending) % SETTLE_EVERY == 0:
            self._settle()

    def flush(self, timeout: float | None = None) -> None:
        """Wait until Kafka has confirmed everything emitted so far.

        `timeout` in seconds; None waits as long as the emitter's own timeout allows. Raises DeliveryError with the
        ids of what failed or is still unconfirmed; afterwards the emitter can be used on.
        """
        try:
            self._producer.flush(timeout)
        except KafkaError as error:
            self._cause = self._cause or repr(error)
        self._settle()
        unconfirmed = [(source, id_) for _, source, id_ in self._pending]
        failed, cause = self._failed + unconfirmed, self._cause or "no answer in time"
        if failed:
            self._failed, self._cause = [], ""
            self._pending.clear()
            raise DeliveryError(failed, cause)

    def close(self, timeout: float = CLOSE_SECONDS) -> None:
        """Flush and disconnect. Raises DeliveryError as `flush` does; the connection is closed in any case."""
        started = time.monotonic()
        try:
            self.flush(timeout)
        finally:
            self._producer.close(timeout=max(0.0, min(5.0, timeout - (time.monotonic() - started))))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
            return
        # The block's own exception is the news: an undelivered rest must not hide it.
        try:
            self.close(5.0)
        except DeliveryError as undelivered:
            error.add_note(str(undelivered))

    def _settle(self) -> None:
        for _ in range(len(self._pending)):
            future, source, id_ = self._pending.popleft()
            if not future.is_done:
                self._pending.append((future, source, id_))
            elif future.failed():
                self._failed.append((source, id_))
                self._cause = self._cause or repr(future.exception)


def _record(given: Touchpoint | Mapping[str, Any], phone_region: str) -> Record:
    try:
        touchpoint = given if isinstance(given, Touchpoint) else Touchpoint.model_validate(dict(given))
    except ValidationError as error:
        raise InvalidTouchpointError(problems_of(error)) from None
    record = record_of(touchpoint, touchpoint.model_dump_json(exclude_none=True).encode(), phone_region)
    if isinstance(record, Rejection):
        field, _, rest = record.detail.partition(": ")
        message, _, remedy = rest.partition("; ")
        raise InvalidTouchpointError([Problem(record.pointer, field, "", message, remedy)])
    return record

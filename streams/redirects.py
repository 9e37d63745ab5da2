"""Whom each derived id belongs to, as far as this process has heard: a background reader of identity.redirects."""

import asyncio
import logging
from collections.abc import Iterable
from typing import Any

import msgspec
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from schemas import topic
from streams.links import decode_redirect
from streams.reading import reader

log = logging.getLogger(__name__)
_RETRY_SECONDS = 2.0
_TP = TopicPartition(topic.REDIRECTS, 0)


class Redirects:
    """Derived id -> customer_id. It may be out of date, or empty at first: the journey stage passes on what it misses.

    `follow` never ends by itself: while Kafka is away the map stays as it is.
    """

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._owners: dict[str, str] = {}
        self._position = 0

    def __len__(self) -> int:
        return len(self._owners)

    def customer_of(self, derived_id: str) -> str:
        """The customer that the id belongs to; itself, where nothing else is known."""
        return self._owners.get(derived_id, derived_id)

    async def follow(self) -> None:
        """Read to the end and go on reading, anew after any failure of Kafka."""
        while True:
            try:
                await self._read()
            except (KafkaError, OSError, TimeoutError) as error:
                log.warning("%s: %s: %s; reading it anew", topic.REDIRECTS, type(error).__name__, error)
            except Exception:
                log.exception("%s could not be read; trying again", topic.REDIRECTS)
            await asyncio.sleep(_RETRY_SECONDS)

    async def _read(self) -> None:
        async with reader(self._bootstrap) as consumer:
            consumer.assign([_TP])
            consumer.seek(_TP, self._position)
            while True:
                found = await consumer.getmany(_TP, timeout_ms=1000)
                self.take(found.get(_TP, []))
                self._position = await consumer.position(_TP)

    def take(self, records: Iterable[Any]) -> None:
        """Take in records, oldest first. One that cannot be read changes nothing: what it says is found out late."""
        owners = self._owners
        for record in records:
            if record.value is None:
                owners.pop(record.key.decode(), None)
                continue
            try:
                redirect = decode_redirect(record.value)
            except msgspec.MsgspecError as error:
                log.warning("%s/0/%d is no redirect: %s", topic.REDIRECTS, record.offset, error)
                continue
            if redirect.customer_id == redirect.derived_id:
                owners.pop(redirect.derived_id, None)
            else:
                owners[redirect.derived_id] = redirect.customer_id

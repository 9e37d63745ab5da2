"""A Kafka record as the mappers see it, and what they raise."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Protocol

import msgspec

Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class MappingError(ValueError):
    """A record that cannot be a row, and why. The writer keeps it in `sink_rejected`."""


class Record(Protocol):
    """The part of a consumed Kafka record that becomes a row; `timestamp` is milliseconds since 1970."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...

"""Instants and amounts as ClickHouse holds them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from sinks.clickhouse.record import MappingError

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
# What DateTime64(3) holds; ClickHouse clamps silently beyond.
_FIRST_MS: Final = (datetime(1900, 1, 1, tzinfo=UTC) - _EPOCH) // _MILLISECOND
_LAST_MS: Final = (datetime(2299, 12, 31, tzinfo=UTC) - _EPOCH) // _MILLISECOND
_MONEY_LIMIT: Final = Decimal(10) ** 14
_MONEY_PLACES: Final = -4


def milliseconds(instant: datetime) -> int:
    """Milliseconds since 1970, rounded down. Raises MappingError outside of 1900 to 2299."""
    since = instant - _EPOCH
    count = since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000
    if _FIRST_MS <= count <= _LAST_MS:
        return count
    raise MappingError(f"{instant.isoformat()} is outside of the years 1900 to 2299")


def milliseconds_or_none(instant: datetime | None) -> int | None:
    """`milliseconds`, None for None."""
    return None if instant is None else milliseconds(instant)


def money(amount: Decimal) -> Decimal:
    """The amount where Decimal(18, 4) holds it exactly. Raises MappingError where not."""
    exponent = amount.as_tuple().exponent
    if isinstance(exponent, int) and exponent >= _MONEY_PLACES and abs(amount) < _MONEY_LIMIT:
        return amount
    raise MappingError(f"{amount} does not fit 14 digits before and 4 after the point")

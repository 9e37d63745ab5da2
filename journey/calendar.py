"""Business time: opening hours of a zone, holidays and daylight saving included, in O(days)."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MS = 86_400_000
_LONGEST_CLOSURE_DAYS = 3660


class Calendar:
    """Opening hours. All instants are UTC epoch milliseconds."""

    def __init__(self, zone: str, hours: Mapping[Any, list[str]], holidays: Iterable[str]) -> None:
        """`hours` maps a weekday (`mon`) to intervals (`09:00-17:00`); ValueError names what is wrong."""
        self._zone = ZoneInfo(zone)
        self._hours = [sorted(interval(text) for text in hours.get(weekday, [])) for weekday in _WEEKDAYS]
        if not any(self._hours):
            raise ValueError("hours: a calendar that never opens can never be met; give one weekday an interval")
        self._holidays = frozenset(date.fromisoformat(day) for day in holidays)
        self._open_on = lru_cache(maxsize=4096)(self._intervals)

    def _intervals(self, ordinal: int) -> tuple[tuple[int, int], ...]:
        day = date.fromordinal(ordinal)
        if day in self._holidays:
            return ()
        return tuple(
            (self._instant(day, opens), self._instant(day, closes)) for opens, closes in self._hours[day.weekday()]
        )

    def _instant(self, day: date, at: int) -> int:
        local = datetime.combine(day + timedelta(days=at // 1440), time(at % 1440 // 60, at % 60), self._zone)
        return round(local.astimezone(UTC).timestamp() * 1000)

    def _local_ordinal(self, instant: int) -> int:
        return datetime.fromtimestamp(instant / 1000, self._zone).toordinal()

    def add(self, start: int, amount: int) -> int:
        """The instant at which `amount` business milliseconds have run since `start`."""
        ordinal = self._local_ordinal(start) - 1
        left = amount
        for day in range(ordinal, ordinal + _LONGEST_CLOSURE_DAYS + amount // 60_000):
            for opens, closes in self._open_on(day):
                begin = max(opens, start)
                if begin >= closes:
                    continue
                if left <= closes - begin:
                    return begin + left
                left -= closes - begin
        raise ValueError("the calendar is closed for more than ten years")

    def between(self, start: int, end: int) -> int:
        """Business milliseconds from `start` to `end`; 0 where `end` is not later."""
        if end <= start:
            return 0
        days = range(self._local_ordinal(start) - 1, self._local_ordinal(end) + 1)
        return sum(max(0, min(closes, end) - max(opens, start)) for day in days for opens, closes in self._open_on(day))


def interval(text: str) -> tuple[int, int]:
    """Opening and closing in minutes since midnight, of `09:00-17:00`; ValueError says what is wrong."""
    try:
        opens, closes = (_minutes(part) for part in text.split("-"))
    except ValueError:
        raise ValueError(f"hours: {text!r} is no interval; write it like 09:00-17:00") from None
    if opens >= closes:
        raise ValueError(f"hours: {text!r} closes before it opens; split it at midnight")
    return opens, closes


def _minutes(text: str) -> int:
    hour, minute = text.strip().split(":")
    minutes = int(hour) * 60 + int(minute)
    if not (0 <= minutes <= 1440 and 0 <= int(minute) < 60):
        raise ValueError(text)
    return minutes

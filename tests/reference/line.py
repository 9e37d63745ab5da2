"""A customer's complete list of touchpoints in event order, and the questions asked of it by scanning."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

Touch = dict[str, Any]
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PROMPT = ("call", "meeting")
TEAMS = ("marketing", "sales")


def moment(text: str) -> int:
    """Epoch milliseconds of an RFC 3339 time."""
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(milliseconds=1)


def in_order(touchpoints: list[Touch]) -> list[Touch]:
    """Each (source, id) once, by (occurred_at, source, id), with `at` in epoch ms and `n`, its place in the list."""
    once = {(touch["source"], touch["id"]): {**touch, "at": moment(touch["occurred_at"])} for touch in touchpoints}
    line = sorted(once.values(), key=lambda touch: (touch["at"], touch["source"], touch["id"]))
    for n, touch in enumerate(line):
        touch["n"] = n
    return line


def until(line: list[Touch], touch: Touch, window: int | None) -> Iterator[Touch]:
    """What happened from `window` before a touchpoint, exactly that long ago included, up to and with itself."""
    for one in line[: touch["n"] + 1]:
        if window is None or touch["at"] - one["at"] <= window:
            yield one


def second(line: list[Touch], touch: Touch, type_name: str, window: int | None) -> bool:
    """Whether this is the 2nd of its type, or a later one, within the window."""
    return touch["type"] == type_name and sum(one["type"] == type_name for one in until(line, touch, window)) >= 2


def said(touch: Touch, name: str) -> Any:
    """A property of the touchpoint, or None."""
    return (touch.get("properties") or {}).get(name)


def number(value: Any) -> float | None:
    """A number, or a text that is one: tools that fill in forms send either."""
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None


def automated(touch: Touch) -> bool:
    return said(touch, "automated") is True


def pricing_page(touch: Touch) -> bool:
    path = said(touch, "path")
    return touch["type"] == "page.viewed" and isinstance(path, str) and path.startswith("/pricing")


def counted(touch: Touch) -> bool:
    """Counted activity: any inbound; outbound by call or meeting; never internal, never an automated message.

    Reading: "never an automated message" holds for inbound ones as well (an out-of-office reply is no activity).
    """
    if automated(touch):
        return False
    if touch["direction"] == "inbound":
        return True
    return touch["direction"] == "outbound" and touch["channel"] in PROMPT


def outbound(touch: Touch) -> bool:
    return bool(touch["direction"] == "outbound")


def named(touch: Touch | None) -> tuple[str, str] | None:
    """How results name a touchpoint: (source, id); None where time alone moved something."""
    return None if touch is None else (touch["source"], touch["id"])

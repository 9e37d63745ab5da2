"""Times in a policy that cannot be: calendars, zones, dates, durations of nothing, clocks that wait for each other."""

import re
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from journey.calendar import interval
from journey.policy.document import Policy
from journey.policy.mistake import Found, Path, meant
from journey.policy.walk import durations

_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
# Where a duration of nothing says something: what is late at once, what is never looked back for.
_MAY_BE_NOTHING = frozenset({"correction", "future", "reply_within", "subject_within", "pressure_within"})


def wrong_times(policy: Policy) -> Found:
    """Everything about time that cannot be meant."""
    for name, calendar in policy.calendars.items():
        here: Path = ("calendars", name)
        yield from _zone((*here, "zone"), calendar.zone)
        for index, day in enumerate(calendar.holidays):
            yield from _date((*here, "holidays", index), day)
        closed = True
        for weekday, intervals in calendar.hours.items():
            closed = closed and not intervals
            yield from _hours((*here, "hours", weekday), intervals)
        if closed:
            yield (*here, "hours"), "a calendar that never opens can never be met; give one weekday an interval"
    yield from _date(("agreement", "in_force_from"), policy.agreement.in_force_from)
    for part in ("digest", "quiet_hours"):
        given = getattr(policy.alerts, part)
        if given is not None:
            yield from _zone(("alerts", part, "zone"), given.zone)
    yield from _durations(policy)
    yield from _clocks(policy)


def _zone(path: Path, zone: str) -> Found:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield path, f"{zone!r} is no time zone; {_zone_meant(zone)}"


def _zone_meant(zone: str) -> str:
    zones = sorted(available_timezones())
    city = zone.rpartition("/")[2].lower()
    same_city = [known for known in zones if known.rpartition("/")[2].lower() == city]
    if same_city:
        return f"did you mean {same_city[0]!r}?"
    told = meant(zone, zones)
    return told if told.startswith("did you mean") else "write an IANA zone, as Europe/Berlin"


def _date(path: Path, given: str | None) -> Found:
    if given is None:
        return
    try:
        date.fromisoformat(given)
        wrong = not _ISO_DATE.fullmatch(given)
    except ValueError:
        wrong = True
    if wrong:
        yield path, f"{given!r} is no date; write year-month-day, as 2026-12-25"


def _hours(path: Path, intervals: list[str]) -> Found:
    sound = []
    for index, text in enumerate(intervals):
        try:
            sound.append((interval(text), index))
        except ValueError as error:
            yield (*path, index), str(error).removeprefix("hours: ")
    sound.sort()
    for ((_, closes), first), ((opens, _), second) in pairwise(sound):
        if opens < closes:
            both = f"{intervals[first]} and {intervals[second]}"
            yield (*path, second), f"{both} are open at once; an hour would count twice: join them"


def _durations(policy: Policy) -> Found:
    for path, duration in durations(policy):
        if duration.business and not (path[0] == "clocks" and path[-1] == "limit"):
            days = f"{max(1, duration.ms // 86_400_000)}d"
            yield path, f"{duration.text}: business hours are for the limit of a clock; write calendar time, as {days}"
        if not duration.ms and path[-1] not in _MAY_BE_NOTHING:
            yield path, f"{duration.text} is no time at all; write at least 1s, or remove the line"
    windows = policy.windows
    if windows.deduplication.ms < windows.correction.ms:
        told = "shorter than correction: a late touchpoint that is sent twice could count twice"
        yield ("windows", "deduplication"), f"{told}; write {windows.correction.text} at least"


def _clocks(policy: Policy) -> Found:
    for index, clock in enumerate(policy.clocks):
        here: Path = ("clocks", index)
        if clock.limit.business and clock.calendar is None:
            yield (*here, "limit"), "business time needs a calendar; add calendar: NAME"
        if clock.start.enter is None and clock.start.when is None and clock.start.stopped is None:
            yield (*here, "start"), "nothing starts it; add enter, when or stopped"
        if clock.stop.when is None and clock.stop.leave is None:
            yield (*here, "stop"), "nothing stops it; add when or leave"
    for circle in circles(policy):
        index = next(number for number, clock in enumerate(policy.clocks) if clock.clock == circle[0])
        told = " waits for ".join([*circle, circle[0]])
        yield ("clocks", index, "start", "stopped"), f"clocks that start each other never start: {told}; break it"


def circles(policy: Policy) -> Iterator[list[str]]:
    """Clocks each of which is started by the stop of the next one, and the last by that of the first."""
    after = {clock.clock: clock.start.stopped for clock in policy.clocks if clock.start.stopped}
    seen: set[str] = set()
    for start in after:
        walked: list[str] = []
        here: str | None = start
        while here is not None and here not in seen and here not in walked:
            walked.append(here)
            here = after.get(here)
        if here is not None and here in walked:
            yield walked[walked.index(here) :]
        seen.update(walked)

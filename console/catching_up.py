"""Waiting until all that Kafka holds is folded and queryable."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from console.analyst import Analyst, QuestionError
from console.lag import KafkaView
from schemas.topic import ALERTS, FACTS, LINKS, RAW, REBUILDS, REDIRECTS, REJECTED, TOUCHPOINTS

_WRITTEN = (TOUCHPOINTS, FACTS, ALERTS, REJECTED, LINKS, REDIRECTS)
_POLL_SECONDS = 0.25
_POSITIONS = "SELECT topic, partition, max(position) AS position FROM sink_positions GROUP BY topic, partition"


@dataclass(frozen=True)
class Behind:
    """Records still on their way: to intake, the resolver, the rebuilder, the journeys, ClickHouse."""

    intake: int
    resolver: int
    rebuilds: int
    journeys: int
    writer: int

    @property
    def total(self) -> int:
        """All of them; one touchpoint may be counted at several places."""
        return self.intake + self.resolver + self.rebuilds + self.journeys + self.writer

    def __str__(self) -> str:
        return (
            f"{self.intake} records are before intake, {self.resolver} before the resolver, "
            f"{self.journeys} before the journeys, {self.rebuilds} before the rebuilder, {self.writer} before "
            "ClickHouse; `throughline status` shows which part is not up"
        )


class NotCaughtUpError(TimeoutError):
    """It took too long; the message says what is still behind."""


def behind(view: KafkaView, analyst: Analyst, group: str) -> Behind:
    """Where records are still on their way; `group` is the instance's prefix of consumer groups.

    The stages are asked in the order of the flow, so nothing slips by between two questions. Rebuilds go in a circle:
    journeys ask for them, and take them in. What was asked for meanwhile is seen by the ends that have moved.
    """
    intake = view.left(f"{group}.worker", *RAW)
    resolver = view.left(f"{group}.worker", LINKS)
    asked = sum(view.ends(REBUILDS).values())
    rebuilds = view.left(f"{group}.rebuilder", REBUILDS)
    journeys = view.left(f"{group}.worker", TOUCHPOINTS)
    meanwhile = sum(view.ends(REBUILDS).values()) - asked
    ends = view.ends(*_WRITTEN)
    return Behind(intake, resolver, rebuilds + meanwhile, journeys, _unwritten(ends, analyst))


def _unwritten(ends: dict[Any, int], analyst: Analyst) -> int:
    try:
        rows = analyst.ask(_POSITIONS)
    # The writer makes the tables when it starts: until then nothing is written.
    except QuestionError:
        rows = []
    written = {(row["topic"], row["partition"]): row["position"] for row in rows}
    return sum(max(0, end - written.get((place.topic, place.partition), 0)) for place, end in ends.items())


def catch_up(
    view: KafkaView, analyst: Analyst, group: str, report: Callable[[Behind], None], seconds: float = 600
) -> None:
    """Return when nothing is behind. Raises NotCaughtUpError."""
    deadline = time.monotonic() + seconds
    while (left := behind(view, analyst, group)).total:
        report(left)
        if time.monotonic() > deadline:
            raise NotCaughtUpError(f"after {seconds:.0f} s {left}")
        time.sleep(_POLL_SECONDS)
    report(left)


def follow(
    view: KafkaView, analyst: Analyst, group: str, report: Callable[[int], None], seconds: float
) -> dict[int, int]:
    """Return when all that Kafka held at the call is folded, rebuilt where it was too late, and queryable.

    What comes later is not waited for, so it ends under live traffic too. `report(left)` hears how many records are
    left of the step that is waited for. Answers by partition an offset of journey.touchpoints up to which that is so.
    Raises NotCaughtUpError.
    """
    deadline = time.monotonic() + seconds

    def until(left: Callable[[], int]) -> None:
        while behind_by := left():
            report(behind_by)
            if time.monotonic() > deadline:
                raise NotCaughtUpError(f"after {seconds:.0f} s {behind(view, analyst, group)}")
            time.sleep(_POLL_SECONDS)

    def passed(reader: str, *topics: str) -> None:
        ends = view.ends(*topics)
        until(lambda: view.left_below(f"{group}.{reader}", ends))

    passed("worker", *RAW)
    accepted = {place.partition: end for place, end in view.ends(TOUCHPOINTS).items()}
    # An answer that came too early is asked for again: the second one has everything.
    for _ in range(2):
        passed("worker", TOUCHPOINTS)
        passed("rebuilder", REBUILDS)
    passed("worker", TOUCHPOINTS)
    ends = view.ends(*_WRITTEN)
    until(lambda: _unwritten(ends, analyst))
    return accepted


class Patience:
    """Waits for what was written before, at most so many seconds each time. `behind` says what did not come in time;
    from then on nothing is waited for."""

    def __init__(
        self, view: KafkaView, analyst: Analyst, group: str, report: Callable[[int], None], seconds: float
    ) -> None:
        """`report` hears how many records are left."""
        self.behind = ""
        self._view = view
        self._analyst = analyst
        self._group = group
        self._report = report
        self._seconds = seconds

    def folded(self) -> dict[int, int] | None:
        """As `follow`; None where it took too long."""
        if not self.behind:
            try:
                return follow(self._view, self._analyst, self._group, self._report, self._seconds)
            except NotCaughtUpError as error:
                self.behind = str(error)
        return None

    def stored(self) -> None:
        """Until ClickHouse has the touchpoints and facts that Kafka held at the call."""
        ends, deadline = self._view.ends(TOUCHPOINTS, FACTS), time.monotonic() + self._seconds
        while not self.behind and (left := _unwritten(ends, self._analyst)):
            self._report(left)
            if time.monotonic() > deadline:
                self.behind = f"after {self._seconds:.0f} s {left} records are before ClickHouse"
            time.sleep(_POLL_SECONDS)

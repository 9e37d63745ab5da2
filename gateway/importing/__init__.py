"""Importing files: CSV and JSON lines through a declarative mapping. `run_import` is the whole of it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.emitter import DeliveryError, Emitter
from gateway.importing.importer import Outcome, import_file, outcomes
from gateway.importing.journal import Journal, Progress, digest_of
from gateway.importing.mapping import Mapping
from gateway.importing.mapping_file import column_problems, load_mapping
from gateway.importing.reader import Reader
from gateway.importing.waiting import Expected, NotQueryableError, query_of, wait_until_queryable
from schemas.settings import ClickHouseRun

__all__ = [
    "DeliveryError",
    "ImportRefusedError",
    "ImportResult",
    "NotQueryableError",
    "Outcome",
    "Progress",
    "run_import",
]


class ImportRefusedError(ValueError):
    """The file or the mapping cannot be used; `problems` are lines for a person, each with its remedy."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class ImportResult:
    """What an import did. Rows: read = accepted + rejected + skipped (`skipped` gave nothing, as the mapping says)."""

    read: int
    accepted: int
    rejected: int
    skipped: int
    touchpoints: int
    seconds: float
    resumed_at_row: int = 0
    queryable: bool = False
    report: Path | None = None
    refused_by_intake: list[tuple[str, str, str]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The shape that scripts rely on: read, accepted, rejected, seconds; more may be added."""
        return {
            "read": self.read,
            "accepted": self.accepted,
            "rejected": self.rejected,
            "seconds": round(self.seconds, 3),
            "skipped": self.skipped,
            "touchpoints": self.touchpoints,
            "resumed_at_row": self.resumed_at_row,
            "queryable": self.queryable,
            "report": str(self.report) if self.report else None,
        }


def run_import(
    file: Path,
    mapping: Path,
    *,
    data: Path,
    kafka: str,
    phone_region: str = "US",
    dry_run: bool = False,
    wait: ClickHouseRun | None = None,
    wait_timeout_seconds: float = 300.0,
    on_outcome: Callable[[Outcome], None] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    on_wait: Callable[[int, int], None] | None = None,
) -> ImportResult:
    """Import `file` through the mapping file `mapping` into Kafka at `kafka` (host:port).

    data: the data directory; state and the report of refused rows go to `data/imports/`. An interrupted import of the
        same file by the same mapping goes on where Kafka had confirmed it. A finished one begins anew; ids are the
        same, so twice counts once.
    dry_run: map every row and emit nothing, write nothing, need no Kafka. Use `on_outcome` to show what rows become.
    wait: when given (`Run.clickhouse`), return only when every accepted touchpoint is queryable in ClickHouse.
    on_outcome: called for every row: `outcome.row.number`, `.touchpoints`, `.reason` ("" when taken), `.report()`.
    on_progress: called every few thousand rows and at the end; `progress.byte` of the file's size drives a bar.
    on_wait: called as `on_wait(queryable, total)` while waiting.

    Raises ImportRefusedError (file or mapping unusable), DeliveryError (Kafka did not confirm; run again to go on) and
    NotQueryableError (the wait timed out; names what is missing).
    """
    started = time.monotonic()
    plan = _checked(file, mapping)
    if dry_run:
        return _result(_dry(plan, file, phone_region, on_outcome), started)
    journal = Journal(data / "imports", plan.name, digest_of(file, mapping))
    resumed_at_row = journal.resume().read
    since = datetime.fromtimestamp(0, UTC) if resumed_at_row else datetime.now(UTC)
    expected = Expected()
    if wait is not None and resumed_at_row:
        _expect_until(expected, plan, file, phone_region, resumed_at_row)

    def note(outcome: Outcome) -> None:
        if wait is not None:
            for touchpoint in outcome.touchpoints:
                expected.add(touchpoint)
        if on_outcome is not None:
            on_outcome(outcome)

    with Emitter(kafka, phone_region=phone_region) as emitter:
        progress = import_file(
            plan, file, emitter, journal, phone_region=phone_region, on_outcome=note, on_progress=on_progress
        )
    refused = []
    if wait is not None:
        refused = wait_until_queryable(
            expected, query_of(wait), timeout_seconds=wait_timeout_seconds, since=since, on_progress=on_wait
        )
    report = journal.report if progress.report_bytes else None
    return _result(
        progress,
        started,
        resumed_at_row=resumed_at_row,
        queryable=wait is not None,
        report=report,
        refused=refused,
    )


def _checked(file: Path, mapping: Path) -> Mapping:
    plan = load_mapping(mapping)
    if isinstance(plan, list):
        raise ImportRefusedError([f"{mapping}: {problem}" for problem in plan])
    if not file.is_file():
        raise ImportRefusedError([f"{file}: no such file; check the path"])
    reader = Reader(file, plan.file)
    if reader.is_csv and reader.columns is not None:
        lacking = column_problems(plan, mapping.read_text(encoding="utf-8"), reader.columns)
        if lacking:
            raise ImportRefusedError([f"{mapping}: {problem}" for problem in lacking])
    return plan


def _dry(plan: Mapping, file: Path, region: str, on_outcome: Callable[[Outcome], None] | None) -> Progress:
    progress = Progress()
    for outcome in outcomes(plan, file, region):
        progress.read += 1
        progress.touchpoints += len(outcome.touchpoints)
        progress.rejected += bool(outcome.reason)
        progress.accepted += bool(outcome.touchpoints)
        progress.skipped += not outcome.touchpoints and not outcome.reason
        if on_outcome is not None:
            on_outcome(outcome)
    return progress


def _expect_until(expected: Expected, plan: Mapping, file: Path, region: str, row: int) -> None:
    """What an earlier, interrupted run emitted: the mapping is pure, so it is known again by reading."""
    for outcome in outcomes(plan, file, region):
        if outcome.row.number > row:
            return
        for touchpoint in outcome.touchpoints:
            expected.add(touchpoint)


def _result(
    progress: Progress,
    started: float,
    *,
    resumed_at_row: int = 0,
    queryable: bool = False,
    report: Path | None = None,
    refused: list[tuple[str, str, str]] | None = None,
) -> ImportResult:
    gone = len(refused or [])
    return ImportResult(
        progress.read,
        max(0, progress.accepted - gone),
        progress.rejected + gone,
        progress.skipped,
        progress.touchpoints,
        time.monotonic() - started,
        resumed_at_row,
        queryable,
        report,
        refused or [],
    )

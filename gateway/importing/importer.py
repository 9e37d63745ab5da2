"""The import of one file: rows in, touchpoints out by the emitter, confirmed up to where the journal says."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from gateway.importing.journal import Journal, Progress, Report, entry
from gateway.importing.mapping import Mapping
from gateway.importing.reader import FileRow, Position, Reader
from gateway.importing.row import RowRejection, touchpoints_of
from schemas.touchpoint import Touchpoint

CONFIRM_EVERY_ROWS = 5000


class Emits(Protocol):
    """What an import needs of the emitter."""

    def emit(self, touchpoint: Touchpoint) -> None: ...
    def flush(self, timeout: float | None = None) -> None: ...


@dataclass(frozen=True)
class Outcome:
    """What one row became: touchpoints (none where it is skipped), or the field and reason it is refused for."""

    row: FileRow
    touchpoints: list[Touchpoint]
    field: str = ""
    reason: str = ""

    def report(self) -> dict[str, Any]:
        """The row as the report of refused rows shows it."""
        return entry(self.row, self.field, self.reason)


def outcomes(mapping: Mapping, file: Path, phone_region: str, start: Position | None = None) -> Iterator[Outcome]:
    """Every row of `file` from `start`, mapped. Emits nothing."""
    for row in Reader(file, mapping.file, start):
        if row.cells is None:
            yield Outcome(row, [], "row", row.problem)
            continue
        found = touchpoints_of(mapping, row.cells, phone_region)
        if isinstance(found, RowRejection):
            yield Outcome(row, [], found.field, str(found))
        else:
            yield Outcome(row, found)


def import_file(
    mapping: Mapping,
    file: Path,
    emitter: Emits,
    journal: Journal,
    *,
    phone_region: str = "US",
    confirm_every_rows: int = CONFIRM_EVERY_ROWS,
    on_outcome: Callable[[Outcome], None] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Progress:
    """Emit every row of `file` that `journal` does not yet know as confirmed.

    Every `confirm_every_rows` rows Kafka's confirmation is awaited and remembered, so an interrupted import goes on
    from there; rows emitted twice have the same ids and count once. Raises gateway.emitter.DeliveryError.
    """
    progress = journal.resume()
    with Report(journal.report) as report:
        for outcome in outcomes(mapping, file, phone_region, progress.position):
            _apply(progress, outcome, emitter, report)
            if on_outcome is not None:
                on_outcome(outcome)
            if progress.read % confirm_every_rows == 0:
                _confirm(progress, emitter, report, journal)
                if on_progress is not None:
                    on_progress(progress)
        _confirm(progress, emitter, report, journal)
    journal.finish(progress)
    if on_progress is not None:
        on_progress(progress)
    return progress


def _apply(progress: Progress, outcome: Outcome, emitter: Emits, report: Report) -> None:
    for touchpoint in outcome.touchpoints:
        emitter.emit(touchpoint)
    progress.read += 1
    progress.touchpoints += len(outcome.touchpoints)
    progress.byte, progress.line = outcome.row.after.byte, outcome.row.after.line
    if outcome.reason:
        progress.rejected += 1
        report.add(outcome.row, outcome.field, outcome.reason)
    elif outcome.touchpoints:
        progress.accepted += 1
    else:
        progress.skipped += 1


def _confirm(progress: Progress, emitter: Emits, report: Report, journal: Journal) -> None:
    emitter.flush()
    progress.report_bytes = report.flush()
    journal.save(progress)

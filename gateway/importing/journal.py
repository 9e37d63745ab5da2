"""What an import has done so far, kept beside the data: where to go on after an interruption, and what was refused."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel

from gateway.importing.reader import FileRow, Position


class Progress(BaseModel):
    """Counts of one import, over the whole file: the part before an interruption is in them."""

    read: int = 0
    accepted: int = 0
    rejected: int = 0
    skipped: int = 0
    touchpoints: int = 0
    byte: int = 0
    line: int = 0
    report_bytes: int = 0

    @property
    def position(self) -> Position:
        """Where the file is read up to."""
        return Position(self.byte, self.read, self.line)


class Journal:
    """One import's state and its report of refused rows (NDJSON), named by what is imported and by which mapping."""

    def __init__(self, folder: Path, name: str, digest: str) -> None:
        self._state = folder / f"{name}-{digest[:12]}.state.json"
        self.report = folder / f"{name}-{digest[:12]}.rejected.ndjson"
        folder.mkdir(parents=True, exist_ok=True)

    def resume(self) -> Progress:
        """The progress of an interrupted import, or a fresh one. The report is cut back to what it covers."""
        try:
            progress = Progress.model_validate_json(self._state.read_bytes())
        except (FileNotFoundError, ValueError):
            progress = Progress()
        with self.report.open("ab") as file:
            size = file.tell()
        if size < progress.report_bytes:
            progress = Progress()
        os.truncate(self.report, progress.report_bytes)
        return progress

    def save(self, progress: Progress) -> None:
        """Remember that everything up to `progress` is confirmed by Kafka."""
        draft = self._state.with_suffix(".tmp")
        draft.write_text(progress.model_dump_json())
        draft.replace(self._state)

    def finish(self, progress: Progress) -> None:
        """The import is complete: the next one begins anew. An empty report is removed."""
        self._state.unlink(missing_ok=True)
        if progress.report_bytes == 0:
            self.report.unlink(missing_ok=True)


class Report:
    """The refused rows of one import, appended as NDJSON: row, line, field, reason, original."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab")

    def add(self, row: FileRow, field: str, reason: str) -> None:
        """Append one refused row."""
        self._file.write(json.dumps(entry(row, field, reason), ensure_ascii=False).encode("utf-8", "replace") + b"\n")

    def flush(self) -> int:
        """Bring it to disk; its size in bytes."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._file.tell()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def entry(row: FileRow, field: str, reason: str) -> dict[str, Any]:
    """One refused row as it is reported."""
    return {"row": row.number, "line": row.line, "field": field, "reason": reason, "original": row.raw}


def digest_of(*paths: Path) -> str:
    """SHA-256 over the contents of files, in order."""
    total = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            total.update(hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()

"""The rows of a CSV or JSON lines file, each with the byte after it, so that an import can go on from there."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from gateway.importing.mapping import FileFormat

MOST_LINE_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class Position:
    """Where a file is read up to: the byte, and how many rows and lines came before it."""

    byte: int = 0
    row: int = 0
    line: int = 0


@dataclass(frozen=True)
class FileRow:
    """One row. `cells` by column; None where the row cannot be read, and then `problem` says why."""

    number: int
    line: int
    after: Position
    cells: dict[str, Any] | None
    raw: Any
    problem: str = ""


class Reader:
    """Reads one file from `start` (default: its beginning). `columns` is the CSV header; None for JSON lines."""

    def __init__(self, path: Path, form: FileFormat, start: Position | None = None) -> None:
        self._path = path
        self._form = form
        self.is_csv = (form.format or _format_of(path)) == "csv"
        self._start = start or Position()
        self.columns = form.columns if not self.is_csv or form.columns else self._header()

    def __iter__(self) -> Iterator[FileRow]:
        with self._path.open("rb") as file:
            file.seek(self._start.byte)
            lines = _Lines(file, self._start, self._form.encoding)
            number = self._start.row
            rows = self._csv_rows(lines) if self.is_csv else self._json_rows(lines)
            skip_header = self.is_csv and not self._form.columns and self._start.byte == 0
            for line, cells, raw, problem in rows:
                if skip_header:
                    skip_header = False
                    continue
                number += 1
                yield FileRow(number, line, Position(lines.byte, number, lines.line), cells, raw, problem)

    def _header(self) -> list[str]:
        with self._path.open("rb") as file:
            first = next(csv.reader(_Lines(file, Position(), self._form.encoding), **self._dialect()), [])
        return [name.strip() for name in first]

    def _csv_rows(self, lines: "_Lines") -> Iterator[tuple[int, dict[str, Any] | None, Any, str]]:
        columns = self.columns or []
        reader = csv.reader(lines, strict=True, **self._dialect())
        while True:
            line = lines.line + 1
            try:
                values = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield line, None, lines.latest, f"no CSV: {error}"
                continue
            if values:
                yield line, *_csv_row(columns, values)

    def _json_rows(self, lines: "_Lines") -> Iterator[tuple[int, dict[str, Any] | None, Any, str]]:
        for text in lines:
            if text.strip():
                yield lines.line, *_json_row(text)

    def _dialect(self) -> dict[str, Any]:
        return {"delimiter": self._form.delimiter, "quotechar": self._form.quote}


class _Lines:
    """The decoded lines of a file, counting bytes and lines as the CSV reader takes them."""

    def __init__(self, file: BinaryIO, start: Position, encoding: str) -> None:
        self._file = file
        self._encoding = "utf-8-sig" if encoding == "utf-8" and start.byte == 0 else encoding
        self.byte = start.byte
        self.line = start.line
        self.latest = ""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        raw = self._file.readline(MOST_LINE_BYTES)
        if not raw:
            raise StopIteration
        self.byte += len(raw)
        self.line += 1
        self.latest = raw.decode(self._encoding, errors="surrogateescape")
        self._encoding = self._encoding.removesuffix("-sig")
        return self.latest


def _csv_row(columns: list[str], values: list[str]) -> tuple[dict[str, Any] | None, Any, str]:
    if len(values) != len(columns):
        return None, values, f"the row has {len(values)} cells, the header {len(columns)}; check quotes and delimiter"
    cells: dict[str, Any] = dict(zip(columns, values, strict=True))
    return (None, cells, _NOT_DECODED) if any(map(_is_undecoded, values)) else (cells, cells, "")


def _json_row(text: str) -> tuple[dict[str, Any] | None, Any, str]:
    if _is_undecoded(text):
        return None, text.rstrip("\n"), _NOT_DECODED
    try:
        cells = json.loads(text)
    except (ValueError, RecursionError) as error:
        return None, text.rstrip("\n"), f"no JSON: {error}"
    if not isinstance(cells, dict):
        return None, cells, "the line is JSON, but no object in braces"
    return cells, cells, ""


_NOT_DECODED = "bytes that are not in the file's encoding; say `file: {encoding: latin-1}` or cp1252, or mend them"


def _is_undecoded(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text) if not text.isascii() else False


def _format_of(path: Path) -> str:
    return "jsonl" if path.suffix.lower() in {".jsonl", ".ndjson", ".json"} else "csv"

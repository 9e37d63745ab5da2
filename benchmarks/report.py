"""What was measured: as JSON for programs, as a table for people."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from benchmarks.machine import describe

RESULTS = Path(__file__).parent / "results"
TIMES = "times"


@dataclass
class Figure:
    """One quantity, measured once or several times."""

    name: str
    unit: str
    values: list[float] = field(default_factory=list)

    @property
    def spread(self) -> tuple[float, float, float]:
        """(minimum, median, maximum)."""
        return min(self.values), median(self.values), max(self.values)


def quantile(values: Sequence[float], share: float) -> float:
    """The value that this share of them (above 0) does not exceed."""
    return sorted(values)[math.ceil(share * len(values)) - 1]


def ratio(name: str, one: Figure, other: Figure) -> Figure:
    """One by the other, round by round: what the machine does to both of a round falls out."""
    return Figure(name, TIMES, [mine / theirs for mine, theirs in zip(one.values, other.values, strict=True)])


@dataclass(frozen=True)
class Report:
    """A benchmark's result, on this machine and now; `notes` say what was done, in sentences."""

    name: str
    command: str
    figures: Sequence[Figure]
    ratios: Sequence[Figure]
    notes: Sequence[str]
    machine: str = field(default_factory=describe)
    date: str = field(default_factory=lambda: datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"))

    def write(self) -> Path:
        """benchmarks/results/NAME.json; returns its path."""
        RESULTS.mkdir(exist_ok=True)
        found = {
            "machine": self.machine, "date": self.date, "command": self.command,
            "runs": [_spread(each) for each in self.figures], "ratios": [_spread(each) for each in self.ratios],
            "notes": list(self.notes),
        }  # fmt: skip
        path = RESULTS / f"{self.name}.json"
        path.write_text(json.dumps(found, indent=2) + "\n")
        return path

    def table(self) -> str:
        """Every figure and ratio as a Markdown table."""
        rows: list[tuple[str, ...]] = [("measured", "unit", "runs", "min", "median", "max")]
        rows += [
            (each.name, each.unit, str(len(each.values)), *(f"{value:,.0f}" for value in each.spread))
            for each in self.figures
        ]
        rows += [
            (each.name, each.unit, str(len(each.values)), *(f"**{value:,.2f}**" for value in each.spread))
            for each in self.ratios
        ]
        return table(rows, 2)


def table(rows: Sequence[Sequence[str]], texts: int) -> str:
    """Rows as a Markdown table under the first of them; so many columns are text, those after them numbers."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [_line(row, widths, texts) for row in rows]
    rule = ["-" * width if column < texts else "-" * (width - 1) + ":" for column, width in enumerate(widths)]
    return "\n".join([lines[0], f"| {' | '.join(rule)} |", *lines[1:]])


def _spread(figure: Figure) -> dict[str, str | float]:
    lowest, middle, highest = figure.spread
    return {"name": figure.name, "unit": figure.unit, "min": lowest, "median": middle, "max": highest}


def _line(row: Sequence[str], widths: Sequence[int], texts: int) -> str:
    cells = [
        cell.ljust(width) if column < texts else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return f"| {' | '.join(cells)} |"

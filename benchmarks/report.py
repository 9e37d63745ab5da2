"""What was measured: as JSON for programs, as a table for people, as a page of the docs."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

RESULTS = Path(__file__).parent / "results"
PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"


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


@dataclass(frozen=True)
class Report:
    """A benchmark's result. A ratio is of medians; `notes` say what was done, in sentences."""

    name: str
    machine: str
    date: str
    command: str
    figures: Sequence[Figure]
    ratios: dict[str, float]
    notes: Sequence[str]

    def write(self) -> Path:
        """benchmarks/results/NAME.json; returns its path."""
        RESULTS.mkdir(exist_ok=True)
        runs = [
            dict(zip(("name", "unit", "min", "median", "max"), (each.name, each.unit, *each.spread), strict=True))
            for each in self.figures
        ]
        found = {
            "machine": self.machine, "date": self.date, "command": self.command,
            "runs": runs, "ratios": self.ratios, "notes": list(self.notes),
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
        rows += [(name, "ratio of medians", "", "", f"**{ratio:.1f}**", "") for name, ratio in self.ratios.items()]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        lines = [_line(row, widths) for row in rows]
        rule = ["-" * width if column < 2 else "-" * (width - 1) + ":" for column, width in enumerate(widths)]
        return "\n".join([lines[0], f"| {' | '.join(rule)} |", *lines[1:]])

    def write_page(self) -> Path:
        """Write docs/benchmarks.md anew; returns its path."""
        notes = "\n".join(f"- {note}" for note in self.notes)
        PAGE.write_text(
            "# Benchmarks\n\n"
            f"Written by `{self.command}` on {self.date}; run it to have your machine's own figures.\n\n"
            f"Machine: {self.machine}.\n\n{self.table()}\n\n{notes}\n"
        )
        return PAGE


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        cell.ljust(width) if column < 2 else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return f"| {' | '.join(cells)} |"

"""The page of benchmarks.views: a picture of every question by the number of touchpoints, and the table."""

from collections.abc import Sequence
from typing import Any

from benchmarks.process import ROOT
from benchmarks.report import Figure, Report, table
from console.reports.style import QUIET, SERIES, draw, styled

PICTURE = ROOT / "docs" / "images" / "report-times.svg"
PAGE = ROOT / "docs" / "report-times.md"
_GOAL_MS = 1000
_TITLE = "How long every view's standard question takes"


def write(report: Report, goals: str) -> None:
    """docs/report-times.md with its picture. `goals` says what the figures are held against."""
    times, processor = _by_question(report.figures, "ms"), _by_question(report.figures, "ms of processor time")
    sizes = sorted({size for figures in times.values() for size in figures}, key=_number)
    draw(styled(_chart(times, sizes), _TITLE, "median milliseconds, by the number of touchpoints"), PICTURE)
    notes = "\n".join(f"- {note}" for note in report.notes)
    PAGE.write_text(
        f"# How long reports take\n\nWritten by `{report.command}` on {report.date}; run it to have your machine's own "
        f"figures.\n\n{goals}\n\n![{_TITLE}](images/{PICTURE.name})\n\nMachine: {report.machine}.\n\n"
        f"{_table(times, processor, sizes)}\n\n{notes}\n"
    )


def _by_question(figures: Sequence[Figure], unit: str) -> dict[str, dict[str, Figure]]:
    """Question -> number of touchpoints, as it is written -> figure."""
    found: dict[str, dict[str, Figure]] = {}
    for figure in figures:
        if figure.unit == unit:
            question, size = figure.name.removesuffix(" touchpoints").rsplit(", ", 1)
            found.setdefault(question, {})[size] = figure
    return found


def _table(times: dict[str, dict[str, Figure]], processor: dict[str, dict[str, Figure]], sizes: Sequence[str]) -> str:
    """A row for each question: milliseconds as median (minimum to maximum), and the median of processor time."""
    rows = [["milliseconds, with so many touchpoints", *sizes, *(f"processor, {size}" for size in sizes)]]
    for question, figures in times.items():
        spreads = [figures[size].spread for size in sizes]
        rows.append(
            [
                question,
                *(f"{middle:,.0f} ({lowest:,.0f} to {highest:,.0f})" for lowest, middle, highest in spreads),
                *(f"{processor[question][size].spread[1]:,.0f}" for size in sizes),
            ]
        )
    return table(rows, 1)


def _number(size: str) -> int:
    return int(size.replace(",", ""))


def _chart(times: dict[str, dict[str, Figure]], sizes: Sequence[str]) -> dict[str, Any]:
    values = [
        {"question": question, "touchpoints": size, "ms": figure.spread[1]}
        for question, figures in times.items()
        for size, figure in figures.items()
    ]
    longest = {question: max(figure.spread[1] for figure in figures.values()) for question, figures in times.items()}
    y = {"field": "question", "type": "nominal", "title": None, "sort": sorted(longest, key=lambda one: -longest[one])}
    x = {"field": "ms", "type": "quantitative", "scale": {"type": "log"}, "title": "ms"}
    colour = {"domain": sizes, "range": SERIES[: len(sizes)]}
    return {
        "width": 460,
        "height": {"step": 17},
        "layer": [
            {
                "data": {"values": values},
                "mark": {"type": "circle", "size": 62, "opacity": 1},
                "encoding": {
                    "y": y,
                    "x": x,
                    "color": {"field": "touchpoints", "type": "nominal", "scale": colour, "sort": sizes},
                },
            },
            {
                "data": {"values": [{"ms": _GOAL_MS}]},
                "mark": {"type": "rule", "color": QUIET, "strokeDash": [4, 3]},
                "encoding": {"x": {"field": "ms", "type": "quantitative"}},
            },
        ],
    }

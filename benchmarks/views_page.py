"""The page of benchmarks.views: a picture of every question by the number of touchpoints, and the table."""

from collections.abc import Sequence
from typing import Any

from benchmarks.process import ROOT
from benchmarks.report import Report
from console.reports.style import QUIET, SERIES, draw, styled

PICTURE = ROOT / "docs" / "images" / "report-times.svg"
PAGE = ROOT / "docs" / "report-times.md"
_GOAL_MS = 1000
_TITLE = "How long every view's standard question takes"


def write(report: Report, goals: str) -> None:
    """docs/report-times.md with its picture. `goals` says what the figures are held against."""
    values = [
        {"question": name, "touchpoints": touchpoints, "ms": figure.spread[1]}
        for figure in report.figures
        if figure.unit == "ms"
        for name, touchpoints in [figure.name.removesuffix(" touchpoints").rsplit(", ", 1)]
    ]
    draw(styled(_chart(values), _TITLE, "median milliseconds, by the number of touchpoints"), PICTURE)
    notes = "\n".join(f"- {note}" for note in report.notes)
    PAGE.write_text(
        f"# How long reports take\n\nWritten by `{report.command}` on {report.date}; run it to have your machine's own "
        f"figures.\n\n{goals}\n\n![{_TITLE}](images/{PICTURE.name})\n\nMachine: {report.machine}.\n\n"
        f"{report.table()}\n\n{notes}\n"
    )


def _chart(values: Sequence[dict[str, Any]]) -> dict[str, Any]:
    longest: dict[str, float] = {}
    for value in values:
        longest[value["question"]] = max(longest.get(value["question"], 0), value["ms"])
    y = {"field": "question", "type": "nominal", "title": None, "sort": sorted(longest, key=lambda one: -longest[one])}
    x = {"field": "ms", "type": "quantitative", "scale": {"type": "log"}, "title": "ms"}
    sizes = sorted({value["touchpoints"] for value in values}, key=len)
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

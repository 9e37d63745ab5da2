"""The curves of benchmarks.growth as a picture, light and dark by itself, and the page that shows it."""

import math
from collections.abc import Sequence
from pathlib import Path

from benchmarks.process import ROOT
from benchmarks.report import Report

PICTURE = ROOT / "docs" / "images" / "growth.svg"
PAGE = ROOT / "docs" / "growth.md"
Curve = Sequence[tuple[int, float]]
Panel = tuple[str, str, dict[int, Curve]]

_WIDTH, _HEIGHT, _COLUMNS = 460, 250, 2
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 20, 48, 38
_COLOURS = ("one", "two", "three")
_STYLE = """
text { font: 12px system-ui, sans-serif; fill: #52606d } .title { font-size: 14px; font-weight: 600; fill: #1f2933 }
.paper { fill: #ffffff } .rule { stroke: #e4e7eb } .line { fill: none; stroke-width: 2.25; stroke-linejoin: round }
.one { stroke: #0b7285; fill: #0b7285 } .two { stroke: #c2410c; fill: #c2410c }
.three { stroke: #6d28d9; fill: #6d28d9 }
text.one, text.two, text.three { stroke: none }
@media (prefers-color-scheme: dark) {
text { fill: #9aa5b1 } .title { fill: #e4e7eb } .paper { fill: #14181d } .rule { stroke: #2b333c }
.one { stroke: #3bc9db; fill: #3bc9db } .two { stroke: #fb923c; fill: #fb923c }
.three { stroke: #a78bfa; fill: #a78bfa }
text.one, text.two, text.three { stroke: none } }
"""


def draw(panels: Sequence[Panel], path: Path = PICTURE) -> None:
    """One panel for each (title, unit, number of touchpoints -> curve of (customers, value)); customers by tens."""
    rows = math.ceil(len(panels) / _COLUMNS)
    width, height = _WIDTH * _COLUMNS, _HEIGHT * rows + 34
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        'aria-label="Cost of a touchpoint, a customer, a restore and a sweep by the number of customers">',
        f"<style>{_STYLE}</style>",
        f'<rect class="paper" width="{width}" height="{height}" rx="8"/>',
    ]
    for number, panel in enumerate(panels):
        row, column = divmod(number, _COLUMNS)
        parts.append(f'<g transform="translate({column * _WIDTH},{row * _HEIGHT})">{_panel(panel)}</g>')
    parts.append(_legend(list(panels[0][2]), height - 14))
    path.write_text("\n".join([*parts, "</svg>\n"]))


def write_page(report: Report) -> None:
    """docs/growth.md: the picture, the table, and what was done."""
    notes = "\n".join(f"- {note}" for note in report.notes)
    PAGE.write_text(
        f"# Growth\n\nWritten by `{report.command}` on {report.date}; run it to have your machine's own figures.\n\n"
        "What each costs as customers become more. A level line means: twice the customers, twice the whole.\n\n"
        f"![Cost by the number of customers](images/{PICTURE.name})\n\n"
        f"Machine: {report.machine}.\n\n{report.table()}\n\n{notes}\n"
    )


def _panel(panel: Panel) -> str:
    title, unit, curves = panel
    sizes = [size for size, _ in next(iter(curves.values()))]
    top = _round_up(max(value for curve in curves.values() for _, value in curve))
    low, high = math.log10(sizes[0]), math.log10(sizes[-1])

    def place(size: int, value: float) -> tuple[float, float]:
        share = (math.log10(size) - low) / (high - low or 1)
        return (
            _LEFT + share * (_WIDTH - _LEFT - _RIGHT),
            _TOP + (1 - value / top) * (_HEIGHT - _TOP - _BOTTOM),
        )

    parts = [f'<text class="title" x="{_LEFT}" y="20">{title}</text><text x="{_LEFT}" y="37">{unit}</text>']
    for step in range(5):
        value = top * step / 4
        _, y = place(sizes[0], value)
        parts.append(f'<line class="rule" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:,.4g}</text>')
    for size in sizes:
        x, y = place(size, 0)
        anchor = "end" if size == sizes[-1] else "start" if size == sizes[0] else "middle"
        parts.append(f'<text x="{x:.1f}" y="{y + 18:.1f}" text-anchor="{anchor}">{size:,}</text>')
    for colour, curve in zip(_COLOURS, curves.values(), strict=False):
        places = [place(*point) for point in curve]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline class="line {colour}" style="fill:none" points="{points}"/>')
        parts += [f'<circle class="{colour}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in places]
    return "".join(parts)


def _legend(lengths: Sequence[int], y: int) -> str:
    parts = [f'<text x="{_LEFT}" y="{y}">customers, by touchpoints each:</text>']
    for number, (colour, length) in enumerate(zip(_COLOURS, lengths, strict=False)):
        x = _LEFT + 215 + number * 70
        parts.append(f'<circle class="{colour}" cx="{x}" cy="{y - 4}" r="4"/><text x="{x + 9}" y="{y}">{length}</text>')
    return "".join(parts)


def _round_up(value: float) -> float:
    """The next plain number, of which a quarter is plain too."""
    power: float = 10 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 4, 6, 8, 10) if step * power >= value)

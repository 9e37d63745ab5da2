"""How pictures look, and how they are made: Vega-Lite, drawn by vl-convert. In the console's colours."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

WIDTH = 640
TEXT, QUIET, LINE = "#161a21", "#586170", "#e1e4ea"
ACCENT, SOFT = "#2a56c6", "#c5d3f4"
TEAMS = {"marketing": "#7446cf", "sales": "#08796c"}
GOOD, BAD, OPEN = "#08796c", "#b3261e", "#b9c0cc"
# For what has no colour of its own: far apart also for who tells red from green badly.
SERIES = ["#2a56c6", "#d98200", "#08796c", "#b3417f", "#6c8fd9", "#8a6d3b", "#7446cf", "#586170"]
_FONT = "system-ui, 'Segoe UI', Helvetica, Arial, sans-serif"
_CONFIG: dict[str, Any] = {
    "background": "#ffffff",
    "font": _FONT,
    "view": {"stroke": None},
    "padding": 16,
    "title": {
        "anchor": "start", "frame": "group", "fontSize": 17, "fontWeight": 600, "color": TEXT, "subtitleColor": QUIET,
        "subtitleFontSize": 12, "subtitlePadding": 6, "offset": 16,
    },
    "axis": {
        "labelColor": QUIET, "titleColor": QUIET, "titleFontWeight": "normal", "labelFontSize": 12, "titleFontSize": 12,
        "gridColor": LINE, "domain": False, "ticks": False, "labelPadding": 8, "titlePadding": 10, "labelLimit": 220,
    },
    "axisY": {"labelColor": TEXT},
    "legend": {
        "orient": "top", "title": None, "labelColor": QUIET, "labelFontSize": 12, "symbolType": "square", "offset": 12,
    },
    "header": {"labelColor": TEXT, "labelFontSize": 12, "labelFontWeight": 600, "title": None, "labelAnchor": "start"},
    "text": {"font": _FONT, "fontSize": 12, "color": TEXT},
    "range": {"category": SERIES},
}  # fmt: skip


class NoChartsError(RuntimeError):
    """The package that draws is not installed."""


def styled(chart: Mapping[str, Any], title: str, subtitle: str) -> dict[str, Any]:
    """A whole specification: the chart with a title, what it shows in a line, and the product's style."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "config": _CONFIG,
        "title": {"text": title, "subtitle": subtitle},
        **chart,
    }


def draw(specification: Mapping[str, Any], to: Path) -> None:
    """Write an .svg, or an .html that needs no network. Raises NoChartsError, and ValueError for another ending."""
    if to.suffix not in {".svg", ".html"}:
        raise ValueError(f"{to.name}: a picture is an .svg or an .html")
    try:
        import vl_convert
    except ImportError:
        raise NoChartsError("pictures need another package: pip install 'throughline[charts]'") from None
    # The document as it is written: Decimals and times are plain by then.
    plain = _plain(specification)
    if to.suffix == ".svg":
        to.write_text(vl_convert.vegalite_to_svg(plain))
    else:
        to.write_text(vl_convert.vegalite_to_html(plain, bundle=True))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(inner) for inner in value]
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, datetime) else value

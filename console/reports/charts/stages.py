"""Pictures of how customers come through the stages."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from console.reports.charts.marks import DAY_MS, MOST_PANELS, Chart, labelled, ranges, squares
from console.reports.report import Row
from console.reports.style import WIDTH

_DARK_FROM = 0.55
_MOST_PIECES, _LEAST_CUSTOMERS = 12, 5


def funnel(rows: Sequence[Row]) -> Chart:
    """A bar per stage with the share that went on; of a split, one panel per value, the largest ones."""
    sizes: dict[Any, int] = {}
    for row in rows:
        sizes[row["value"]] = max(sizes.get(row["value"], 0), row["entered"])
    shown = sorted(sizes, key=lambda value: -sizes[value])[:MOST_PANELS]
    values = [
        {
            "panel": row["value"] or "(none)",
            "name": row["stage"],
            "size": row["entered"],
            "label": f"{row['entered']:,}" + _went_on(row["conversion"]),
        }
        for row in rows
        if row["value"] in shown
    ]
    if len(shown) == 1:
        return labelled(values)
    panel = labelled(values, WIDTH // 2 - 40)
    return {
        "data": panel.pop("data"),
        "facet": {"field": "panel", "type": "nominal", "sort": [each or "(none)" for each in shown]},
        "columns": 2,
        "spec": panel,
        "resolve": {"scale": {"x": "independent"}},
    }


def times(rows: Sequence[Row]) -> Chart:
    """From each stage to the next: the median as a point on the way to nine tenths, in days."""
    places = list(dict.fromkeys(stage for row in rows for stage in (row["from_stage"], row["to_stage"])))
    following = set(pairwise(places))
    values = [
        {
            "name": f"{row['from_stage']} → {row['to_stage']}",
            "half": row["p50_ms"] / DAY_MS,
            "most": row["p90_ms"] / DAY_MS,
            "label": f"{row['converted']:,} of {row['entered']:,}",
        }
        for row in rows
        if (row["from_stage"], row["to_stage"]) in following and row["p50_ms"] is not None
    ]
    return ranges(values, "days: median, to nine tenths")


def stages(rows: Sequence[Row]) -> Chart:
    """The age of those who are in each stage now, median to nine tenths, beside how many they are."""
    values = [
        {
            "name": row["stage"],
            "half": row["open_p50_ms"] / DAY_MS,
            "most": row["open_p90_ms"] / DAY_MS,
            "label": f"{row['open']:,} there",
        }
        for row in rows
        if row["open"]
    ]
    return ranges(values, "days so far: median, to nine tenths")


def content(rows: Sequence[Row]) -> Chart:
    """How many customers went on after meeting a piece of content, by the stage at which they met it.

    Who met it first of all went on by that: those are left out, and shares of a handful.
    """
    rows = [row for row in rows if row["stage"] and row["customers"] >= _LEAST_CUSTOMERS]
    sizes: dict[str, int] = {}
    for row in rows:
        sizes[row["content"]] = sizes.get(row["content"], 0) + row["customers"]
    shown = sorted(sizes, key=lambda piece: -sizes[piece])[:_MOST_PIECES]
    most = max((row["share"] or 0 for row in rows), default=0) or 1
    values = [
        {
            "name": row["content"],
            "stage": row["stage"],
            "share": row["share"],
            "label": f"{row['share']:.0%}",
            "dark": row["share"] / most > _DARK_FROM,
        }
        for row in sorted(rows, key=lambda row: -sizes[row["content"]])
        if row["content"] in shown and row["share"] is not None
    ]
    return {**squares(values, "stage", ("stage at which it was met", "")), "width": {"step": 90}}


def _went_on(conversion: float | None) -> str:
    return "" if conversion is None else f" · {conversion:.0%} went on"

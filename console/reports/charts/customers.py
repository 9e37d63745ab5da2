"""Pictures of customers over time: who stays, and which ways they took."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from console.reports.charts.marks import Chart, squares
from console.reports.report import Row
from console.reports.style import SERIES, TEXT

_DARK_FROM = 0.55
_MOST_STEPS, _MOST_MONTHS = 5, 12
# Of the customers who began: ways of fewer are thinner than a line.
_LEAST_SHARE = 0.004
_HEIGHT, _GAP, _COLUMN, _NODE = 380.0, 14.0, 150.0, 12.0
_SAMPLES = 14
_Place = tuple[int, str]


def cohorts(rows: Sequence[Row]) -> Chart:
    """The share of each month's new customers that came again, month after month."""
    most = max((row["retention"] for row in rows if row["months_since"] and row["retention"]), default=1)
    values = [
        {
            "name": f"{str(row['cohort'])[:7]}  ({row['customers']:,})",
            "month": row["months_since"],
            "share": row["retention"],
            "label": f"{row['retention']:.0%}",
            "dark": row["retention"] / most > _DARK_FROM,
        }
        for row in sorted(rows, key=lambda row: (str(row["cohort"]), row["months_since"]))
        if row["retention"] is not None and row["months_since"] <= _MOST_MONTHS
    ]
    return squares(values, "month", ("months since the first deal", "first deal in"))


def paths(rows: Sequence[Row]) -> Chart:
    """A Sankey diagram: a column per step, as high as customers came so far, and the ways between them."""
    began = sum(row["customers"] for row in rows if row["step"] == 1)
    links = [
        row
        for row in rows
        if row["to_stage"] and row["step"] <= _MOST_STEPS and row["customers"] >= began * _LEAST_SHARE
    ]
    sizes: defaultdict[_Place, float] = defaultdict(float)
    for row in links:
        sizes[row["step"], row["to_stage"]] += row["customers"]
    stages = sorted({stage for _, stage in sizes}, key=lambda stage: min(step for step, one in sizes if one == stage))
    places, scale = _placed(sizes)
    colours = {stage: SERIES[number % len(SERIES)] for number, stage in enumerate(stages)}
    nodes: list[dict[str, Any]] = [
        {
            "x": step * _COLUMN,
            "x2": step * _COLUMN + _NODE,
            "y": top,
            "y2": top + sizes[step, stage] * scale,
            "stage": stage,
            "label": f"{stage.replace('_', ' ')} {sizes[step, stage]:,.0f}",
        }
        for (step, stage), top in places.items()
    ]
    colour = {
        "field": "stage", "type": "nominal", "legend": None,
        "scale": {"domain": stages, "range": [colours[stage] for stage in stages]},
    }  # fmt: skip
    x, y = _axis("x"), {**_axis("y"), "scale": {"reverse": True, "nice": False, "zero": False}}
    return {
        "width": _COLUMN * max(step for step, _ in sizes),
        "height": _HEIGHT,
        "layer": [
            {
                "data": {"values": list(_ribbons(links, places, scale))},
                "mark": {"type": "area", "opacity": 0.32},
                "encoding": {"x": x, "y": y, "y2": {"field": "y2"}, "detail": {"field": "link"}, "color": colour},
            },
            {
                "data": {"values": nodes},
                "mark": {"type": "rect"},
                "encoding": {"x": x, "x2": {"field": "x2"}, "y": y, "y2": {"field": "y2"}, "color": colour},
            },
            {
                "data": {"values": nodes},
                "mark": {"type": "text", "align": "left", "baseline": "middle", "dx": 5, "fontSize": 11, "color": TEXT},
                "transform": [{"calculate": "(datum.y + datum.y2) / 2", "as": "middle"}],
                "encoding": {"x": _axis("x2"), "y": {**y, "field": "middle"}, "text": {"field": "label"}},
            },
        ],
    }


def _placed(sizes: dict[_Place, float]) -> tuple[dict[_Place, float], float]:
    """The top of each place, the largest of a step first; and pixels per customer."""
    columns: defaultdict[int, list[_Place]] = defaultdict(list)
    for place in sorted(sizes, key=lambda place: (place[0], -sizes[place], place[1])):
        columns[place[0]].append(place)
    scale = min(
        (_HEIGHT - _GAP * (len(column) - 1)) / sum(sizes[place] for place in column) for column in columns.values()
    )
    tops: dict[_Place, float] = {}
    for column in columns.values():
        top = 0.0
        for place in column:
            tops[place] = top
            top += sizes[place] * scale + _GAP
    return tops, scale


def _ribbons(links: Sequence[Row], tops: dict[_Place, float], scale: float) -> Iterator[dict[str, Any]]:
    """The outline of each way from a place to one of the next step, in samples from left to right."""
    left, right = dict(tops), dict(tops)
    order = sorted(
        (row for row in links if row["step"] > 1),
        key=lambda row: (tops[row["step"] - 1, row["from_stage"]], tops[row["step"], row["to_stage"]]),
    )
    for number, row in enumerate(order):
        start, end = (row["step"] - 1, row["from_stage"]), (row["step"], row["to_stage"])
        high = row["customers"] * scale
        for sample in range(_SAMPLES + 1):
            along = sample / _SAMPLES
            bend = along * along * (3 - 2 * along)
            y = left[start] + (right[end] - left[start]) * bend
            x = start[0] * _COLUMN + _NODE + along * (_COLUMN - _NODE)
            yield {"link": number, "stage": row["from_stage"], "x": x, "y": y, "y2": y + high}
        left[start] += high
        right[end] += high


def _axis(field: str) -> dict[str, Any]:
    return {"field": field, "type": "quantitative", "axis": None, "scale": {"nice": False, "zero": False}}

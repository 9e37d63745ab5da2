"""What the pictures are made of: labelled bars, ranges, shares of a whole."""

from collections.abc import Mapping, Sequence
from typing import Any

from console.reports.style import ACCENT, QUIET, SOFT, WIDTH

Chart = dict[str, Any]
DAY_MS = 86_400_000
MOST_BARS, MOST_PANELS = 15, 6
ROW = {"step": 30}
_BAR = {"height": {"band": 0.7}}


def labelled(values: Sequence[Mapping[str, Any]], width: int = WIDTH) -> Chart:
    """Horizontal bars in the order given: `name`, how long by `size`, and `label` behind."""
    y, x = names("name"), {**number("size"), "axis": None}
    return {
        "data": {"values": values},
        "width": width,
        "height": ROW,
        "layer": [
            {"mark": {"type": "bar", "color": ACCENT, "cornerRadiusEnd": 3, **_BAR}, "encoding": {"y": y, "x": x}},
            {
                "mark": {"type": "text", "align": "left", "dx": 6},
                "encoding": {"y": y, "x": x, "text": {"field": "label"}},
            },
        ],
    }


def ranges(values: Sequence[Mapping[str, Any]], title: str) -> Chart:
    """Per `name` a point at `half` and a line on to `most`, both days, with `label` behind."""
    y, half = names("name"), number("half", title)
    return {
        "data": {"values": values},
        "width": WIDTH - 120,
        "height": ROW,
        "layer": [
            {
                "mark": {"type": "bar", "color": SOFT, "cornerRadius": 3, "height": 8},
                "encoding": {"y": y, "x": half, "x2": {"field": "most"}},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 110, "color": ACCENT, "opacity": 1},
                "encoding": {"y": y, "x": half},
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 8, "color": QUIET},
                "encoding": {"y": y, "x": number("most", title), "text": {"field": "label"}},
            },
        ],
    }


def parts(
    values: Sequence[Mapping[str, Any]], colours: Mapping[str, str], labels: Sequence[Mapping[str, Any]], title: str
) -> Chart:
    """Per `name` a bar of `part`s, each `size` long, in their colours; `labels` have `name`, `size` and `label`."""
    y, order = names("name"), list(colours)
    placed = [{**value, "place": order.index(value["part"])} for value in values]
    scale = {"domain": order, "range": list(colours.values())}
    return {
        "width": WIDTH - 80,
        "height": ROW,
        "layer": [
            {
                "data": {"values": placed},
                "mark": {"type": "bar", **_BAR},
                "encoding": {
                    "y": y,
                    "x": {**number("size", title), "stack": "zero"},
                    "order": {"field": "place"},
                    "color": {"field": "part", "type": "nominal", "scale": scale},
                },
            },
            {
                "data": {"values": labels},
                "mark": {"type": "text", "align": "left", "dx": 6},
                "encoding": {"y": y, "x": number("size", title), "text": {"field": "label"}},
            },
        ],
    }


def beside(values: Sequence[Mapping[str, Any]], colours: Mapping[str, str], title: str) -> Chart:
    """Per `name` one bar beside the other, a `part` each, `size` long and labelled `label`."""
    order = list(colours)
    y, offset = names("name"), {"field": "part", "sort": order}
    scale = {"domain": order, "range": list(colours.values())}
    return {
        "data": {"values": values},
        "width": WIDTH - 60,
        "height": {"step": 15 if len(order) > 1 else 30},
        "layer": [
            {
                "mark": {"type": "bar", "cornerRadiusEnd": 2},
                "encoding": {
                    "y": y,
                    "yOffset": offset,
                    "x": number("size", title),
                    "color": {"field": "part", "type": "nominal", "scale": scale},
                },
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 6, "color": QUIET, "fontSize": 11},
                "encoding": {"y": y, "yOffset": offset, "x": number("size", title), "text": {"field": "label"}},
            },
        ],
    }


def squares(values: Sequence[Mapping[str, Any]], across: str, titles: tuple[str, str]) -> Chart:
    """A square per `name` and `across`, the darker the larger `share` (0 to 1), with `label` in it."""
    x = {
        "field": across,
        "type": "ordinal",
        "sort": None,
        "title": titles[0],
        "axis": {"orient": "top", "labelAngle": 0},
    }
    y = {"field": "name", "type": "ordinal", "sort": None, "title": titles[1]}
    return {
        "data": {"values": values},
        "width": {"step": 62},
        "height": ROW,
        "layer": [
            {
                "mark": {"type": "rect", "cornerRadius": 2, "stroke": "#ffffff", "strokeWidth": 2},
                "encoding": {
                    "x": x,
                    "y": y,
                    "color": {
                        "field": "share",
                        "type": "quantitative",
                        "scale": {"range": ["#eef2fc", ACCENT], "domainMin": 0},
                        "legend": None,
                    },
                },
            },
            {
                "mark": {"type": "text"},
                "encoding": {
                    "x": x,
                    "y": y,
                    "text": {"field": "label"},
                    "color": {"condition": {"test": "datum.dark", "value": "#ffffff"}, "value": "#161a21"},
                },
            },
        ],
    }


def names(field: str) -> Chart:
    """The vertical axis: texts in the order of the rows."""
    return {"field": field, "type": "nominal", "sort": None, "title": None}


def number(field: str, title: str | None = None) -> Chart:
    """The horizontal axis of a number, from 0."""
    return {"field": field, "type": "quantitative", "title": title, "axis": {"format": ",~r", "tickCount": 6}}

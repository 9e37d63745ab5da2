"""Pictures of deals: velocity, pipeline, quotas."""

from collections.abc import Sequence
from typing import Any

from console.reports.charts.marks import MOST_BARS, Chart, beside, labelled, names, number
from console.reports.report import Row
from console.reports.style import ACCENT, QUIET, SERIES, SOFT, TEXT, WIDTH


def velocity(rows: Sequence[Row]) -> Chart:
    """What is won a day, with the factors that it is made of."""
    shown = [row for row in rows if row["velocity"] is not None][:MOST_BARS]
    return labelled(
        [
            {
                "name": row["value"] or ("all" if len(rows) == 1 else "(nobody)"),
                "size": row["velocity"],
                "label": f"{row['velocity']:,.0f} a day = {row['open']:,} × {row['win_rate']:.0%} × "
                f"{row['average_deal']:,.0f} / {row['cycle_days']:,.0f} d",
            }
            for row in shown
        ],
        WIDTH - 160,
    )


def pipeline(rows: Sequence[Row]) -> Chart:
    """What is open by the month in which it should close, and the stage of its customers."""
    values = [
        {
            "month": str(row["closes_in"])[:7] if row["closes_in"] else "no date",
            "stage": row["stage"] or "(none)",
            "value": row["open_value"],
        }
        for row in sorted(rows, key=lambda row: str(row["closes_in"] or "9999"))
    ]
    return {
        "data": {"values": values},
        "width": {"step": 64},
        "height": 280,
        "mark": {"type": "bar"},
        "encoding": {
            "x": {
                "field": "month",
                "type": "ordinal",
                "sort": None,
                "title": "should close in",
                "axis": {"labelAngle": 0},
            },
            "y": {"field": "value", "type": "quantitative", "aggregate": "sum", "title": "open value"},
            "color": {"field": "stage", "type": "nominal", "scale": {"range": SERIES}},
        },
    }


def quota(rows: Sequence[Row]) -> Chart:
    """How much of each quota is reached, beside how much of the period is over."""
    values = [
        {
            "name": f"{row['quota'].replace('_', ' ')} ({row['team']}, {row['period']})",
            "reached": float(row["attainment"] or 0),
            "over": float(row["elapsed_share"] or 0),
            "label": f"{row['actual']:,.0f} of {row['amount']:,.0f}" + _pace(row["pace"]),
        }
        for row in rows
        if row["actual"] is not None
    ]
    y = names("name")
    x = {
        **number("reached", "share of the quota; the mark is the share of business days gone"),
        "axis": {"format": ".0%"},
    }
    return {
        "data": {"values": values},
        "width": WIDTH - 160,
        "height": {"step": 34},
        "layer": [
            {
                "mark": {"type": "bar", "color": "#eceef2", "height": {"band": 0.7}},
                "encoding": {"y": y, "x": {"datum": 1, "type": "quantitative"}},
            },
            {
                "mark": {"type": "bar", "color": ACCENT, "height": {"band": 0.4}},
                "encoding": {"y": y, "x": x},
            },
            {
                "mark": {"type": "tick", "color": TEXT, "thickness": 2, "height": 20},
                "encoding": {"y": y, "x": number("over")},
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 8, "color": QUIET},
                "transform": [{"calculate": "max(1, datum.reached)", "as": "end"}],
                "encoding": {"y": y, "x": number("end"), "text": {"field": "label"}},
            },
        ],
    }


def coverage(rows: Sequence[Row]) -> Chart:
    """What is under way beside what is missing."""
    return labelled(
        [
            {
                "name": f"{row['quota'].replace('_', ' ')} ({row['team']})",
                "size": row["coverage"] or 0,
                "label": "reached"
                if row["coverage"] is None
                else f"{row['coverage']:.1f} × what is missing ({row['open_pipeline']:,.0f} / {row['missing']:,.0f})",
            }
            for row in rows
        ],
        WIDTH - 120,
    )


def sourced(rows: Sequence[Row]) -> Chart:
    """What each team began, and what it had a part in: the two are never added up."""
    colours = {"sourced": ACCENT, "influenced": SOFT}
    values: list[dict[str, Any]] = [
        {
            "name": row["team"],
            "part": part,
            "size": row[f"{part}_value"],
            "label": f"{row[f'{part}_value']:,.0f} · {row[part]:,} opportunities",
        }
        for row in rows
        for part in colours
    ]
    return beside(values, colours, "value of opportunities created")


def _pace(pace: float | None) -> str:
    return "" if pace is None else f" · pace {pace:.2f}"

"""Pictures of what marketing costs and brings."""

from collections.abc import Sequence
from typing import Any

from console.reports.charts.marks import MOST_BARS, Chart, beside, labelled, parts
from console.reports.report import Row
from console.reports.style import GOOD, OPEN, SERIES, TEAMS


def attribution(rows: Sequence[Row]) -> Chart:
    """A bar of credit per value, the largest ones."""
    total = sum(row["credit"] for row in rows)
    return labelled(
        [
            {
                "name": row["value"],
                "size": row["credit"],
                "label": f"{row['credit']:,.0f}" + (f" · {row['credit'] / total:.0%}" if total else ""),
            }
            for row in rows[:MOST_BARS]
        ]
    )


def roi(rows: Sequence[Row]) -> Chart:
    """Cost and gross profit of each campaign, with the return."""
    colours = {"cost": OPEN, "gross profit": GOOD}
    values: list[dict[str, Any]] = []
    moving = [row for row in rows if row["cost"] or row["gross_profit"]]
    for row in sorted(moving, key=lambda row: -max(row["cost"], row["gross_profit"]))[:MOST_BARS]:
        back = "" if row["roi"] is None else f" · ROI {row['roi']:+.0%}"
        name, cost, profit = row["campaign"] or "(none)", row["cost"], row["gross_profit"]
        values += [
            {"name": name, "part": "cost", "size": cost, "label": f"{cost:,.0f}"},
            {"name": name, "part": "gross profit", "size": profit, "label": f"{profit:,.0f}{back}"},
        ]
    return beside(values, colours, "in the reporting currency")


def cac(rows: Sequence[Row]) -> Chart:
    """What was spent, by team, and what that is per new customer."""
    (row,) = rows
    values = [{"name": "cost", "part": team, "size": row[f"{team}_cost"]} for team in TEAMS]
    label = f"{row['new_customers']:,} new customers"
    if row["cac"] is not None:
        label = f"{row['cac']:,.0f} for each of {label}"
    return parts(values, TEAMS, [{"name": "cost", "size": row["cost"], "label": label}], "in the reporting currency")


def field(rows: Sequence[Row]) -> Chart:
    """Per event: whom it met, and how far these came."""
    colours = dict(zip(("customers", "leads", "mqls", "opportunities"), SERIES, strict=False))
    values = [
        {"name": row["campaign"] or "(none)", "part": part, "size": row[part], "label": f"{row[part]:,} {part}"}
        for row in rows[: MOST_BARS // 2]
        for part in colours
    ]
    return beside(values, colours, "customers")


def brand(rows: Sequence[Row]) -> Chart:
    """Reach of each channel, with its engagement."""
    return labelled(
        [
            {
                "name": row["channel"],
                "size": row["reach"],
                "label": f"{row['reach']:,} reached · {row['engagements']:,} engagements",
            }
            for row in rows
        ]
    )

"""Pictures of how the two teams work together: answers, leads, overlaps."""

from collections.abc import Mapping, Sequence

from console.output import span
from console.reports.charts.marks import MOST_BARS, Chart, labelled, parts
from console.reports.report import Row
from console.reports.style import BAD, GOOD, OPEN

_FAINT = "#e6e9ee"


def sla(rows: Sequence[Row]) -> Chart:
    """A clock's starts by what became of them, and its compliance."""
    colours = {"met": GOOD, "breached": BAD, "running": OPEN, "cancelled": _FAINT}
    values = [{"name": _clock(row), "part": part, "size": row[part]} for row in rows for part in colours]
    labels = [{"name": _clock(row), "size": row["started"], "label": _share(row["compliance"], "met")} for row in rows]
    return parts(values, colours, labels, "clocks started")


def speed(rows: Sequence[Row]) -> Chart:
    """Leads by whether their first genuine answer came within the limit."""
    colours = {"in the limit": GOOD, "late": BAD, "never answered": OPEN}
    (row,) = rows
    sizes = (row["in_limit"], row["answered"] - row["in_limit"], row["never_answered"])
    values = [{"name": "leads", "part": part, "size": size} for part, size in zip(colours, sizes, strict=True)]
    label = "" if row["p50_ms"] is None else f"median {span(row['p50_ms'])}"
    return parts(values, colours, [{"name": "leads", "size": row["leads"], "label": label}], "leads made")


def leads(rows: Sequence[Row]) -> Chart:
    """What became of the leads that marketing offered."""
    (row,) = rows
    return labelled(
        [
            _bar("offered", row["offered"]),
            _bar("accepted", row["accepted"], row["acceptance"], "of those offered"),
            _bar("rejected", row["rejected"]),
            _bar("recycled", row["recycled"], row["recycle_rate"], "of those accepted"),
            _bar("not answered in the limit", row["leaked"], row["leakage"], "of leads made"),
        ]
    )


def overlaps(rows: Sequence[Row]) -> Chart:
    """Customers with each kind of overlap, out of those whom both teams touched."""
    return labelled(
        [
            _bar((row["kind"] or "any").replace("_", " "), row["customers"], row["rate"], "of those touched by both")
            for row in sorted(rows, key=lambda row: (row["kind"] is not None, -row["customers"]))
        ]
    )


def quality(rows: Sequence[Row]) -> Chart:
    """How sales answered the leads, by what led to them."""
    colours = {"accepted": GOOD, "rejected": BAD}
    shown = [row for row in rows if row["answered"]][:MOST_BARS]
    values = [{"name": row["value"], "part": part, "size": row[part]} for row in shown for part in colours]
    labels = [
        {"name": row["value"], "size": row["answered"], "label": _share(row["acceptance"], "accepted")} for row in shown
    ]
    return parts(values, colours, labels, "leads answered")


def _clock(row: Row) -> str:
    return f"{row['name'].replace('_', ' ')} ({row['team']})"


def _bar(name: str, size: int, share: float | None = None, of: str = "") -> Mapping[str, object]:
    return {"name": name, "size": size, "label": f"{size:,}" + (f" · {share:.0%} {of}" if share is not None else "")}


def _share(share: float | None, what: str) -> str:
    return "" if share is None else f"{share:.0%} {what}"

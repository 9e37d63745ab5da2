"""What was found, for people: the answer of `throughline demo` at any width from 80 columns."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.columns import Columns
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from console import output
from console.questions.findings import Findings

Row = dict[str, Any]
_BAR, _WIDE, _HOUR_MS = 16, 100, 3_600_000


def render(found: Findings, order: Mapping[str, Sequence[str]], console: Console) -> None:
    """Print the findings; `order` gives each track's stages and detours in the policy's order."""
    now = datetime.now(UTC)
    console.print(f"[title]{found.touchpoints:,}[/] touchpoints of [title]{found.customers:,}[/] customers\n")
    bar = _BAR if console.width >= _WIDE else _BAR // 2
    tracks = [_stages(track, counts, order.get(track, ()), bar) for track, counts in found.stages.items()]
    console.print(Columns(tracks, padding=(0, 3)))
    for section in (_stalled, _overlaps, _handoffs, _rejected):
        console.print()
        section(found, console, now)


def _stages(track: str, counts: Mapping[str, int], order: Sequence[str], bar: int) -> RenderableType:
    names = [*(name for name in order if name in counts), *(name for name in counts if name not in order)]
    most = max(counts.values(), default=1)
    shown = output.table(track, "customers", "", right=("customers",))
    for name in names:
        width = max(1, round(counts[name] / most * bar))
        shown.add_row(name, f"{counts[name]:,}", f"[bar.complete]{'█' * width}[/]")
    return shown


def _stalled(found: Findings, console: Console, now: datetime) -> None:
    where = ", ".join(
        f"{count:,} in {stage}" for stage, count in sorted(found.stalled.items(), key=lambda item: -item[1])
    )
    console.print(f"[title]Stalled prospects[/]  {sum(found.stalled.values()):,}")
    if where:
        console.print(Padding(where, (0, 0, 1, 2)))
    if not found.stalled_top:
        return
    shown = output.table("who", "stage", "owner", "for", "since", right=("for",), flexible=("who",))
    for row in found.stalled_top:
        since = output.clock(row["since"])
        shown.add_row(_who(row), row["stage"], output.team(row["team"]), output.ago(row["since"], now), since)
    console.print(shown)


def _overlaps(found: Findings, console: Console, now: datetime) -> None:
    console.print("[title]Both teams at once[/]  overlaps by kind")
    shown = output.table("kind", "severity", "open", "seen", "customers", right=("open", "seen", "customers"))
    for row in found.overlaps:
        severe = f"[{row['severity']}]{row['severity']}[/]"
        shown.add_row(row["kind"], severe, str(row["open"]), str(row["seen"]), str(row["customers"]))
    console.print(shown)
    if not found.overlaps_top:
        return
    console.print()
    top = output.table(
        "worst open ones", "kind", "subject", "precedence", "last", right=("last",), flexible=("worst open ones",)
    )
    for row in found.overlaps_top:
        last = output.ago(row["last_at"], now)
        top.add_row(_who(row), row["kind"], row["subject"] or "-", output.team(row["precedence"]), f"{last} ago")
    console.print(top)


def _handoffs(found: Findings, console: Console, _: datetime) -> None:
    row = found.handoffs
    console.print(
        f"[title]Hand-offs[/]  {row['offered']:,} offered, {row['accepted']:,} accepted, "
        f"{row['rejected'] + row['handed_back']:,} rejected or handed back"
    )
    if row["accepted"]:
        median, p90 = output.span(row["median_ms"]), output.span(row["p90_ms"])
        business = f"{row['median_business_ms'] / _HOUR_MS:.1f} h, {row['p90_business_ms'] / _HOUR_MS:.0f} h"
        console.print(
            f"  offered to accepted: median [title]{median}[/], p90 {p90}  [quiet](business time {business})[/]"
        )
    console.print()
    console.print(_clocks(found.clocks))


def _clocks(clocks: list[Row]) -> Table:
    shown = output.table("response clock", "team", "met", "breached", "running", right=("met", "breached", "running"))
    for row in clocks:
        breached = f"[bad]{row['breached']}[/]" if row["breached"] else "0"
        shown.add_row(row["name"], output.team(row["team"]), str(row["met"]), breached, str(row["running"]))
    return shown


def _rejected(found: Findings, console: Console, _: datetime) -> None:
    told = ", ".join(f"{count} {reason.replace('_', ' ')}" for reason, count in found.rejected.items())
    console.print(f"[title]Rejected[/]  {told or 'nothing'}\n")


def _who(row: Row) -> Text:
    return output.fitting(row["who"] or row.get("customer_id", ""))

"""What a draft of the policy would change, for people: sums by kind, then whom it concerns."""

from typing import Any

from rich.console import Console
from rich.table import Table

from console import output

Row = dict[str, Any]
_TITLES = {
    "entered": "entries into a stage",
    "handoff": "hand-offs",
    "breached": "breached clocks",
    "overlap": "overlaps",
    "stalled": "stalls",
    "alert": "alerts",
}
_SHOWN_CHANGES = 3


def render(told: Row, console: Console, everything: bool, limit: int) -> None:
    """Print a comparison: what differs (everything: what does not, too), and the first `limit` customers."""
    draft, force = told["draft"], told["in_force"]
    since = f" since {output.clock(told['since'])}" if told["since"] else ""
    console.print(f"[title]{draft}[/] [quiet]instead of[/] {force}: {told['touchpoints']:,} touchpoints{since}")
    rows = [row for row in told["counts"] if everything or row["difference"]]
    console.print()
    console.print(_counts(rows, draft, force) if rows else "[good]nothing that is counted would change[/]")
    console.print()
    console.print(f"[title]{told['changed']:,}[/] of {told['customers']:,} customers and their accounts would differ")
    if told["customers_changed"] and limit:
        console.print()
        console.print(_customers(told["customers_changed"][:limit]))
    hidden = told["changed"] - limit
    if hidden > 0:
        console.print(f"{hidden:,} more are not shown (--limit); JSON has all.", style="quiet")


def _counts(rows: list[Row], draft: str, force: str) -> Table:
    shown = output.table("what", "", force, draft, "change", right=(force, draft, "change"), flexible=("",))
    before = ""
    for row in rows:
        title = _TITLES[row["kind"]] if row["kind"] != before else ""
        before = row["kind"]
        change = f"[title]{row['difference']:+,}[/]" if row["difference"] else "0"
        name = row["name"].replace("_", " ").replace(".", ": " if row["kind"] == "entered" else ".")
        shown.add_row(title, output.fitting(name), f"{row['before']:,}", f"{row['after']:,}", change)
    return shown


def _customers(customers: list[Row]) -> Table:
    shown = output.table("who", "would be", "and", flexible=("who", "and"))
    for one in customers:
        stages = ", ".join(
            f"{track}: {stage['before'] or '-'} → {stage['after'] or '-'}" for track, stage in one["stages"].items()
        )
        changes = one["changes"][:_SHOWN_CHANGES]
        told = ", ".join(f"{change['name']} {change['difference']:+}" for change in changes)
        more = f", {len(one['changes']) - _SHOWN_CHANGES} more" if len(one["changes"]) > _SHOWN_CHANGES else ""
        shown.add_row(output.fitting(one["who"] or one["customer_id"]), stages or "-", output.fitting(told + more))
    return shown

"""What a policy made of touchpoints, for people: each customer's moves, and what is open or was."""

from datetime import datetime
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from console import output
from journey.linking import MOST_IDENTIFIERS

Row = dict[str, Any]
_STATES = {"running": "medium", "met": "good", "breached": "bad", "cancelled": "quiet"}


def render(told: Row, console: Console, limit: int) -> None:
    """Print what `journey.trial.as_json` told; the first `limit` customers."""
    console.print(f"[quiet]policy[/] {told['policy']}   [quiet]as of[/] {output.clock(told['now'])}")
    for customer in told["customers"][:limit]:
        console.print()
        _customer(customer, told["now"], console)
    for conflict in told["conflicts"]:
        shared = conflict["shared"]
        why = (
            f"with it {conflict['refused']} would have more than {MOST_IDENTIFIERS} identifiers"
            if conflict["reason"] == "too_many"
            else f"{conflict['refused']} is somebody else"
        )
        console.print()
        console.print(
            f"[bad]identity conflict[/]  {escape(shared['value'])} ({shared['kind']}) stays with {conflict['kept_by']};"
            f" {why}"
        )
    hidden = len(told["customers"]) - limit
    more = f", {hidden} of them not shown (--limit)" if hidden > 0 else ""
    console.print()
    console.print(
        f"{_many(told['customers'], 'customer')}{more}, {_many(told['rejected'], 'line')} rejected.", style="quiet"
    )


def _many(rows: list[Row], word: str) -> str:
    return f"{len(rows)} {word}{'' if len(rows) == 1 else 's'}"


def _customer(customer: Row, now: datetime, console: Console) -> None:
    names = [escape(value) for values in customer["identifiers"].values() for value in values]
    console.rule(f"[title]{names[0] if names else customer['customer_id']}[/]", align="left", style="quiet")
    console.print("  ".join([*names[1:], customer["customer_id"]]), style="quiet", soft_wrap=True)
    owner, score = customer["owner"], customer["score"]
    actor = f" ({escape(owner['actor'])})" if owner["actor"] else ""
    persona = f", persona {customer['persona']}" if customer["persona"] else ""
    console.print(
        f"owned by {output.team(owner['team'])}{actor} since {output.clock(owner['since'])}, "
        f"fit {score['fit']:g}, engagement {score['engagement']:.1f}{persona}"
    )
    remarks = [f"{customer[name]} {said}" for name, said in _REMARKS.items() if customer[name]]
    if customer["corrected"]:
        remarks.append("history was corrected")
    if remarks:
        console.print(", ".join(remarks), style="quiet")
    for title, shown in _tables(customer, now):
        if shown.row_count:
            console.print(f"\n[title]{title}[/]")
            console.print(Padding(shown, (0, 0, 0, 2)))


_REMARKS = {"duplicates": "sent twice", "too_late": "too late for a correction in place, so all was folded anew"}


def _tables(customer: Row, now: datetime) -> list[tuple[str, Table]]:
    return [
        ("where", _where(customer["tracks"], now)),
        ("moves", _moves(customer["transitions"])),
        ("hand-offs", _handoffs(customer["handoffs"])),
        ("clocks", _clocks(customer["clocks"])),
        ("overlaps", _overlaps(customer["overlaps"])),
        ("stalled", _stalls(customer["stalled"], now)),
    ]


def _where(tracks: Row, now: datetime) -> Table:
    shown = output.table("track", "stage", "for", "furthest", "visits", right=("for",), flexible=("visits",))
    for track, at in tracks.items():
        visits = ", ".join(f"{stage} {count}" for stage, count in at["visits"].items())
        stayed = output.ago(at["entered_at"], max(now, at["entered_at"]))
        shown.add_row(track, f"[title]{at['stage']}[/]", stayed, at["furthest"] or "-", output.fitting(visits))
    return shown


def _moves(transitions: list[Row]) -> Table:
    shown = output.table("when", "track", "move", "from", "to", "by", flexible=("by",))
    for move in transitions:
        by = output.fitting(move["touchpoint"] or "time alone")
        shown.add_row(output.clock(move["at"]), move["track"], move["kind"], move["from"] or "-", move["to"], by)
    return shown


def _handoffs(handoffs: list[Row]) -> Table:
    shown = output.table("when", "what", "from", "to", "who", "after", right=("after",), flexible=("who",))
    for row in handoffs:
        who = output.fitting(" ".join(filter(None, (row["actor"], row["reason"] and f"({row['reason']})"))) or "-")
        teams = (output.team(row["from_team"]), output.team(row["to_team"]))
        shown.add_row(output.clock(row["at"]), row["kind"], *teams, who, output.span(row["latency_ms"]))
    return shown


def _clocks(clocks: list[Row]) -> Table:
    shown = output.table("clock", "team", "state", "due", "stopped")
    for row in clocks:
        state = f"[{_STATES[row['state']]}]{row['state']}[/]"
        times = (output.clock(row["due_at"]), output.clock(row["stopped_at"]))
        shown.add_row(row["name"], output.team(row["team"]), state, *times)
    return shown


def _overlaps(overlaps: list[Row]) -> Table:
    shown = output.table("overlap", "severity", "first", "opened", "status", flexible=("status",))
    for row in overlaps:
        what = f"{row['kind']}: {row['subject']}" if row["subject"] else row["kind"]
        status = output.fitting(f"{row['status']} by {row['resolution']}" if row["resolution"] else row["status"])
        severe, first = f"[{row['severity']}]{row['severity']}[/]", output.team(row["precedence"])
        shown.add_row(what, severe, first, output.clock(row["opened_at"]), status)
    return shown


def _stalls(stalls: list[Row], now: datetime) -> Table:
    shown = output.table("stage", "stands still by", "since", "for", "last touch", flexible=("last touch",))
    for row in stalls:
        what = row["kind"].replace("_", " ") + (", escalated" if row["escalated"] else "")
        last = output.fitting(row["last_counted"] or "-")
        shown.add_row(row["stage"], what, output.clock(row["since"]), output.ago(row["since"], now), last)
    return shown

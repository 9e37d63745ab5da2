"""One customer, for people: the answer of `throughline customer` at any width from 80 columns."""

from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from console import output

Row = dict[str, Any]
_MOST_SAID = 5


def render(told: Row, console: Console, limit: int) -> None:
    """Print what `questions.customer.story` told; the latest `limit` lines of the timeline."""
    now = datetime.now(UTC)
    _head(told, console)
    console.print()
    console.print(_tracks(told["tracks"], now))
    console.print()
    for line in _open(told, now):
        console.print(line)
    for line in _selling(told):
        console.print(line)
    console.print()
    console.print(_timeline(told["timeline"], limit))
    hidden = len(told["timeline"]) - limit
    if hidden > 0:
        console.print(f"{hidden} earlier ones are not shown (--limit).", style="quiet")


def _head(told: Row, console: Console) -> None:
    names = told["identifiers"]
    first = next((names[kind][0] for kind in ("email", "crm_id", "phone", "anonymous_id") if kind in names), "customer")
    account = f"  [quiet]of[/] {escape(told['account'])}" if told["account"] else ""
    console.print(f"[title]{escape(first)}[/]{account}")
    for kind, values in names.items():
        more = f" and {len(values) - 4} more" if len(values) > 4 else ""
        console.print(f"  [quiet]{kind:<13}[/]{escape(', '.join(values[:4]))}{more}", soft_wrap=True)
    console.print(f"  [quiet]{'customer_id':<13}[/]{told['customer_id']}")
    owner = told["owner"]
    if owner:
        actor = f" ({escape(owner['actor'])})" if owner["actor"] else ""
        console.print(
            f"  [quiet]{'owner':<13}[/]{output.team(owner['team'])}{actor} since {output.clock(owner['since'])}"
        )
    score = told["score"]
    if score:
        fits = f"{escape(told['persona'])}, " if told["persona"] else ""
        points = f"fit {score['fit']:g}, engagement {score['engagement']:g}"
        console.print(f"  [quiet]{'score':<13}[/]{fits}{points} [quiet]as of {output.clock(score['as_of'])}[/]")
    for team, touch in sorted(told["last_touch"].items()):
        by = f" by {escape(touch['actor'])}" if touch["actor"] else ""
        console.print(
            f"  [quiet]{'last touch':<13}[/]{output.team(team)} {touch['type']}{by}, {output.clock(touch['at'])}"
        )


def _tracks(tracks: Row, now: datetime) -> Table:
    shown = output.table("track", "stage", "for", "entered", "furthest", "visits", right=("for",))
    for track, position in tracks.items():
        visits = sum(position["visits"].values())
        shown.add_row(
            track,
            f"[title]{position['stage']}[/]",
            output.ago(position["entered_at"], now),
            output.clock(position["entered_at"]),
            position["furthest"] or "-",
            str(visits),
        )
    return shown


def _open(told: Row, now: datetime) -> list[str]:
    lines = [_stall(row) for row in told["stalled"]]
    lines += [_overlap(row) for row in told["overlaps"] + told["account_overlaps"] if row["status"] == "open"]
    lines += [line for row in told["clocks"] if (line := _clock(row, now))]
    return lines or ["[good]nothing is open[/]"]


def _stall(row: Row) -> str:
    escalated = ", escalated" if row["escalated_at"] else ""
    what = f"{row['kind'].replace('_', ' ')} in {row['stage']}"
    return f"[bad]stalled[/]  {what} since {output.clock(row['since'])}{escalated}"


def _overlap(row: Row) -> str:
    what = row["kind"] + (f" on {row['subject']}" if row["subject"] else "")
    rule = row["precedence_rule"].replace("_", " ")
    first = f"{output.team(row['precedence'])} first ({rule})"
    return f"[{row['severity']}]overlap[/]  {what}, {first}, last {row['last_at']:%Y-%m-%d}"


def _clock(row: Row, now: datetime) -> str | None:
    """A line for a clock that still asks for something."""
    if row["state"] == "running":
        left = output.span((row["due_at"] - now).total_seconds() * 1000)
        return f"[medium]clock[/]    {row['name']} of {output.team(row['team'])} is due in {left}"
    if row["state"] == "breached" and row["stopped_at"] is None:
        return f"[bad]clock[/]    {row['name']} of {output.team(row['team'])} was due {output.clock(row['due_at'])}"
    return None


def _selling(told: Row) -> list[str]:
    """A line for each deal, and for each of sales' answers: the latest ones."""
    lines = [_deal(row) for row in told["deals"][:_MOST_SAID]] + [
        _feedback(row) for row in told["feedback"][:_MOST_SAID]
    ]
    return ["", *lines] if lines else []


def _deal(row: Row) -> str:
    worth = f", {output.money(row['amount'], row['currency'])}" if row["amount"] is not None else ""
    closed = f", closed {output.clock(row['closed_at'])}" if row["closed_at"] else ""
    expected = f", expected {row['expected_close_at']:%Y-%m-%d}" if not closed and row["expected_close_at"] else ""
    again = f", reopened {row['reopened']}x" if row["reopened"] else ""
    return f"[quiet]deal[/]     {escape(row['deal'])} is [title]{row['status']}[/]{worth}{closed}{expected}{again}"


def _feedback(row: Row) -> str:
    why = f": {escape(row['reason'])}" if row["reason"] else ""
    rated = f" {row['rating']:g}" if row["rating"] is not None else ""
    led = " and ".join(escape(row[name]) for name in ("campaign", "content") if row[name])
    after = f", after {led}" if led else ""
    return f"[quiet]answer[/]   {row['disposition']}{rated}{why} {output.clock(row['at'])}{after}"


def _timeline(timeline: list[Row], limit: int) -> Table:
    shown = output.table("when", "team", "what", "about", "moved to", flexible=("about",))
    for entry in timeline[-limit:] if limit else timeline:
        about = entry.get("subject") or entry.get("content") or _detail(entry.get("properties") or {})
        moves = ", ".join(f"{move['to_stage']}" for move in entry["moves"])
        arrow = {"inbound": "<", "outbound": ">"}.get(entry.get("direction", ""), " ")
        shown.add_row(
            output.clock(entry["at"]),
            output.team(entry.get("team")),
            f"{arrow} {entry['type']}",
            output.fitting(about),
            moves,
        )
    return shown


def _detail(properties: Row) -> str:
    for name in ("path", "outcome", "reason", "rating", "form", "plan"):
        if name in properties:
            return str(properties[name])
    return ""

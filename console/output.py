"""How the command speaks: tables and words for people on stdout, JSON for scripts, progress and hints on stderr."""

import sys
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

import click
import msgspec
from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text
from rich.theme import Theme

THEME = Theme(
    {
        "marketing": "magenta",
        "sales": "cyan",
        "high": "bold red",
        "medium": "yellow",
        "low": "dim",
        "good": "green",
        "bad": "bold red",
        "title": "bold",
        "quiet": "dim",
        "bar.complete": "cyan",
        "bar.finished": "green",
    }
)

_ENCODER = msgspec.json.Encoder(enc_hook=str, decimal_format="number")

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")


def people() -> Console:
    """Where results go for people. Made at each call: a test may have replaced sys.stdout."""
    return Console(file=sys.stdout, theme=THEME, highlight=False)


def aside() -> Console:
    """Where progress and hints go: stderr."""
    return Console(file=sys.stderr, theme=THEME, highlight=False)


def print_json(value: Any) -> None:
    """One JSON document on stdout; times RFC 3339 in UTC, decimals as numbers."""
    click.echo(msgspec.json.format(encode(value), indent=2))


def encode(value: Any) -> bytes:
    """JSON of rows as ClickHouse gives them."""
    return _ENCODER.encode(_plain(value))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, dict):
        return {key if isinstance(key, str) else str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value


def instant(moment: datetime) -> str:
    """RFC 3339 in UTC, to the millisecond."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def table(*columns: str, right: tuple[str, ...] = (), flexible: tuple[str, ...] = ()) -> Table:
    """An empty table in the product's style. `right`: aligned there; `flexible`: shortened first where it is narrow."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1))
    for column in columns:
        justify: Literal["left", "right"] = "right" if column in right else "left"
        made.add_column(column, justify=justify, overflow="ellipsis", no_wrap=column not in flexible)
    return made


def block() -> Table:
    """An empty block of one row's names and values, each pair on a line."""
    made = Table.grid(padding=(0, 2))
    made.add_column(style="quiet")
    made.add_column(overflow="fold")
    return made


def fitting(text: str) -> Text:
    """A cell of a flexible column: one line, cut where there is no room."""
    return Text(text, no_wrap=True, overflow="ellipsis")


def progress(transient: bool = True) -> Progress:
    """A progress bar on stderr; nothing is drawn where stderr is no terminal."""
    console = aside()
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        TaskProgressColumn(),
        TextColumn("{task.fields[note]}", style="quiet"),
        TimeElapsedColumn(),
        console=console,
        transient=transient,
        disable=not console.is_terminal,
    )


def clock(moment: datetime | None) -> str:
    """A moment for people: date and minute in UTC."""
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "-"


def span(milliseconds: float | None) -> str:
    """A length of time in its two largest units: 3d 4h, 2h 05m, 40s."""
    if milliseconds is None:
        return "-"
    seconds = int(abs(milliseconds) // 1000)
    days, hours, minutes = seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60
    if days:
        return f"{days}d {hours}h" if days < 30 else f"{days}d"
    if hours:
        return f"{hours}h {minutes:02}m"
    return f"{minutes}m" if minutes else f"{seconds}s"


def ago(moment: datetime | None, now: datetime) -> str:
    """How long before `now`."""
    return "-" if moment is None else span((now - moment).total_seconds() * 1000)


def team(name: str | None) -> str:
    """A team's name in its colour."""
    return f"[{name}]{name}[/]" if name in {"marketing", "sales"} else name or "-"


def money(amount: Decimal | None, currency: str | None) -> str:
    """An amount for people."""
    return "" if amount is None else f"{amount:,.0f} {currency or ''}".strip()

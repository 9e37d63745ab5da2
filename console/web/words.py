"""How values are written on a page: numbers, spans, moments, names. Jinja filters, all pure."""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

_LABELS = {
    "mql": "MQL",
    "sal": "SAL",
    "sql": "SQL",
    "off_turf": "off turf",
    "double_owner": "two owners",
    "no_activity": "no activity",
    "no_progress": "no progress",
    "handed_back": "handed back",
    "crm_id": "CRM id",
    "anonymous_id": "browser",
    "email": "e-mail",
    "mql_routed": "MQL → routed",
    "mql_answered": "MQL → answered",
    "first_attempt": "accepted → first attempt",
    "two_way": "first attempt → two-way",
    "reoffer": "recycled → re-offered",
    "quote_answer": "quote → answer",
    "subject_owner": "owns the subject",
    "claim": "by claim",
    "not_a_touchpoint": "not a touchpoint",
    "not_json": "not JSON",
    "too_large": "too large",
    "future": "in the future",
    "past": "before 1900",
    "identifier": "no usable identifier",
    "framing": "foreign framing",
}


def label(name: str | None) -> str:
    """A name of ours in words for people."""
    return "–" if not name else _LABELS.get(name, name.replace("_", " "))


def number(value: float | None) -> str:
    """A count with thin spaces between thousands."""
    return "–" if value is None else f"{value:,.0f}".replace(",", "\u202f")


def percent(share: float | None) -> str:
    """A share of 1 as whole percent."""
    return "–" if share is None else f"{share * 100:.0f}\u202f%"


def span(milliseconds: float | None) -> str:
    """A length of time in its two largest units: 3 d 4 h, 2 h 5 min, 40 s; from ten days on in days."""
    if milliseconds is None or math.isnan(milliseconds):
        return "–"
    seconds = int(abs(milliseconds) // 1000)
    sizes = (("d", seconds // 86400), ("h", seconds // 3600 % 24), ("min", seconds // 60 % 60), ("s", seconds % 60))
    first = next((place for place, (_, count) in enumerate(sizes) if count), 3)
    shown = [f"{count}\u00a0{unit}" for unit, count in sizes[first : first + 2] if count]
    return " ".join(shown[:1] if first == 0 and sizes[0][1] >= 10 else shown) or "0\u00a0s"


def money(value: dict[str, str]) -> str:
    """An amount with thin spaces between thousands, two decimals at least, and its currency."""
    amount = Decimal(value["amount"]).normalize()
    decimals = max(2, -int(amount.as_tuple().exponent))
    return f"{amount:,.{decimals}f}".replace(",", "\u202f") + f"\u00a0{value['currency']}"


def moment(at: datetime | None) -> str:
    """Date and minute in UTC."""
    return "–" if at is None else f"{_aware(at):%Y-%m-%d\u00a0%H:%M}"


def day(at: datetime) -> str:
    """A date with its weekday, in UTC."""
    return f"{_aware(at):%a, %-d %b %Y}"


def clock(at: datetime) -> str:
    """The time of day in UTC."""
    return f"{_aware(at):%H:%M}"


def iso(at: datetime) -> str:
    """RFC 3339, for a time element's datetime."""
    return _aware(at).isoformat(timespec="seconds").replace("+00:00", "Z")


def since(at: datetime | None, now: datetime) -> str:
    """The span from `at` to `now`."""
    return "–" if at is None else span((now - _aware(at)).total_seconds() * 1000)


def share(part: float, whole: float) -> str:
    """A width for an SVG attribute: never invisible where there is something."""
    return "0%" if not part or not whole else f"{max(0.8, 100 * part / whole):.2f}%"


def _aware(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


FILTERS: dict[str, Callable[..., Any]] = {
    "label": label,
    "number": number,
    "percent": percent,
    "span": span,
    "money": money,
    "moment": moment,
    "day": day,
    "clock": clock,
    "iso": iso,
    "since": since,
    "share": share,
}

"""One customer's page: the story as the command prints it, arranged for the eye."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from console.analyst import Analyst
from console.questions.customer import story
from console.web.lifecycle import Track

Row = dict[str, Any]
SHOWN = 100
_TELLING = ("path", "form", "outcome", "reason", "rating", "plan", "title", "origin", "owner")
_ABSENT = dict.fromkeys(("team", "direction", "channel", "actor", "subject", "campaign", "content", "value"))


@dataclass(frozen=True)
class Step:
    """A stage on the customer's line: visited so often, is it the current one, the furthest."""

    name: str
    visits: int
    is_current: bool
    is_furthest: bool
    is_detour: bool


@dataclass(frozen=True)
class CustomerPage:
    """Everything on the page. `days` is the timeline, newest first: [(date, entries)]."""

    at: datetime
    name: str
    story: Row
    lines: dict[str, list[Step]]
    clocks: list[Row]
    overlaps: list[Row]
    days: list[tuple[datetime, list[Row]]]
    hidden: int


def customer_page(analyst: Analyst, customer_id: str, tracks: tuple[Track, ...], everything: bool) -> CustomerPage:
    """The page of a customer; `everything` shows the whole timeline instead of its newest part."""
    told = story(analyst, customer_id)
    timeline = list(reversed(told["timeline"]))
    shown = timeline if everything else timeline[:SHOWN]
    return CustomerPage(
        at=datetime.now(UTC),
        name=_name(told),
        story=told,
        lines={
            track.name: _steps(track, told["tracks"][track.name]) for track in tracks if track.name in told["tracks"]
        },
        clocks=[row for row in told["clocks"] if row["state"] == "running" or _is_missed(row)],
        overlaps=[row for row in told["overlaps"] + told["account_overlaps"] if row["status"] == "open"],
        days=[(day, list(entries)) for day, entries in groupby(map(_entry, shown), key=_day)],
        hidden=len(timeline) - len(shown),
    )


def _name(told: Row) -> str:
    identifiers = told["identifiers"]
    kinds = ("email", "crm_id", "phone", "anonymous_id")
    return next((identifiers[kind][0] for kind in kinds if identifiers.get(kind)), str(told["customer_id"]))


def _steps(track: Track, position: Row) -> list[Step]:
    known = [(stage.name, stage.is_detour) for stage in track.stages]
    if position["stage"] not in dict(known):
        known.append((position["stage"], True))
    return [
        Step(
            name,
            position["visits"].get(name, 0),
            name == position["stage"],
            name == position["furthest"],
            is_detour,
        )
        for name, is_detour in known
        if not is_detour or name == position["stage"] or position["visits"].get(name)
    ]


def _is_missed(row: Row) -> bool:
    return row["state"] == "breached" and row["stopped_at"] is None


def _entry(entry: Row) -> Row:
    properties = entry.get("properties") or {}
    detail = [(name, str(properties[name])) for name in _TELLING if name in properties]
    return {**_ABSENT, **entry, "detail": detail[:3]}


def _day(entry: Row) -> datetime:
    at: datetime = entry["at"]
    return at.replace(hour=0, minute=0, second=0, microsecond=0)

"""What a history came to, from its records alone: the brute-force side of every view's test. Knows no SQL.

Times are epoch milliseconds, amounts Decimal. Of each fact the newest version counts, unless it is taken back, or a
later `rebuilt` or `merge` fact of its customer says that it is void.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Row = dict[str, Any]
HOUR, DAY = 3_600_000, 86_400_000
# Currency, first day (UTC), euros for one unit. CHF has none.
RATES = [("USD", date(2025, 1, 1), Decimal("0.90000000")), ("USD", date(2026, 2, 3), Decimal("0.91234567")),
         ("GBP", date(2026, 2, 1), Decimal("1.17"))]  # fmt: skip
_READ = {"journey.touchpoints", "journey.facts", "identity.redirects"}
_STAYS = {"correction", "too_late", "merge", "rebuilt", "identity_conflict"}


def ms(text: Any) -> int:
    """Epoch milliseconds of an ISO time."""
    moment = text if isinstance(text, datetime) else datetime.fromisoformat(text)
    return round(moment.timestamp() * 1000)


def _plain(given: Row) -> Row:
    found = dict(given)
    for name, value in given.items():
        if isinstance(value, str) and (name.endswith("_at") or name in {"at", "since"}):
            found[name] = ms(value)
    return found


@dataclass
class World:
    """Touchpoints (first arrivals, by the customer of now) and the facts that stand, by kind."""

    touches: list[Row] = field(default_factory=list)
    facts: dict[str, list[Row]] = field(default_factory=dict)

    def of(self, kind: str) -> list[Row]:
        """The facts of a kind."""
        return self.facts.get(kind, [])

    def entries(self, track: str, stages: Sequence[str]) -> dict[str, list[tuple[int, int]]]:
        """Customer -> (at, rank from 1) of each time it entered a stage of the track, in order."""
        found: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        for move in self.of("transition"):
            if move["track"] == track and move["to_stage"] in stages:
                found[move["customer_id"]].append((move["at"], stages.index(move["to_stage"]) + 1))
        return {customer: sorted(moves) for customer, moves in found.items()}

    def moves(self, track: str) -> dict[str, list[Row]]:
        """Customer -> its moves on the track in order: of those at one instant by touchpoint, then by time alone."""
        found: defaultdict[str, list[Row]] = defaultdict(list)
        for move in self.of("transition"):
            if move["track"] == track:
                found[move["customer_id"]].append(move)
        return {who: sorted(moves, key=_turn) for who, moves in found.items()}


def _turn(move: Row) -> tuple[int, bool, str, str]:
    touch = move["touchpoint"] or {"source": "", "id": ""}
    return move["at"], move["touchpoint"] is None, touch["source"], touch["id"]


def world_of(records: Iterable[tuple[str, Sequence[Any]]], known: int | None = None) -> World:
    """The world that (topic, records) tell; only of what was told by `known`, where it is given."""
    raw: list[Row] = []
    told: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    owner: dict[str, tuple[int, str]] = {}
    for topic, some in records:
        for record in some:
            if topic not in _READ or any(name == "throughline-control" for name, _ in record.headers):
                continue
            given = json.loads(record.value, parse_float=Decimal)
            if topic == "journey.touchpoints":
                raw.append({**_plain(given), "derived": given.get("derived_id") or given["customer_id"]})
            elif topic == "journey.facts":
                told[given["customer_id"], given["id"]].append(_plain(given))
            elif topic == "identity.redirects":
                derived = given["derived_id"]
                owner[derived] = max((given["number"], given["customer_id"]), owner.get(derived, (0, "")))
    world = World()
    first: dict[tuple[str, str, str], Row] = {}
    for touch in raw:
        first.setdefault((touch["derived"], touch["source"], touch["id"]), touch)
    for touch in first.values():
        customer = touch["derived"] or ""
        touch["customer_id"] = owner.get(customer, (0, customer))[1]
        if known is None or touch["received_at"] <= known:
            world.touches.append(touch)
    world.facts = _standing(told, known)
    return world


def _standing(told: dict[tuple[str, str], list[Row]], known: int | None) -> dict[str, list[Row]]:
    newest: list[Row] = []
    void: dict[str, int] = {}
    for versions in told.values():
        heard = [one for one in versions if known is None or one["recorded_at"] <= known]
        for one in heard:
            if one["fact"] in {"merge", "rebuilt"}:
                void[one["customer_id"]] = max(void.get(one["customer_id"], 0), one["version"])
        if heard:
            newest.append(max(heard, key=lambda one: one["version"]))
    facts: defaultdict[str, list[Row]] = defaultdict(list)
    for one in newest:
        stands = one["fact"] in _STAYS or one["version"] >= void.get(one["customer_id"], 0)
        if stands and not one["deleted"]:
            facts[one["fact"]].append(one)
    return dict(facts)


def quantile(values: Sequence[float], level: float) -> float | None:
    """Linear between ranks; None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    place = level * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def ratio(part: float, whole: float) -> float | None:
    """None of nothing."""
    return part / whole if whole else None


def euros(amount: Any, currency: str | None, at: int) -> Decimal | None:
    """An amount in euros, to the cent, by the latest rate of the day of `at` (epoch ms); None where there is none."""
    if amount is None:
        return None
    day = datetime.fromtimestamp(at / 1000, UTC).date()
    rates = [rate for of, since, rate in sorted(RATES) if of == currency and since <= day]
    if currency != "EUR" and not rates:
        return None
    exact = Decimal(str(amount)) * (1 if currency == "EUR" else rates[-1])
    return exact.quantize(Decimal("0.01"), ROUND_HALF_UP)


def value_of(deal: Row) -> Decimal | None:
    """A deal's value in euros, by the day on which it closed, else was created, else was told of."""
    return euros(deal["amount"], deal["currency"], deal["closed_at"] or deal["created_at"] or deal["at"])

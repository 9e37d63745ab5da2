"""Conditions of a policy as trees: their nodes, and how they are built. journey/settling evaluates them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from journey.policy.condition import Amount, Condition, Match

if TYPE_CHECKING:
    from journey.touch import Touch

FIELDS: Final = ("type", "team", "channel", "direction", "subject", "campaign", "content", "actor", "source")
AMOUNT_SCALE: Final = 10_000


@dataclass(frozen=True)
class Const:
    """Always or never."""

    value: bool


TRUE: Final = Const(True)
FALSE: Final = Const(False)


@dataclass(frozen=True)
class FieldIs:
    """A field of the touchpoint is one of these values; a trailing `.*` stands for any ending."""

    field: str
    values: tuple[str, ...]

    def holds(self, value: str | None) -> bool:
        return value is not None and any(
            value == wanted or (wanted.endswith(".*") and value.startswith(wanted[:-1])) for wanted in self.values
        )


@dataclass(frozen=True)
class PropertyIs:
    """A property, by its dotted path, passes a test."""

    path: str
    test: "ValueTest"

    def holds(self, touch: "Touch") -> bool:
        return self.test.holds(property_of(touch.properties, self.path))


@dataclass(frozen=True)
class AmountIs:
    """The touchpoint has a value, in one of these currencies, between these ten-thousandths of a unit."""

    at_least: int | None
    at_most: int | None
    currencies: tuple[str, ...] | None

    @classmethod
    def of(cls, amount: Amount) -> "AmountIs":
        low, high = amount.at_least, amount.at_most
        return cls(
            None if low is None else round(low * AMOUNT_SCALE),
            None if high is None else round(high * AMOUNT_SCALE),
            None if amount.currency is None else tuple(amount.currency),
        )

    def holds(self, touch: "Touch") -> bool:
        amount = touch.amount
        return (
            amount is not None
            and (self.at_least is None or amount >= self.at_least)
            and (self.at_most is None or amount <= self.at_most)
            and (self.currencies is None or touch.currency in self.currencies)
        )


@dataclass(frozen=True)
class ValueTest:
    """Tests on one JSON value; all given ones must hold. An absent value passes none but `exists: false`."""

    equals: tuple[Any, ...] | None = None
    starts_with: str | None = None
    at_least: float | None = None
    at_most: float | None = None
    exists: bool | None = None

    @classmethod
    def of(cls, match: Match) -> "ValueTest":
        equals = match.one_of if match.one_of is not None else None if match.equals is None else [match.equals]
        return cls(
            None if equals is None else tuple(equals), match.starts_with, match.at_least, match.at_most, match.exists
        )

    def holds(self, value: Any) -> bool:
        if value is None:
            return self.exists is False
        if self.exists is False:
            return False
        if self.equals is not None and not any(_equal(value, wanted) for wanted in self.equals):
            return False
        if self.starts_with is not None and not (isinstance(value, str) and value.startswith(self.starts_with)):
            return False
        if self.at_least is None and self.at_most is None:
            return True
        number = _number(value)
        if number is None:
            return False
        return (self.at_least is None or number >= self.at_least) and (self.at_most is None or number <= self.at_most)


@dataclass(frozen=True)
class Counted:
    """This touchpoint is at least the n-th that fulfils `of`, within `within_ms` (0: ever). `counter` is its slot."""

    of: "Node"
    count: int
    within_ms: int
    counter: int


@dataclass(frozen=True)
class AbsentIs:
    """No touchpoint that fulfils `of` came before this one within `within_ms` (0: ever). `counter` has the last two."""

    of: "Node"
    within_ms: int
    counter: int


@dataclass(frozen=True)
class PersonaIs:
    """The persona, by its number in the policy, is one of these."""

    personas: frozenset[int]


@dataclass(frozen=True)
class ScoreIs:
    part: str
    test: ValueTest


@dataclass(frozen=True)
class StageIs:
    """The customer is in one of these places (indices) of the track now."""

    track: int
    places: frozenset[int]


@dataclass(frozen=True)
class FurthestIs:
    track: int
    stage: int


@dataclass(frozen=True)
class All:
    of: tuple["Node", ...]


@dataclass(frozen=True)
class Either:
    of: tuple["Node", ...]


@dataclass(frozen=True)
class Not:
    of: "Node"


Leaf = FieldIs | PropertyIs | AmountIs
Node = Const | Leaf | Counted | AbsentIs | PersonaIs | ScoreIs | StageIs | FurthestIs | All | Either | Not


def _equal(value: Any, wanted: Any) -> bool:
    return value == wanted and isinstance(value, bool) == isinstance(wanted, bool)


def _number(value: Any) -> float | None:
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None


def property_of(properties: dict[str, Any] | None, path: str) -> Any:
    """The value at a dotted path, a key with dots first; None where there is none."""
    if not properties:
        return None
    if path in properties or "." not in path:
        return properties.get(path)
    value: Any = properties
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


class Names:
    """What a condition may name: places of tracks, personas, and the counters that conditions share."""

    def __init__(self, places: dict[str, dict[str, int]], personas: Sequence[str] = ()) -> None:
        self.personas = {persona: index for index, persona in enumerate(personas)}
        self.tracks = {track: index for index, track in enumerate(places)}
        self.places = places
        self.counters: list[Counted] = []

    def counter(self, of: Node, count: int, within_ms: int) -> Counted:
        for known in self.counters:
            if (known.of, known.count, known.within_ms) == (of, count, within_ms):
                return known
        self.counters.append(Counted(of, count, within_ms, len(self.counters)))
        return self.counters[-1]


def build(condition: Condition, names: Names) -> Node:
    """The tree of a policy's condition. Names were checked when the policy was read."""
    static: list[Node] = []
    for field in FIELDS:
        wanted = getattr(condition, field)
        if wanted is not None:
            static.append(FieldIs(field, tuple(wanted)))
    static += [PropertyIs(path, ValueTest.of(match)) for path, match in condition.properties.items()]
    if condition.value is not None:
        static.append(AmountIs.of(condition.value))
    parts = list(static)
    if condition.count is not None:
        within_ms = condition.within.ms if condition.within else 0
        parts.append(names.counter(All(tuple(static)), condition.count, within_ms))
    if condition.absent is not None:
        of, within = build(condition.absent.when, names), condition.absent.within
        within_ms = within.ms if within else 0
        parts.append(AbsentIs(of, within_ms, names.counter(of, 2, within_ms).counter))
    if condition.persona is not None:
        parts.append(PersonaIs(frozenset(names.personas[persona] for persona in condition.persona)))
    parts += [ScoreIs(part, ValueTest.of(match)) for part, match in condition.score.items()]
    for track, stages in condition.stage.items():
        parts.append(StageIs(names.tracks[track], frozenset(names.places[track][stage] for stage in stages)))
    for track, stage in condition.furthest.items():
        parts.append(FurthestIs(names.tracks[track], names.places[track][stage]))
    parts += [build(part, names) for part in condition.all_of]
    if condition.any_of:
        parts.append(Either(tuple(build(part, names) for part in condition.any_of)))
    if condition.none_of is not None:
        parts.append(Not(build(condition.none_of, names)))
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def leaves(node: Node) -> Iterator[Leaf]:
    """Every test on the touchpoint itself."""
    match node:
        case FieldIs() | PropertyIs() | AmountIs():
            yield node
        case Counted() | AbsentIs() | Not():
            yield from leaves(node.of)
        case All() | Either():
            for part in node.of:
                yield from leaves(part)

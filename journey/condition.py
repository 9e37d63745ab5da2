"""Conditions of a policy as trees that are evaluated in two steps.

What depends on the touchpoint alone is settled once per kind of touchpoint (`specialise`); what is left depends on
the journey so far and becomes a small function (`compile`), most often none at all.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from journey.policy.document import Condition, Match

if TYPE_CHECKING:
    from journey.state import Head

FIELDS = ("type", "team", "channel", "direction", "subject", "campaign", "content", "actor", "source")
Test = Callable[["Head"], bool]


@dataclass(frozen=True)
class Const:
    """Always or never."""

    value: bool


TRUE, FALSE = Const(True), Const(False)


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


Node = Const | FieldIs | PropertyIs | Counted | ScoreIs | StageIs | FurthestIs | All | Either | Not
Known = Callable[[FieldIs | PropertyIs], bool | None]


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
    """What a condition may name: places of tracks, and the counters that conditions share."""

    def __init__(self, places: dict[str, dict[str, int]]) -> None:
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
            static.append(FieldIs(field, (wanted,) if isinstance(wanted, str) else tuple(wanted)))
    static += [PropertyIs(path, ValueTest.of(match)) for path, match in condition.properties.items()]
    parts = list(static)
    if condition.count is not None:
        within_ms = condition.within.ms if condition.within else 0
        parts.append(names.counter(All(tuple(static)), condition.count, within_ms))
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


def leaves(node: Node) -> Iterator[FieldIs | PropertyIs]:
    """Every test on the touchpoint itself."""
    match node:
        case FieldIs() | PropertyIs():
            yield node
        case Counted():
            yield from leaves(node.of)
        case All() | Either():
            for part in node.of:
                yield from leaves(part)
        case Not():
            yield from leaves(node.of)


def specialise(node: Node, known: Known) -> Node:
    """The tree with every known leaf settled; Const where nothing else is left."""
    match node:
        case FieldIs() | PropertyIs():
            value = known(node)
            return node if value is None else Const(value)
        case Counted():
            of = specialise(node.of, known)
            return FALSE if of == FALSE else Counted(of, node.count, node.within_ms, node.counter)
        case Not():
            of = specialise(node.of, known)
            return Const(not of.value) if isinstance(of, Const) else Not(of)
        case All():
            parts = [specialise(part, known) for part in node.of]
            if FALSE in parts:
                return FALSE
            left = tuple(part for part in parts if part != TRUE)
            return TRUE if not left else left[0] if len(left) == 1 else All(left)
        case Either():
            parts = [specialise(part, known) for part in node.of]
            if TRUE in parts:
                return TRUE
            left = tuple(part for part in parts if part != FALSE)
            return FALSE if not left else left[0] if len(left) == 1 else Either(left)
        case _:
            return node


def compile_test(node: Node) -> Test | bool:
    """A settled tree as True, False, or a function of the journey's head; the touchpoint's own leaves are gone."""
    match node:
        case Const(value):
            return value
        case Counted(_, count, within_ms, counter):
            return _counted(count, within_ms, counter)
        case ScoreIs(part, test):
            if part == "fit":
                return lambda head: test.holds(head.fit)
            return lambda head: test.holds(head.engagement)
        case StageIs(track, places):
            return lambda head: head.stays[track].place in places
        case FurthestIs(track, stage):
            return lambda head: head.stays[track].furthest >= stage
        case Not(of):
            inner = _function(of)
            return lambda head: not inner(head)
        case All(parts):
            return _all_of([_function(part) for part in parts])
        case Either(parts):
            return _any_of([_function(part) for part in parts])
        case FieldIs() | PropertyIs():
            raise ValueError(f"{node} is not settled")


def _function(node: Node) -> Test:
    test = compile_test(node)
    if isinstance(test, bool):
        return lambda head: test
    return test


def _all_of(tests: list[Test]) -> Test:
    def test(head: "Head") -> bool:
        for each in tests:  # noqa: SIM110 - a generator costs more than the tests themselves
            if not each(head):
                return False
        return True

    return test


def _any_of(tests: list[Test]) -> Test:
    def test(head: "Head") -> bool:
        for each in tests:  # noqa: SIM110
            if each(head):
                return True
        return False

    return test


def _counted(count: int, within_ms: int, counter: int) -> Test:
    def test(head: "Head") -> bool:
        times = head.counters[counter]
        return len(times) >= count and (not within_ms or times[-1] - times[-count] <= within_ms)

    return test

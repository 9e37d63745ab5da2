"""Conditions evaluated in two steps.

What depends on the touchpoint alone is settled once per kind of touchpoint (`specialise`); what is left depends on
the journey so far and becomes a small function (`compile_test`), most often none at all.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from journey.condition import (
    FALSE,
    TRUE,
    AbsentIs,
    All,
    AmountIs,
    Const,
    Counted,
    Either,
    FieldIs,
    FurthestIs,
    Leaf,
    Node,
    Not,
    PersonaIs,
    PropertyIs,
    ScoreIs,
    StageIs,
)

if TYPE_CHECKING:
    from journey.state import Head

Test = Callable[["Head"], bool]
Known = Callable[[Leaf], bool | None]


def specialise(node: Node, known: Known) -> Node:
    """The tree with every known leaf settled; Const where nothing else is left."""
    match node:
        case FieldIs() | PropertyIs() | AmountIs():
            value = known(node)
            return node if value is None else Const(value)
        case Counted():
            of = specialise(node.of, known)
            return FALSE if of == FALSE else Counted(of, node.count, node.within_ms, node.counter)
        case AbsentIs():
            return AbsentIs(specialise(node.of, known), node.within_ms, node.counter)
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
    """A settled tree as True, False, or a function of the journey's head.

    Raises ValueError where the touchpoint's own leaves are in it still.
    """
    return node.value if isinstance(node, Const) else _function(node)


def _function(node: Node) -> Test:
    match node:
        case Counted(_, count, within_ms, counter):
            return _counted(count, within_ms, counter)
        case AbsentIs(of, within_ms, counter):
            return _absent(of == TRUE, within_ms, counter)
        case PersonaIs(personas):
            return lambda head: head.persona in personas
        case ScoreIs(part, test):
            if part == "fit":
                return lambda head: test.holds(head.fit)
            # Points halved step by step are a hair off: 50 is to be 50, however many touchpoints came between.
            return lambda head: test.holds(round(head.engagement, 6))
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
        case _:
            raise ValueError(f"{node} is not settled")


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


def _absent(is_one: bool, within_ms: int, counter: int) -> Test:
    """`is_one`: this touchpoint fulfils the condition itself, and is counted already."""
    before = 2 if is_one else 1

    def test(head: "Head") -> bool:
        times = head.counters[counter]
        return len(times) < before or 0 < within_ms < head.last - times[-before]

    return test

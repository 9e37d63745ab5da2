"""What a condition saw when it was asked: each value that it tests, by name, for people who want to know why."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from journey.condition import (
    AMOUNT_SCALE,
    AbsentIs,
    All,
    AmountIs,
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
    property_of,
)
from journey.saying import instant
from journey.settling import compile_test, specialise

if TYPE_CHECKING:
    from journey.rules import Rules
    from journey.state import Head
    from journey.touch import Touch


def seen_by(node: Node, touch: "Touch", head: "Head", rules: "Rules") -> dict[str, Any]:
    """The values that a condition's tree looks at, by name: `type`, `properties.path`, `times in 7 days`, `fit`."""
    return dict(_seen(node, touch, head, rules))


def holds(node: Node, touch: "Touch", head: "Head") -> bool:
    """Whether a condition's tree holds for a touchpoint that the head has counted already."""

    def known(leaf: Leaf) -> bool:
        return leaf.holds(getattr(touch, leaf.field)) if isinstance(leaf, FieldIs) else leaf.holds(touch)

    test = compile_test(specialise(node, known))
    return test if isinstance(test, bool) else test(head)


def span(ms: int) -> str:
    """A length of time in the largest unit that says it exactly."""
    for unit, size in (("day", 86_400_000), ("hour", 3_600_000), ("minute", 60_000), ("second", 1000)):
        if ms and ms % size == 0:
            return f"{ms // size} {unit}" + ("" if ms == size else "s")
    return f"{ms} ms"


def _seen(node: Node, touch: "Touch", head: "Head", rules: "Rules") -> Iterator[tuple[str, Any]]:
    match node:
        case FieldIs(field):
            yield field, getattr(touch, field)
        case PropertyIs(path):
            yield f"properties.{path}", property_of(touch.properties, path)
        case AmountIs():
            yield "value", None if touch.amount is None else f"{touch.amount / AMOUNT_SCALE:.2f} {touch.currency}"
        case Counted():
            yield from _seen(node.of, touch, head, rules)
            yield _counted(head.counters[node.counter], node.count, node.within_ms)
        case AbsentIs():
            before = [at for at in head.counters[node.counter] if at < head.last]
            yield "the last such one before", instant(before[-1]) if before else None
        case PersonaIs():
            yield "persona", rules.persona_name(head)
        case ScoreIs(part):
            yield part, round(head.fit if part == "fit" else head.engagement, 2)
        case StageIs(track) | FurthestIs(track):
            yield _stage(track, isinstance(node, FurthestIs), head, rules)
        case All(parts) | Either(parts):
            for inner in parts:
                yield from _seen(inner, touch, head, rules)
        case Not():
            yield from _seen(node.of, touch, head, rules)


def _counted(times: list[int], needed: int, within_ms: int) -> tuple[str, str]:
    """A counter keeps no more than it needs."""
    inside = [at for at in times if not within_ms or times[-1] - at <= within_ms]
    name = f"times in {span(within_ms)}" if within_ms else "times ever"
    return name, f"{len(inside)}{' or more' if len(inside) >= needed else ''} of {needed} needed"


def _stage(index: int, furthest: bool, head: "Head", rules: "Rules") -> tuple[str, str | None]:
    track, stay = rules.tracks[index], head.stays[index]
    place = stay.furthest if furthest else stay.place
    return f"{'furthest stage' if furthest else 'stage'} of {track.name}", track.places[
        place
    ].name if place >= 0 else None

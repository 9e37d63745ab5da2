"""Rules of a policy that can never decide anything, and places that nothing leads to."""

from collections.abc import Iterator, Sequence
from typing import Any

from journey.condition import FIELDS
from journey.policy.condition import Condition
from journey.policy.document import Policy
from journey.policy.lifecycle import Track
from journey.policy.mistake import Found, Path
from journey.policy.routing import Route
from journey.policy.walk import conditions

_ALWAYS = Condition()
# What an `absent`, a quota and a credited touch may ask: the touchpoint alone.
_OF_THE_JOURNEY = ("count", "absent", "persona", "score", "stage", "furthest")


def unreachable(policy: Policy) -> Found:
    """Everything that can never come to pass, whatever touchpoints there are."""
    for name, track in policy.tracks.items():
        yield from _stages(("tracks", name), track)
        yield from _detours(("tracks", name), track)
        regress = [(rule.when, tuple(sorted(rule.from_stages))) for rule in track.regress]
        yield from _after_another(("tracks", name, "regress"), regress)
    moves = [(move.when, ()) for move in policy.owners.moves]
    yield from _after_another(("owners", "moves"), moves)
    yield from _personas(policy)
    yield from _routes(policy.alerts.routes)
    for path, condition in conditions(policy):
        yield from _never(path, condition)
        yield from _scores(path, condition, policy)
        if condition.absent is not None:
            yield from _touchpoint_alone((*path, "absent", "when"), condition.absent.when)
    for index, quota in enumerate(policy.quotas):
        if quota.when is not None:
            yield from _touchpoint_alone(("quotas", index, "when"), quota.when)
    yield from _touchpoint_alone(("attribution", "credited"), policy.attribution.credited)
    if policy.attribution.position.lead or policy.attribution.position.opportunity:
        yield ("attribution", "position"), "position has shares for first, middle and last; w_shaped has the others"


def _stages(path: Path, track: Track) -> Found:
    led_to = {rule.to for rule in track.regress}
    led_to |= {back.to for detour in track.detours for back in detour.back if back.to}
    rules = [(index, stage.stage, rule) for index, stage in enumerate(track.stages) for rule in stage.enter]
    for index, stage in enumerate(track.stages):
        here = (*path, "stages", index)
        if not stage.enter and stage.stage not in led_to:
            yield here, f"nothing ever enters {stage.stage!r}; add enter: with a condition"
        yield from _one_of_these((*here, "enter"), stage.enter)
        for number, rule in enumerate(stage.enter):
            above = next((name for place, name, other in rules if place > index and other in (rule, _ALWAYS)), None)
            if above is not None:
                yield (*here, "enter", number), f"what fulfils this enters {above!r}, further up, instead; remove one"


def _one_of_these(path: Path, alternatives: Sequence[Condition]) -> Found:
    """Conditions of which any suffices, in any order."""
    for number, rule in enumerate(alternatives):
        if rule != _ALWAYS and _ALWAYS in alternatives:
            yield (*path, number), "never decides anything: {} beside it holds always; remove one of them"
        elif rule in alternatives[:number]:
            first = alternatives.index(rule) + 1
            yield (*path, number), f"says the same as number {first}; remove one of them"


def _detours(path: Path, track: Track) -> Found:
    stages: dict[str, str] = {}
    rules: list[Condition] = []
    for index, detour in enumerate(track.detours):
        here = (*path, "detours", index)
        if not detour.when and detour.after is None:
            yield here, f"nothing ever leads to {detour.detour!r}; add when, or after"
        yield from _one_of_these((*here, "when"), detour.when)
        for number, rule in enumerate(detour.when):
            if rule == _ALWAYS:
                yield (*here, "when", number), "every touchpoint leads here: nobody can be in a stage; say which ones"
            elif rule in rules:
                yield (*here, "when", number), "a detour above is entered by the same; remove one of them"
        rules += detour.when
        for stage in detour.after.stages if detour.after else []:
            if stage in stages:
                told = f"{stage!r} is left for {stages[stage]!r} by time already; a stage has one such way"
                yield (*here, "after", "stages"), told
            stages[stage] = detour.detour
        backs = [(back.when, () if back.stages is None else tuple(sorted(back.stages))) for back in detour.back]
        yield from _after_another((*here, "back"), [(when, where) for when, where in backs])


def _after_another(path: Path, rules: Sequence[tuple[Condition, tuple[str, ...]]]) -> Found:
    """Rules of which the first that holds decides; each with the places that it is for, () for all."""
    for number, (rule, places) in enumerate(rules):
        for earlier, (other, others) in enumerate(rules[:number]):
            if other in (rule, _ALWAYS) and (others == places or set(places) < set(others)):
                yield (*path, number), f"never decides anything: number {earlier + 1} holds first; swap or remove them"
                break


def _personas(policy: Policy) -> Found:
    for index, persona in enumerate(policy.personas):
        for earlier in policy.personas[:index]:
            if {} in earlier.when or any(entry in earlier.when for entry in persona.when):
                told = f"{earlier.persona!r} fits first; put {persona.persona!r} above it, or tell them apart"
                yield ("personas", index), told
                break


def _routes(routes: Sequence[Route]) -> Found:
    for index, route in enumerate(routes):
        for earlier in routes[:index]:
            if all(_covers(getattr(earlier, name), getattr(route, name)) for name in ("type", "severity", "team")):
                yield ("alerts", "routes", index), f"no alert comes this far: {earlier.route!r} takes them; swap them"
                break


def _covers(wider: Sequence[str] | None, narrower: Sequence[str] | None) -> bool:
    if wider is None:
        return True
    if narrower is None:
        return False
    return all(
        any(name == each or (each.endswith(".*") and name.startswith(each[:-1])) for each in wider) for name in narrower
    )


def _never(path: Path, condition: Condition) -> Found:
    """A condition whose parts ask for different values of one field."""
    together = list(_together(condition))
    for field in (*FIELDS, "persona"):
        wanted = [getattr(one, field) for one in together if getattr(one, field) is not None]
        if len(wanted) > 1 and not any(_shared(value, wanted) for value in wanted[0]):
            yield path, f"can never hold: {field} cannot be {' and '.join(map(_listed, wanted))}; use any, or one list"
    if condition.none_of == _ALWAYS:
        yield (*path, "not"), "can never hold: not {} is never true; remove it, or say what must not be"


def _together(condition: Condition) -> Iterator[Condition]:
    yield condition
    for part in condition.all_of:
        yield from _together(part)


def _shared(value: str, wanted: Sequence[list[str]]) -> bool:
    """Whether a value can be one of each list; a pattern is taken to be."""
    return value.endswith("*") or all(
        any(value == other or other.endswith("*") for other in others) for others in wanted
    )


def _listed(values: list[str]) -> str:
    return " or ".join(values)


def _scores(path: Path, condition: Condition, policy: Policy) -> Found:
    most: dict[str, float] = {"fit": sum(max(0.0, points.points) for points in policy.score.fit)}
    if not any(points.points > 0 for points in policy.score.engagement.points):
        most["engagement"] = 0.0
    for part, test in condition.score.items():
        if part in most and test.at_least is not None and test.at_least > most[part]:
            yield (*path, "score", part), f"can never hold: {part} is {most[part]:g} at most; lower it, or add points"


def _touchpoint_alone(path: Path, condition: Condition) -> Found:
    for name in _OF_THE_JOURNEY:
        given: Any = getattr(condition, name)
        if given not in (None, {}):
            yield (*path, name), f"{name} is about the journey; here only the touchpoint itself can be asked"
    for alias, inner in (("all", condition.all_of), ("any", condition.any_of)):
        for number, part in enumerate(inner):
            yield from _touchpoint_alone((*path, alias, number), part)
    if condition.none_of is not None:
        yield from _touchpoint_alone((*path, "not"), condition.none_of)

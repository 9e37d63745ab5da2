"""A policy file read: every error with its line, its column and what to do; nothing half-applied."""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError

from journey.calendar import Calendar
from journey.policy.document import Condition, Entering, Policy

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Mistake:
    """One thing wrong in a policy file. Line and column count from 1."""

    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        return f"line {self.line}, column {self.column}: {where}{self.message}"


class PolicyError(Exception):
    """The file is no policy; `mistakes` has every reason."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = mistakes


def read(text: str) -> Policy:
    """The policy in a YAML text. Raises PolicyError with every mistake found."""
    try:
        tree = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise PolicyError([Mistake(line, column, "", f"not YAML: {error.problem}")]) from None
    if not isinstance(tree, CommentedMap):
        raise PolicyError([Mistake(1, 1, "", "a policy is a mapping; begin with `policy: NAME`")])
    try:
        policy = Policy.model_validate(_plain(tree))
    except ValidationError as error:
        raise PolicyError(_form_mistakes(error, tree)) from None
    mistakes = [_at(tree, path, message) for path, message in _unsound(policy)]
    if mistakes:
        raise PolicyError(mistakes)
    return policy


def _plain(node: Any) -> Any:
    if isinstance(node, CommentedMap):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, CommentedSeq):
        return [_plain(value) for value in node]
    return node


def _form_mistakes(error: ValidationError, tree: CommentedMap) -> list[Mistake]:
    mistakes = []
    for detail in error.errors(include_url=False):
        path = tuple(part for part in detail["loc"] if not (isinstance(part, str) and part.startswith("function-")))
        message = detail["msg"].removeprefix("Value error, ")
        if detail["type"] == "extra_forbidden":
            message = _unknown_field(str(path[-1]), tree, path)
        elif "input" in detail and not isinstance(detail["input"], dict | list):
            message = f"{message}; it is {detail['input']!r}"
        mistakes.append(_at(tree, path, message))
    return mistakes


def _unknown_field(name: str, tree: CommentedMap, path: Path) -> str:
    fields = _FIELDS
    near = difflib.get_close_matches(name, fields, 1)
    hint = f"; did you mean {near[0]!r}?" if near else "; remove it"
    return f"unknown field {name!r}{hint}"


def _model_fields() -> list[str]:
    from journey.policy import document

    names = set()
    for model in vars(document).values():
        if isinstance(model, type) and issubclass(model, document.Part):
            names |= {field.alias or name for name, field in model.model_fields.items()}
    return sorted(names)


_FIELDS = _model_fields()


def _at(tree: CommentedMap, path: Path, message: str) -> Mistake:
    line, column, node = 0, 0, tree
    walked: list[str] = []
    for part in path:
        walked.append(str(part))
        try:
            if isinstance(node, CommentedMap) and part in node:
                line, column = node.lc.key(part)
                node = node[part]
            elif isinstance(node, CommentedSeq) and isinstance(part, int):
                line, column = node.lc.item(part)
                node = node[part]
        except (KeyError, IndexError, AttributeError):
            break
    return Mistake(line + 1, column + 1, ".".join(walked), message)


def _unsound(policy: Policy) -> Iterator[tuple[Path, str]]:
    """What the form allows and the meaning does not: names that name nothing."""
    yield from _calendars(policy)
    places = {
        name: [stage.stage for stage in track.stages] + [detour.detour for detour in track.detours]
        for name, track in policy.tracks.items()
    }
    for name, track in policy.tracks.items():
        doubled = {place for place in places[name] if places[name].count(place) > 1}
        for place in sorted(doubled):
            yield ("tracks", name), f"{place!r} stands twice; a place of a track needs a name of its own"
        stages = [stage.stage for stage in track.stages]
        for index, detour in enumerate(track.detours):
            here: Path = ("tracks", name, "detours", index)
            yield from _known((*here, "after", "stages"), detour.after.stages if detour.after else [], stages, "stage")
            for number, back in enumerate(detour.back):
                yield from _known((*here, "back", number, "stages"), back.stages or [], stages, "stage")
                yield from _known((*here, "back", number, "to"), [back.to] if back.to else [], stages, "stage")
        for index, regress in enumerate(track.regress):
            here = ("tracks", name, "regress", index)
            yield from _known((*here, "from"), regress.from_stages, stages, "stage")
            yield from _known((*here, "to"), [regress.to], stages, "stage")
        for index, stage in enumerate(track.stages):
            team = [stage.team] if stage.team else []
            yield from _known(("tracks", name, "stages", index, "team"), team, policy.teams, "team")
    personas = [persona.persona for persona in policy.personas]
    for path, condition in _conditions(policy):
        yield from _known((*path, "persona"), condition.persona or [], personas, "persona")
        for track_name, wanted in condition.stage.items():
            yield from _known((*path, "stage"), [track_name], list(places), "track")
            yield from _known((*path, "stage", track_name), wanted, places.get(track_name, wanted), "stage or detour")
        for track_name, reached in condition.furthest.items():
            yield from _known((*path, "furthest"), [track_name], list(places), "track")
            known = places.get(track_name, [reached])
            yield from _known((*path, "furthest", track_name), [reached], known, "stage")
    yield from _entering(("owners", "offered_on"), policy.owners.offered_on, places)
    for index, clock in enumerate(policy.clocks):
        yield from _entering(("clocks", index, "start", "enter"), clock.start.enter, places)
        yield from _entering(("clocks", index, "stop", "leave"), clock.stop.leave, places)
        yield from _known(("clocks", index, "team"), [clock.team], policy.teams, "team")
        earlier = [other.clock for other in policy.clocks[:index]]
        stopped = [clock.start.stopped] if clock.start.stopped else []
        yield from _known(("clocks", index, "start", "stopped"), stopped, earlier, "clock above this one")
        if clock.limit.business and clock.calendar is None:
            yield ("clocks", index, "limit"), "business time needs a calendar; add calendar: NAME"
        yield from _known(
            ("clocks", index, "calendar"),
            [clock.calendar] if clock.calendar else [],
            list(policy.calendars),
            "calendar",
        )
    if policy.feedback is not None:
        yield from _entering(("feedback", "lead"), policy.feedback.lead, places)
        led_by = [policy.feedback.led_by] if policy.feedback.led_by else []
        yield from _known(("feedback", "led_by"), led_by, policy.teams, "team")
    yield from _subjects(policy, places)


def _subjects(policy: Policy, places: dict[str, list[str]]) -> Iterator[tuple[Path, str]]:
    subjects, teams = policy.subjects, [*policy.teams, "owner"]
    yield from _known(("subjects", "track"), [subjects.track], list(places), "track")
    if "else" not in subjects.in_detour:
        yield ("subjects", "in_detour"), "say who owns all other subjects in a detour; add else: TEAM"
    for subject, team in subjects.in_detour.items():
        yield from _known(("subjects", "in_detour", subject), [team], teams, "team")
    for subject, turfs in subjects.owners.items():
        for index, turf in enumerate(turfs):
            here: Path = ("subjects", "owners", subject, index)
            yield from _known((*here, "team"), [turf.team], teams, "team")
            start = [turf.start] if turf.start else []
            yield from _known((*here, "from"), start, places.get(subjects.track, start), "stage")
    yield from _known(("subjects", "watched"), subjects.watched, list(subjects.owners), "subject with an owner")
    yield from _known(("owners", "first"), [policy.owners.first], policy.teams, "team")
    yield from _known(("owners", "calendar"), [policy.owners.calendar], list(policy.calendars), "calendar")
    for index, move in enumerate(policy.owners.moves):
        yield from _known(("owners", "moves", index, "to"), [move.to], [*policy.teams, "properties.team"], "team")
    missing = {"subject", "conflict", "off_turf", "double_owner", "pressure", "account"} - set(policy.overlaps.severity)
    if missing:
        yield ("overlaps", "severity"), f"give a severity to {', '.join(sorted(missing))}: low, medium or high"


def _calendars(policy: Policy) -> Iterator[tuple[Path, str]]:
    for name, calendar in policy.calendars.items():
        try:
            Calendar(calendar.zone, calendar.hours, calendar.holidays)
        except (ValueError, KeyError, OSError) as error:
            yield ("calendars", name), str(error)


def _entering(path: Path, entering: Entering | None, places: dict[str, list[str]]) -> Iterator[tuple[Path, str]]:
    if entering is not None:
        yield from _known((*path, "track"), [entering.track], list(places), "track")
        known = places.get(entering.track, [entering.stage])
        yield from _known((*path, "stage"), [entering.stage], known, "stage or detour")


def _known(path: Path, names: Sequence[str], known: Sequence[str], what: str) -> Iterator[tuple[Path, str]]:
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"it is one of {', '.join(known) or 'none'}"
            yield path, f"{name!r} is no {what}; {hint}"


def _conditions(policy: Policy) -> Iterator[tuple[Path, Condition]]:
    yield from _inside((), policy)


def _inside(path: Path, node: Any) -> Iterator[tuple[Path, Condition]]:
    if isinstance(node, Condition):
        yield path, node
    if hasattr(node, "model_fields_set"):
        for name, field in type(node).model_fields.items():
            yield from _inside((*path, field.alias or name), getattr(node, name))
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from _inside((*path, key), value)
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _inside((*path, index), value)

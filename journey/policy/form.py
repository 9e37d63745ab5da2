"""The form of a policy: each field that is missing, unknown or wrong; and what of a broken file can be judged yet."""

from collections.abc import Iterator
from copy import deepcopy
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from journey.policy.document import Policy
from journey.policy.mistake import Path, meant

_TRIES = 100
_WORDS = {
    "list_type": "write a list, each entry behind a dash or in brackets",
    "dict_type": "write name: value pairs",
    "model_type": "write name: value pairs",
    "model_attributes_type": "write name: value pairs",
    "string_type": "write a text; in quotes where it looks like a number",
    "int_type": "write a whole number",
    "int_parsing": "write a whole number",
    "int_from_float": "write a whole number",
    "float_type": "write a number",
    "float_parsing": "write a number",
    "bool_type": "write true or false",
    "bool_parsing": "write true or false",
    "greater_than": "write a larger number",
    "greater_than_equal": "write a larger number",
    "less_than_equal": "write a smaller number",
    "too_short": "add an entry",
    "string_too_short": "write something",
}
# Enough of each section to judge the others by, where a file lacks it.
_STAND_IN: dict[str, Any] = {
    "policy": "unnamed",
    "version": 1,
    "teams": ["marketing", "sales"],
    "windows": {"correction": "7d", "deduplication": "28d", "future": "24h"},
    "calendars": {},
    "tracks": {"unnamed": {"stages": [{"stage": "unnamed", "enter": [{}]}]}},
    "score": {"engagement": {"half_life": "14d", "points": []}},
    "owners": {
        "first": "marketing", "moves": [], "offered_on": {"track": "unnamed", "stage": "unnamed"},
        "claim": {}, "claim_lasts": "1d", "release": {}, "calendar": "unnamed",
    },
    "subjects": {"track": "unnamed", "watched": ["unnamed"], "owners": {}, "in_detour": {}},
    "overlaps": {
        "subject_within": "1d", "conflict": {"opened_by": {}, "closed_by": {}, "within": "1d"}, "conflict_by": {},
        "reply": {}, "reply_within": "1d", "pressure_more_than": 1, "pressure_within": "1d", "decision": {},
        "expire_after": "1d", "severity": {},
    },
    "clocks": [],
    "stalled": {"counted": {}},
}  # fmt: skip


def mistakes_of_form(content: dict[str, Any], error: ValidationError) -> Iterator[tuple[Path, str]]:
    """Every error of the form, with its path in the file and what to do."""
    for detail in error.errors(include_url=False):
        path = _path(detail["loc"])
        yield path, _message(path, dict(detail), content)


class Remainder:
    """A policy without its broken parts, so that the rest can be judged: None where even that is none.

    A broken field that can be absent is taken out alone, another one with what it is part of. A section that is
    missing has a stand-in, of which nothing should be said.
    """

    def __init__(self, content: dict[str, Any], error: ValidationError) -> None:
        self._content = deepcopy(content)
        self._gone: dict[Path, set[int]] = {}
        self.stood_in: set[str] = set()
        self.policy: Policy | None = None
        for _ in range(_TRIES):
            details = error.errors(include_url=False)
            paths = {_path(detail["loc"])[: -1 if detail["type"] == "missing" else None] for detail in details}
            # From the end of each list to its beginning, so that an item's place is right when it is taken out.
            for path in sorted(paths, key=lambda path: [_rank(part) for part in path], reverse=True):
                self._take_out(path)
            for section in _STAND_IN.keys() - self._content.keys():
                self._content[section] = deepcopy(_STAND_IN[section])
                self.stood_in.add(section)
            try:
                self.policy = Policy.model_validate(self._content)
                return
            except ValidationError as another:
                error = another

    def original(self, path: Path) -> Path:
        """Where something of this policy is in the file: the items of a list had other numbers there."""
        found: Path = ()
        for part in path:
            if isinstance(part, int):
                gone = self._gone.get(found, set())
                left = [number for number in range(part + len(gone) + 1) if number not in gone]
                found = (*found, left[part])
            else:
                found = (*found, part)
        return found

    def _take_out(self, path: Path) -> None:
        while path:
            node: Any = self._content
            try:
                for part in path[:-1]:
                    node = node[part]
                if isinstance(node, list) and isinstance(path[-1], int):
                    *above, number = self.original(path)
                    self._gone.setdefault(tuple(above), set()).add(int(number))
                del node[path[-1]]
                return
            except (KeyError, IndexError, TypeError):
                path = path[:-1]


def _rank(part: str | int) -> tuple[int, int, str]:
    return (0, part, "") if isinstance(part, int) else (1, 0, part)


def _path(location: tuple[str | int, ...]) -> Path:
    """A path in the file from one of pydantic's, which also names validators and keys."""
    return tuple(part for part in location if not (isinstance(part, str) and _is_not_of_the_file(part)))


def _is_not_of_the_file(part: str) -> bool:
    return part == "[key]" or part.startswith("function-")


def _message(path: Path, detail: dict[str, Any], content: dict[str, Any]) -> str:
    kind, said = str(detail["type"]), str(detail["msg"]).removeprefix("Value error, ")
    given = detail.get("input")
    if kind == "extra_forbidden":
        return f"unknown field {str(path[-1])!r}; {meant(str(path[-1]), _fields_at(path[:-1]))}"
    if kind == "missing":
        return f"{path[-1]} is missing; add {path[-1]}:{_about(path)}"
    if given is None and kind != "value_error":
        return "there is nothing behind the colon; write a value, or remove the line"
    shown = "" if isinstance(given, dict | list) else f"; it is {given!r}"
    if kind == "literal_error":
        expected = [choice.strip("' ") for choice in str(detail["ctx"]["expected"]).replace(" or ", ",").split(",")]
        return f"{given!r} is not known here; {meant(str(given), expected)}"
    if kind == "string_pattern_mismatch":
        return f"{given!r} is not written as it must be; {_pattern(detail['ctx']['pattern'])}"
    if kind == "value_error":
        return said
    return f"{said}{shown}; {_WORDS.get(kind, 'change it')}"


def _pattern(pattern: str) -> str:
    if pattern == "^[A-Z]{3}$":
        return "write three capital letters, as EUR"
    if ":" in pattern:
        return 'write a time of day in quotes, as "08:00"'
    return "a name has small letters, digits and _, and begins with a letter"


def _fields_at(path: Path) -> list[str]:
    """The fields that the part of a policy at this path may have."""
    model = _model_at(path)
    return [] if model is None else [field.alias or name for name, field in model.model_fields.items()]


def _about(path: Path) -> str:
    """What a missing field is for, from its description."""
    model = _model_at(path[:-1])
    if model is None:
        return ""
    for name, field in model.model_fields.items():
        if path[-1] in (name, field.alias) and field.description:
            return f" ({field.description[0].lower()}{field.description[1:]})"
    return ""


def _model_at(path: Path) -> type[BaseModel] | None:
    found: Any = Policy
    for part in path:
        found = _bare(found)
        if isinstance(found, type) and issubclass(found, BaseModel):
            fields = {key: field for name, field in found.model_fields.items() for key in (name, field.alias or name)}
            if part not in fields:
                return None
            found = fields[str(part)].annotation
        elif get_origin(found) in (list, dict):
            found = get_args(found)[-1]
        else:
            return None
    found = _bare(found)
    return found if isinstance(found, type) and issubclass(found, BaseModel) else None


def _bare(annotation: Any) -> Any:
    """An annotation without Annotated and without `| None`."""
    while get_origin(annotation) in (Annotated, Union, UnionType):
        annotation = next(inner for inner in get_args(annotation) if inner is not type(None))
    return annotation

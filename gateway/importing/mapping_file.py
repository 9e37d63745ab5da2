"""Reading a mapping file: YAML in, a Mapping out, or every problem with its line, field, value and remedy."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from gateway.importing.mapping import Mapping

_REMEDIES = {
    "missing": "add it",
    "extra_forbidden": "remove it, or mend its spelling",
    "string_type": "write a text",
    "list_type": "write a list, each entry behind a dash",
    "dict_type": "write name: value pairs",
    "model_type": "write name: value pairs",
    "value_error": "change it",
    "too_short": "add an entry",
}


@dataclass(frozen=True)
class MappingProblem:
    """One thing that is wrong in a mapping file. `line` counts from 1; 0 is the file as a whole."""

    line: int
    field: str
    value: str
    message: str
    remedy: str

    def __str__(self) -> str:
        shown = f" (got {self.value})" if self.value else ""
        return f"line {self.line}: {self.field}: {self.message}{shown}; {self.remedy}"


def load_mapping(path: Path) -> Mapping | list[MappingProblem]:
    """The mapping in `path`, or what is wrong with it."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return [MappingProblem(0, str(path), "", f"cannot be read ({error})", "check the path and that it is UTF-8")]
    return parse_mapping(text)


def parse_mapping(text: str) -> Mapping | list[MappingProblem]:
    """The mapping written in `text`, or what is wrong with it."""
    try:
        tree = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        return [MappingProblem(line, "yaml", "", str(error.problem), "mend the YAML at this line")]
    if not isinstance(tree, dict):
        return [MappingProblem(1, "mapping", "", "the file is no YAML mapping", "begin it with `mapping: 1`")]
    try:
        return Mapping.model_validate(_plain(tree))
    except ValidationError as error:
        return [_problem(tree, dict(detail)) for detail in error.errors(include_url=False)]


def column_problems(mapping: Mapping, text: str, columns: list[str]) -> list[MappingProblem]:
    """The columns that the mapping reads and a file with `columns` lacks."""
    problems = []
    for name in sorted(mapping.columns() - set(columns)):
        line = next((number for number, row in enumerate(text.splitlines(), 1) if name in row), 0)
        remedy = f"use one of {', '.join(columns)}"
        problems.append(MappingProblem(line, "column", f'"{name}"', "the file has no such column", remedy))
    return problems


def _plain(node: Any) -> Any:
    if isinstance(node, dict):
        return {_plain(key) if isinstance(key, str) else str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    if isinstance(node, bool) or node is None:
        return node
    return next((kind(node) for kind in (str, int, float) if isinstance(node, kind)), str(node))


def _problem(tree: Any, detail: dict[str, Any]) -> MappingProblem:
    path = [part for part in detail["loc"] if part != "constant"]
    field = ".".join(str(part) for part in path) or "mapping"
    given = detail.get("input")
    shown = f'"{given}"' if isinstance(given, (str, int, float)) and detail["type"] != "missing" else ""
    message = str(detail["msg"]).removeprefix("Value error, ")
    context = detail.get("ctx") or {}
    remedy = f"use {context['expected']}" if "expected" in context else _REMEDIES.get(detail["type"], "change it")
    return MappingProblem(_line(tree, path), field, shown, message, remedy)


def _line(node: Any, path: list[Any]) -> int:
    """The line of the deepest part of `path` that is in the file."""
    line = 1
    for part in path:
        marks = getattr(node, "lc", None)
        try:
            line = (marks.key(part) if isinstance(node, dict) else marks.item(part))[0] + 1 if marks else line
            node = node[part]
        except (KeyError, IndexError, TypeError):
            break
    return line

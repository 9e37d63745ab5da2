"""A policy's YAML as plain content, with the line and column of everything in it."""

from datetime import date
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from journey.policy.mistake import Mistake, Path, PolicyError

# Aliases of aliases grow as powers: what stands for so much more than is written is an attack or an accident.
_MOST_EXPANDED = 1_000_000
_MERGE = "tag:yaml.org,2002:merge"


class Source:
    """The content of a YAML text. Mistakes of the YAML itself are raised; keys that stand twice are `mistakes`."""

    def __init__(self, text: str) -> None:
        """Raises PolicyError where the text is not YAML, or holds itself."""
        yaml = YAML(typ="safe", pure=True)
        yaml.allow_duplicate_keys = True
        self.mistakes: list[Mistake] = []
        self._expanded = 0
        try:
            self._root = yaml.compose(text)
            if self._root is not None:
                self._look(self._root, (), ())
            self.content = _plain(yaml.load(text))
        except MarkedYAMLError as error:
            raise PolicyError([_not_yaml(error)]) from None
        except YAMLError as error:
            raise PolicyError([Mistake(1, 1, "", f"not YAML: {error}; save it as plain UTF-8 text")]) from None
        except RecursionError:
            raise PolicyError([Mistake(1, 1, "", "nested too deeply to be read by anybody; flatten it")]) from None

    def at(self, path: Path, message: str) -> Mistake:
        """A mistake at a path: at the deepest part of it that the file has."""
        node, mark = self._root, self._root.start_mark if self._root is not None else None
        walked = []
        for part in path:
            walked.append(str(part))
            found = _step(node, part)
            if found is None:
                break
            mark, node = found
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        return Mistake(line, column, ".".join(walked), message)

    def _look(self, node: Node, path: Path, above: tuple[int, ...]) -> None:
        self._expanded += 1
        if id(node) in above:
            raise PolicyError([_mark(node, path, "this alias stands for something that it is inside of; write it out")])
        if self._expanded > _MOST_EXPANDED:
            raise PolicyError([_mark(node, path, "aliases of aliases stand for far too much; write it out")])
        inside = (*above, id(node))
        if isinstance(node, SequenceNode):
            for index, item in enumerate(node.value):
                self._look(item, (*path, index), inside)
        elif isinstance(node, MappingNode):
            known: dict[str, int] = {}
            for key, value in node.value:
                name = str(key.value)
                if name in known and key.tag != _MERGE:
                    told = f"{name!r} stands twice, first in line {known[name]}; remove one"
                    self.mistakes.append(_mark(key, (*path, name), told))
                known.setdefault(name, key.start_mark.line + 1)
                self._look(value, (*path, name), inside)


def _step(node: Any, part: str | int) -> tuple[Any, Any] | None:
    """The mark and the node of one more part of a path. Keys that are merged in (`<<`) are where they are written."""
    if isinstance(node, SequenceNode):
        if isinstance(part, int) and part < len(node.value):
            return node.value[part].start_mark, node.value[part]
        return None
    if not isinstance(node, MappingNode):
        return None
    for key, value in node.value:
        if str(key.value) == str(part) and key.tag != _MERGE:
            return key.start_mark, value
    for key, value in node.value:
        if key.tag == _MERGE:
            for merged in value.value if isinstance(value, SequenceNode) else [value]:
                found = _step(merged, part)
                if found is not None:
                    return found
    return None


def _mark(node: Node, path: Path, message: str) -> Mistake:
    mark = node.start_mark
    return Mistake(mark.line + 1, mark.column + 1, ".".join(map(str, path)), message)


def _not_yaml(error: MarkedYAMLError) -> Mistake:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    problem = str(error.problem or error.context or error)
    if "\\t" in problem:
        return Mistake(line, column, "", "not YAML: a tab; indent by blanks")
    near = next((hint for said, hint in _HINTS.items() if said in problem), "mend the YAML at this place")
    return Mistake(line, column, "", f"not YAML: {problem}; {near}")


_HINTS = {
    "mapping values are not allowed": "a colon with a blank inside of a text wants quotes around the text",
    "expected <block end>": "the indentation differs from the lines above",
    "undefined alias": "an anchor (&name) must stand above its alias (*name)",
    "could not find expected ':'": "write name: value",
    "found another document": "a policy file holds one policy; remove the line ---",
    "expected ',' or": "a bracket or a brace is not closed",
}


def _plain(node: Any) -> Any:
    if isinstance(node, dict):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    return node.isoformat() if isinstance(node, date) else node

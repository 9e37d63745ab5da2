"""What is wrong in a policy file: where, what, and what was probably meant."""

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

Path = tuple[str | int, ...]
Found = Iterator[tuple[Path, str]]


@dataclass(frozen=True, order=True)
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


def meant(name: str, known: Iterable[str]) -> str:
    """The suggestion behind an unknown name."""
    choices = list(dict.fromkeys(known))
    folded = {choice.lower(): choice for choice in choices}
    near = difflib.get_close_matches(name.lower(), folded, 1)
    if near:
        return f"did you mean {folded[near[0]]!r}?"
    return f"it is one of {', '.join(choices)}" if choices else "there is none"


def unknown(path: Path, names: Iterable[str], known: Iterable[str] | None, what: str) -> Found:
    """A mistake for each name that is not known; None where nothing can be said of what is known."""
    if known is None:
        return
    choices = list(known)
    for name in names:
        if name not in choices:
            yield path, f"{name!r} is no {what}; {meant(name, choices)}"


def doubled(path: Path, names: Iterable[str], what: str) -> Found:
    """A mistake for each name that a list has a second time; the path is the list's."""
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        if name in first:
            yield (*path, index), f"{what} {name!r} stands twice; the first is number {first[name] + 1}: rename one"
        else:
            first[name] = index

"""The default policy's text, broken for a test, and what is told of it."""

from typing import Any

import pytest

from journey.policy.reading import PolicyError, read
from tests.journey.telling import DEFAULT

TEXT = DEFAULT.read_text()
Tree = dict[str, Any]


def mistakes(text: str) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        read(text)
    return [f"{one.path}: {one.message}" if one.path else one.message for one in caught.value.mistakes]


def places(text: str) -> list[tuple[int, int]]:
    with pytest.raises(PolicyError) as caught:
        read(text)
    return [(one.line, one.column) for one in caught.value.mistakes]


def replaced(old: str, new: str) -> str:
    assert TEXT.count(old) >= 1, old
    return TEXT.replace(old, new, 1)


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1

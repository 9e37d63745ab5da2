"""Every part of a policy with its path, in the words of the file."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from journey.policy.condition import Condition
from journey.policy.document import Policy
from journey.policy.duration import Duration
from journey.policy.mistake import Path


def conditions(policy: Policy) -> Iterator[tuple[Path, Condition]]:
    """Every condition, those inside of others too."""
    return ((path, node) for path, node in parts(policy) if isinstance(node, Condition))


def durations(policy: Policy) -> Iterator[tuple[Path, Duration]]:
    """Every duration."""
    return ((path, node) for path, node in parts(policy) if isinstance(node, Duration))


def parts(node: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """This and everything inside of it that the file says; what it leaves out is not visited."""
    yield path, node
    if isinstance(node, BaseModel):
        fields = type(node).model_fields
        for name in fields:
            if name in node.model_fields_set:
                yield from parts(getattr(node, name), (*path, fields[name].alias or name))
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from parts(value, (*path, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from parts(value, (*path, index))

"""A policy file read: every error with its line, its column and what to do; nothing half-applied."""

from collections.abc import Iterator

from pydantic import ValidationError

from journey.policy.document import Policy
from journey.policy.form import Remainder, mistakes_of_form
from journey.policy.mistake import Mistake, Path, PolicyError
from journey.policy.names import Named
from journey.policy.reach import unreachable
from journey.policy.references import wrong_references
from journey.policy.source import Source
from journey.policy.timing import wrong_times

__all__ = ["Mistake", "PolicyError", "read"]


def read(text: str) -> Policy:
    """The policy in a YAML text. Raises PolicyError with every mistake found, in the order of the file."""
    source = Source(text)
    content = source.content
    if not isinstance(content, dict):
        raise PolicyError([Mistake(1, 1, "", "a policy is a mapping; begin with `policy: NAME`")])
    mistakes = list(source.mistakes)
    policy: Policy | None = None
    named = Named(content)
    try:
        policy = Policy.model_validate(content)
        mistakes += [source.at(path, message) for path, message in _unsound(policy, named)]
    except ValidationError as error:
        mistakes += [source.at(path, message) for path, message in mistakes_of_form(content, error)]
        rest = Remainder(content, error)
        if rest.policy is not None:
            found = ((rest.original(path), message) for path, message in _unsound(rest.policy, named))
            mistakes += [source.at(path, message) for path, message in found if path[0] not in rest.stood_in]
    if mistakes or policy is None:
        raise PolicyError(_told_once(mistakes))
    return policy


def _unsound(policy: Policy, named: Named) -> Iterator[tuple[Path, str]]:
    """What the form allows and the meaning does not."""
    yield from wrong_references(policy, named)
    yield from wrong_times(policy)
    yield from unreachable(policy)


def _told_once(mistakes: list[Mistake]) -> list[Mistake]:
    """In the order of the file. What stands behind an anchor is told once, where it is written."""
    once = {(mistake.line, mistake.column, mistake.message): mistake for mistake in sorted(mistakes, reverse=True)}
    return sorted(once.values())

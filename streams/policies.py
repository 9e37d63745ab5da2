"""Adopted policies as they are kept with state: on top of the first one, each from its day on."""

from collections.abc import Sequence
from functools import lru_cache

from journey.policy.reading import read
from journey.rules import Rules


def under(first: Rules, adopted: Sequence[tuple[int, str]]) -> Rules:
    """The first policy's rules with the adopted ones, (from when on, YAML), on top of them."""
    rules = first
    for since, yaml in adopted:
        rules = Rules(_policy(yaml), since, rules)
    return rules


# Every partition of a worker adopts the same text, and reading one takes a third of a second.
_policy = lru_cache(maxsize=16)(read)

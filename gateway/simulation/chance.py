"""Seeded chance: every draw of a simulation comes from one Dice, so the same seed tells the same story."""

import random
from bisect import bisect
from collections.abc import Mapping, Sequence
from itertools import accumulate
from math import exp
from typing import Generic, TypeVar

T = TypeVar("T")


class Weighted(Generic[T]):
    """A choice with weights, prepared once and drawn many times."""

    def __init__(self, weights: Mapping[T, float]) -> None:
        self.items = tuple(weights)
        self.cumulative = tuple(accumulate(weights.values()))


class Dice:
    """Draws of one simulation."""

    def __init__(self, seed: int | str) -> None:
        self._rng = random.Random(seed)  # noqa: S311 - a story, not a secret
        self.uniform = self._rng.uniform

    def reseed(self, seed: int | str) -> None:
        """Go on with other draws from here."""
        self._rng.seed(seed)

    def happens(self, probability: float) -> bool:
        """True in `probability` of the draws."""
        return self._rng.random() < probability

    def below(self, limit: int) -> int:
        """A whole number from 0 up to, and without, `limit`."""
        return int(self._rng.random() * limit)

    def pick(self, items: Sequence[T]) -> T:
        """One of the items, each as likely."""
        return items[int(self._rng.random() * len(items))]

    def choose(self, weighted: Weighted[T]) -> T:
        """One of the weighted items."""
        return weighted.items[bisect(weighted.cumulative, self._rng.random() * weighted.cumulative[-1])]

    def around(self, median: float, spread: float = 0.7) -> float:
        """A lognormal draw: half of the draws are below `median`; at spread 0.7, one in ten is above 2.5 medians."""
        return median * exp(self._rng.gauss(0.0, spread))

"""How much is folded at once: a fold stands the worker's loop still, and everybody else's transaction with it."""

_SECONDS = 0.5
_FIRST, _FEWEST = 1_000, 100


class Portion:
    """So many records that a fold takes half a second at most, however busy the machine is; `most` begins small."""

    def __init__(self) -> None:
        self.most = _FIRST

    def took(self, records: int, seconds: float) -> None:
        """Learn from a fold of so many records."""
        if seconds > _SECONDS:
            self.most = max(_FEWEST, int(records * _SECONDS / seconds))
        elif records >= self.most and seconds < _SECONDS / 2:
            self.most *= 2

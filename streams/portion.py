"""How much is folded at once, and committed together: what has been folded is folded again where its commit fails."""

_SECONDS = 2.0
_FIRST, _FEWEST = 1_000, 100


class Portion:
    """So many records that a fold takes two seconds at most, however busy the machine is; `most` begins small."""

    def __init__(self) -> None:
        self.most = _FIRST

    def took(self, records: int, seconds: float) -> None:
        """Learn from a fold of so many records."""
        if seconds > _SECONDS:
            self.most = max(_FEWEST, int(records * _SECONDS / seconds))
        elif records >= self.most and seconds < _SECONDS / 2:
            self.most *= 2

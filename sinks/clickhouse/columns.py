"""Rows of one table, held by columns as ClickHouse takes them: a text that repeats is held once."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

Row = tuple[Any, ...]
# The columns whose few texts come again and again, in whatever table: ClickHouse's LowCardinality(String).
REPEATING: Final = frozenset((
    "actor", "campaign", "channel", "content", "cost_currency", "currency", "direction", "disposition", "from_stage",
    "from_team", "furthest", "kind", "last_counted_source", "mql_policy", "mql_rule", "name", "owner_actor",
    "owner_team", "persona", "policy", "precedence", "precedence_rule", "reason", "resolution", "rule", "severity",
    "source", "stage", "started_by_source", "state", "statement", "status", "stopped_by_source", "subject", "team",
    "to_stage", "to_team", "topic", "track", "type", "value_currency",
))  # fmt: skip


class Texts:
    """A column of texts: each once, in the order of its first row, and the number of each row's text among them."""

    def __init__(self) -> None:
        self.different: list[str] = []
        self.numbers: list[int] = []
        self._known: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, row: int) -> str:
        return self.different[self.numbers[row]]

    def __iter__(self) -> Iterator[str]:
        return iter([self.different[number] for number in self.numbers])

    def append(self, text: str) -> None:
        """Add a row."""
        number = self._known.get(text)
        if number is None:
            number = len(self.different)
            self._known[text] = number
            self.different.append(text)
        self.numbers.append(number)


class Columns:
    """A table's rows. Each takes some 10 bytes a column and what its own texts take."""

    def __init__(self, names: Sequence[str]) -> None:
        self._texts: list[Texts | None] = [Texts() if name in REPEATING else None for name in names]
        self._others: list[list[Any]] = [[] for _ in names]

    @property
    def columns(self) -> list[Any]:
        """Each column's values, in the order of the names: a list or `Texts`."""
        return [self.column(at) for at in range(len(self._texts))]

    def column(self, at: int) -> Any:
        """One column's values: a list or `Texts`."""
        texts = self._texts[at]
        return self._others[at] if texts is None else texts

    def __len__(self) -> int:
        return len(self.column(0))

    def __iter__(self) -> Iterator[Row]:
        return iter(list(zip(*self.columns, strict=True)))

    def add(self, row: Row) -> None:
        """Add a row, whose values are in the order of the columns."""
        for at, value in enumerate(row):
            texts = self._texts[at]
            if texts is None:
                self._others[at].append(value)
            else:
                texts.append(value)

"""What a document is made of: numbered sections of text and tables, the same for the terminal and for print."""

from dataclasses import dataclass, field

Cell = str | list[str]
_SHORT = 18
_SENTENCES = frozenset({"a touchpoint", "goal"})
_TOGETHER = frozenset({"open", "holidays"})


@dataclass(frozen=True)
class Grid:
    """A table. The entries of a cell that is a list stand below each other; `matrix` has short cells throughout."""

    head: tuple[str, ...]
    rows: list[tuple[Cell, ...]]
    title: str = ""
    matrix: bool = False

    @property
    def opens_with_a_sentence(self) -> bool:
        """Whether the first column tells what happens, and is no name."""
        return self.head[0] in _SENTENCES

    def is_short(self, column: int) -> bool:
        """Whether the column has short words only, that need not break."""
        cells = [row[column] for row in self.rows]
        return not self.matrix and all(isinstance(cell, str) and len(cell) <= _SHORT for cell in cells)

    def stretches(self, number: int) -> list[tuple[str, int, int]]:
        """A matrix row's equal neighbours as one: text, the first and the last column. The last column stands alone."""
        _, *cells = self.rows[number]
        found: list[tuple[str, int, int]] = []
        for column, cell in enumerate(cells, start=1):
            if found and found[-1][0] == cell and column < len(cells):
                found[-1] = (str(cell), found[-1][1], column)
            else:
                found.append((str(cell), column, column))
        return found

    def all_of(self, column: int) -> bool:
        """Whether the entries of a cell hold together, and are not alternatives."""
        return self.head[column] in _TOGETHER


@dataclass(frozen=True)
class Section:
    """A part of the document; without grids and text it is left out."""

    title: str
    opening: str = ""
    grids: list[Grid] = field(default_factory=list)
    closing: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Signature:
    """A line to sign on."""

    party: str
    team: str
    role: str


@dataclass(frozen=True)
class Paper:
    """The whole document; `facts` stand under the title."""

    title: str
    label: str
    facts: list[tuple[str, str]]
    purpose: str
    sections: list[Section]
    signatures: list[Signature]
    teams: list[str]

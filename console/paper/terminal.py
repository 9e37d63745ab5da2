"""The document on a terminal, at any width from 80 columns."""

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.text import Text

from console import output
from console.paper.form import Cell, Grid, Paper


def render(paper: Paper, console: Console) -> None:
    """Print the whole document."""
    console.print(f"[title]{escape(paper.title)}[/]")
    for name, value in paper.facts:
        console.print(f"[quiet]{name:<14}[/]{escape(value)}")
    if paper.purpose:
        console.print()
        console.print(paper.purpose.strip(), markup=False)
    for number, section in enumerate(paper.sections, start=1):
        console.print()
        console.rule(f"[title]{number}  {escape(section.title)}[/]", align="left", style="quiet")
        if section.opening:
            console.print(section.opening, style="quiet", markup=False)
        for grid in section.grids:
            _print(grid, console)
        for paragraph in section.closing:
            console.print()
            console.print(paragraph, markup=False)
    console.print()
    console.rule(f"[title]{len(paper.sections) + 1}  Signatures[/]", align="left", style="quiet")
    for signature in paper.signatures:
        console.print(f"\n\n  {'_' * 36}   {'_' * 12}")
        console.print(f"  {escape(signature.party)}, {escape(signature.role)}".ljust(41) + "date", style="quiet")


def _print(grid: Grid, console: Console) -> None:
    console.print()
    if grid.title:
        console.print(f"  [title]{escape(grid.title)}[/]")
    if grid.matrix:
        _print_matrix(grid, console)
        return
    shown = output.table(*grid.head, flexible=tuple(grid.head))
    for row in grid.rows:
        shown.add_row(*(_cell(cell, grid.all_of(column)) for column, cell in enumerate(row)))
    console.print(Padding(shown, (0, 0, 0, 2)))


def _print_matrix(grid: Grid, console: Console) -> None:
    """Too many columns for a terminal: each row as the stretches in which its cells are the same."""
    shown = output.table(grid.head[0], "", flexible=("",))
    for number, (name, *_) in enumerate(grid.rows):
        told = [(who, grid.head[first], grid.head[last]) for who, first, last in grid.stretches(number)]
        lines = [f"{first} to {last}: {who}" if first != last else f"{first}: {who}" for who, first, last in told]
        shown.add_row(Text(str(name)), Text("\n".join(lines)))
    console.print(Padding(shown, (0, 0, 0, 2)))


def _cell(cell: Cell, together: bool) -> Text:
    return Text(cell if isinstance(cell, str) else ("\n" if together else "\nor ").join(cell))

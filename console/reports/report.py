"""What a report is: which view it asks, with which arguments, and how its rows are drawn."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Row = dict[str, Any]
Chart = Callable[[Sequence[Row]], dict[str, Any]]


@dataclass(frozen=True)
class Argument:
    """An argument of a report. `default` is None where the period gives it; `is_column`: a column's name, no value.

    `unit` is what is written behind the value.
    """

    name: str
    about: str
    default: Any = None
    choices: tuple[str, ...] = ()
    is_column: bool = False
    unit: str = ""

    def literal(self, value: Any) -> str:
        """The argument in SQL; times are in UTC, to the millisecond."""
        if self.is_column:
            return f"`{value}`"
        if isinstance(value, int | float):
            return str(value)
        if isinstance(value, datetime):
            value = value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"


@dataclass(frozen=True)
class Report:
    """One report: `sql` has its arguments in braces, `view` is the one whose comment gives the formula.

    `chart` makes a Vega-Lite specification of the rows, without title and style. `shown` are the columns of the table
    for people, all where it is empty.
    """

    name: str
    title: str
    view: str
    sql: str
    arguments: tuple[Argument, ...]
    chart: Chart
    shown: tuple[str, ...] = ()

    def query(self, given: Mapping[str, Any]) -> str:
        """The SQL with every argument in its place, as it is asked."""
        return self.sql.format(**{each.name: each.literal(given[each.name]) for each in self.arguments})

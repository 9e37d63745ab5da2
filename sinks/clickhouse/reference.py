"""The views as a page for analysts: from their own comments, and from what the server says of arguments and columns.

A view's comment says what a row is and its formulas, then `Parameters: ...` where it takes arguments; behind a blank
line, each column as `name: meaning`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from clickhouse_connect.driver.client import Client

_VIEWS = """
    SELECT name, comment, parameterized_view_parameters FROM system.tables
    WHERE database = currentDatabase() AND engine = 'View' AND startsWith(name, 'v_') ORDER BY name
"""
# Some value of each type, to ask a view with arguments for its columns.
_SOME = {"String": "''", "DateTime64": "'2026-01-01 00:00:00'", "Array": "[]"}
_HEAD = """# Views

What analysts read: every view, without duplicates, as of now. Written from the views' own comments by
`throughline clickhouse reference`; a test holds it in step.

A view with arguments is asked like a function, each argument by its name:

```sql
SELECT * FROM v_funnel(track = 'funnel', since = '2026-07-01', until = '2026-10-01', within_days = 90, by = 'channel')
```

`throughline report NAME --sql` prints such questions, `throughline sql` asks them. Times are UTC in milliseconds; an
absent text is NULL; a share with nothing to be a share of is NULL.
"""


@dataclass(frozen=True)
class Column:
    """A column: its type, and what it means where the view's comment says so for itself."""

    name: str
    type: str
    meaning: str = ""


@dataclass(frozen=True)
class View:
    """A view: what a row is and the formulas, the arguments with their types, what the comment says of them."""

    name: str
    about: str
    arguments: tuple[tuple[str, str], ...]
    about_arguments: str
    columns: tuple[Column, ...]


def views(client: Client) -> Iterator[View]:
    """Every view of the client's database, by name."""
    for name, comment, parameters in client.query(_VIEWS).result_rows:
        arguments = tuple((str(one["name"]), str(one["type"])) for one in parameters)
        yield read(name, comment, arguments, _types(client, name, arguments))


def read(name: str, comment: str, arguments: tuple[tuple[str, str], ...], types: dict[str, str]) -> View:
    """A view from its comment; `types` are its columns in order."""
    about, about_arguments, listed = parts_of(comment)
    # The engine has them in no order that means anything.
    arguments = tuple(sorted(arguments, key=lambda one: (about_arguments.find(one[0]), one[0])))
    meanings = dict(line.split(": ", 1) for line in listed.splitlines() if ": " in line)
    columns = tuple(Column(column, kind, meanings.get(column, "")) for column, kind in types.items())
    return View(name, about, arguments, about_arguments, columns)


def parts_of(comment: str) -> tuple[str, str, str]:
    """A view's comment: what a row is with its formulas, what it says of arguments, the lines of its columns."""
    # In a comment a backtick stands for an apostrophe, which would end it.
    head, _, listed = comment.replace("`", "'").partition("\n\n")
    about, _, about_arguments = head.partition(" Parameters: ")
    return about, about_arguments, listed


def page(found: list[View]) -> str:
    """The whole page, in Markdown."""
    listed = "\n".join(f"- [`{view.name}`](#{view.name}): {_first_sentence(view.about)}" for view in found)
    return "\n".join([_HEAD, listed, "", *(_section(view) for view in found)])


def _section(view: View) -> str:
    parts = [f"## {view.name}", "", view.about, ""]
    if view.arguments:
        taken = ", ".join(f"`{name}` {kind}" for name, kind in view.arguments)
        parts += [f"Arguments: {taken}." + (f" {_capital(view.about_arguments)}" if view.about_arguments else "")]
        parts += [""]
    parts += ["| column | type | |", "|---|---|---|"]
    parts += [f"| `{one.name}` | {_cell(one.type)} | {_cell(one.meaning)} |" for one in view.columns]
    return "\n".join([*parts, ""])


def _types(client: Client, name: str, arguments: tuple[tuple[str, str], ...]) -> dict[str, str]:
    given = ", ".join(f"{one} = {_SOME.get(re.split(r'[(]', kind)[0], '1')}" for one, kind in arguments)
    described = client.query(f"DESCRIBE TABLE (SELECT * FROM {name}{f'({given})' if given else ''})")  # noqa: S608
    return {str(row[0]): str(row[1]) for row in described.result_rows}


def _first_sentence(text: str) -> str:
    sentence = re.split(r"(?<=[a-z)])[.;] ", text, maxsplit=1)[0]
    return sentence.rstrip(".") + "."


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

"""Who is who, for people: the answer of `throughline identity show`."""

from typing import Any

from rich.console import Console
from rich.markup import escape

from console import output
from journey.linking import MOST_IDENTIFIERS

Row = dict[str, Any]
_MOST_LINKS = 40
_FULL = (
    f"Tools join {MOST_IDENTIFIERS} identifiers to one customer at most: CRM ids and e-mails first, then the earliest. "
    "Of those that stay apart only the first is told. `identity link` joins one all the same, in the place of the last "
    "that tools joined; `identity unlink` makes room for the next."
)


def render(told: Row, console: Console) -> None:
    """Print what `questions.identity.identity_of` told."""
    console.print(f"[title]{told['customer_id']}[/]")
    for row in told["identifiers"]:
        seen = f"first seen {output.clock(row['first_seen_at'])}, last {output.clock(row['last_seen_at'])}"
        console.print(f"  [quiet]{row['kind']:<13}[/]{escape(row['value'])}  [quiet]{seen}[/]", soft_wrap=True)
    _links(told["links"], console)
    for row in told["conflicts"]:
        console.print(f"[bad]conflict[/]  {escape(_conflict(row, told['customer_id']))}", soft_wrap=True)
    if any(_is_full(row, told["customer_id"]) for row in told["conflicts"]):
        console.print(_FULL, style="quiet", soft_wrap=True)
    for row in told["merges"]:
        console.print(f"[good]merged[/]    {row['customer_id']}, {output.clock(row['at'])}", soft_wrap=True)
    if not (told["links"] or told["conflicts"]):
        console.print("nothing links it with another identifier", style="quiet")


def _links(links: list[Row], console: Console) -> None:
    if not links:
        return
    shown = output.table("when", "touchpoint", "names together", "", flexible=("touchpoint", "names together"))
    for row in links[:_MOST_LINKS]:
        names = ", ".join(f"{named['kind']} {named['value']}" for named in row["identifiers"])
        said = {"seen": "", "linked": "a person's word", "unlinked": "set apart by a person"}[row["statement"]]
        holds = said or ("" if row["holds"] else "does not join")
        shown.add_row(
            output.clock(row["at"]), output.fitting(f"{row['source']} {row['id']}"), output.fitting(names), holds
        )
    console.print()
    console.print(shown)
    if len(links) > _MOST_LINKS:
        console.print(f"{len(links) - _MOST_LINKS} later ones are not shown; --json has all.", style="quiet")
    console.print()


def _conflict(row: Row, customer_id: str) -> str:
    mine = row["kept_by"] == customer_id
    other = row["refused"] if mine else row["kept_by"]
    whose = "stays here, though it was seen on" if mine else "was seen here, and stays with"
    where = f"{row['source']} {row['touchpoint_id']}, {output.clock(row['at'])}"
    why = f": one customer of both would have more than {MOST_IDENTIFIERS} identifiers" if _is_many(row) else ""
    return f"{row['kind']} {row['value']} {whose} {other} ({where}){why}"


def _is_many(row: Row) -> bool:
    return bool(row["reason"] == "too_many")


def _is_full(row: Row, customer_id: str) -> bool:
    return _is_many(row) and bool(row["refused"] == customer_id)

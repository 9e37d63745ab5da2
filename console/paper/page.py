"""The document as one page of HTML that needs nothing else: to send, to print, to sign."""

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from console.paper.form import Paper

_SEVERITIES = frozenset({"high", "medium", "low"})


def page(paper: Paper) -> str:
    """The page; everything that the policy says is escaped."""
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    templates.filters["marked"] = _marked
    return templates.get_template("paper.html").render(paper=paper, teams=paper.teams)


def _marked(text: str, teams: Sequence[str]) -> str | Markup:
    """A cell that is a team or a severity, in its colour."""
    names = [team.replace("_", " ") for team in teams]
    if text in names:
        return Markup('<span class="team t{}">{}</span>').format(names.index(text), text)
    if text in _SEVERITIES:
        return Markup('<span class="{0}">{0}</span>').format(text)
    return text

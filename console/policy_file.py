"""Which policy file a command is about, and what is said where it is none."""

from pathlib import Path

import click

from console import output
from journey.policy.document import Policy
from journey.policy.reading import Mistake, PolicyError, read
from schemas.settings import Settings

POLICY_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


def policy_in_use(named: Path | None) -> Path:
    """The file that was named, else the one that a part would start with (THROUGHLINE_POLICY, the default policy)."""
    return named or Settings().policy


def load(path: Path) -> Policy:
    """The policy in a file. Where it has mistakes all of them are told and the command ends with exit code 1."""
    mistakes = mistakes_in(path)
    if isinstance(mistakes, Policy):
        return mistakes
    tell(path, mistakes)
    raise click.exceptions.Exit(1)


def mistakes_in(path: Path) -> Policy | list[Mistake]:
    """The policy in a file, or every mistake in it."""
    try:
        return read(path.read_text(encoding="utf-8"))
    except PolicyError as error:
        return error.mistakes
    except (OSError, UnicodeDecodeError) as error:
        return [Mistake(1, 1, "", f"cannot be read ({error}); check the path, and that it is UTF-8")]


def tell(path: Path, mistakes: list[Mistake]) -> None:
    """Every mistake on stderr, where an editor finds it: file:line:column."""
    aside = output.aside()
    for mistake in mistakes:
        place = f"{path}:{mistake.line}:{mistake.column}: "
        what = f"{mistake.path}: {mistake.message}" if mistake.path else mistake.message
        aside.print(place, end="", markup=False, style="quiet", soft_wrap=True)
        aside.print(what, markup=False, soft_wrap=True)
    many = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    aside.print(f"{many} in {path}; nothing of it is used", style="bad", soft_wrap=True)

"""`throughline policy check`: every mistake in a policy file."""

from pathlib import Path

import click

from console import output
from console.policy_file import POLICY_FILE, mistakes_in, tell
from journey.policy.document import Policy


@click.command()
@click.argument("file", type=POLICY_FILE)
@output.json_option
def check(file: Path, as_json: bool) -> None:
    """Whether FILE is a policy. Every mistake with its line, its column and what to do; exit code 1 where there is one.

    \b
    Example:
      throughline policy check draft.yaml
    """
    found = mistakes_in(file)
    mistakes = [] if isinstance(found, Policy) else found
    if as_json:
        told = [{"line": one.line, "column": one.column, "path": one.path, "message": one.message} for one in mistakes]
        label = found.label if isinstance(found, Policy) else None
        output.print_json({"ok": not mistakes, "policy": label, "mistakes": told})
    elif isinstance(found, Policy):
        output.people().print(f"[good]{found.label} is sound[/]")
    else:
        tell(file, mistakes)
    if mistakes:
        raise click.exceptions.Exit(1)

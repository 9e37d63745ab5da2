"""`throughline policy diff`: what would change if a draft were in force."""

from datetime import UTC, datetime
from pathlib import Path

import click

from console import output
from console.analyst import analyst_of
from console.moments import MOMENT
from console.policy_file import POLICY_FILE, load
from console.workspace import Workspace, pass_workspace


@click.command("diff")
@click.argument("draft", type=POLICY_FILE)
@click.option("--since", type=MOMENT, metavar="T", help="Count from this time on; the history before is folded too.")
@click.option("--all", "everything", is_flag=True, help="Show what would not change too; JSON has it.")
@click.option("--limit", default=20, show_default=True, help="Most customers shown; JSON has all.")
@output.json_option
@pass_workspace
def diff(
    workspace: Workspace, draft: Path, since: datetime | None, everything: bool, limit: int, as_json: bool
) -> None:
    """Replay the whole history under DRAFT and under the policy in force, and report what would differ.

    Counts entries into stages (MQLs, accepted leads), hand-offs, breached clocks, overlaps, stalls and alerts, and
    lists the customers. Nothing is changed, nobody is told.

    \b
    Example:
      throughline policy diff draft.yaml --since 2026-01-01
    """
    from console.agreement import rules_in_force
    from console.comparison_page import render
    from console.questions.comparison import compare, history_size, result
    from journey.comparison import Comparison
    from journey.rules import Rules

    run = workspace.run()
    proposed, in_force = Rules(load(draft)), rules_in_force(run)
    now = datetime.now(UTC)
    start = 0 if since is None else round(since.timestamp() * 1000)
    comparison = Comparison(in_force, proposed, start, round(now.timestamp() * 1000))
    analyst = analyst_of(run)
    with output.progress() as progress:
        task = progress.add_task("replaying", total=history_size(analyst), note="")
        compare(analyst, comparison, lambda rows: progress.advance(task, rows))
    told = {"in_force": in_force.label, "draft": proposed.label, "since": since, **result(analyst, comparison)}
    if as_json:
        output.print_json(told)
    else:
        render(told, output.people(), everything, limit)

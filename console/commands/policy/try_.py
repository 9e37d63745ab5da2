"""`throughline policy try`: what a policy makes of a handful of touchpoints."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import click

from console import output
from console.moments import MOMENT
from console.policy_file import POLICY_FILE, load, policy_in_use
from schemas.rejection import Rejection
from schemas.settings import Settings
from schemas.touchpoint import Touchpoint

_UNUSABLE = Rejection("identifier", "none of the identifiers can be used", "/customer")


@dataclass(frozen=True)
class Line:
    """A line of the file that is no touchpoint. Lines count from 1."""

    number: int
    why: Rejection


@click.command("try")
@click.argument("file", type=click.File("rb"))
@click.option(
    "--policy",
    type=POLICY_FILE,
    metavar="FILE",
    help="The one that all are judged by. Default: THROUGHLINE_POLICY, else the default policy; never an adopted one.",
)
@click.option("--now", type=MOMENT, metavar="T", help="What is due by this time has happened. Default: the present.")
@click.option("--limit", default=10, show_default=True, help="Most customers of the page; JSON has all.")
@output.json_option
def try_(file: BinaryIO, policy: Path | None, now: datetime | None, limit: int, as_json: bool) -> None:
    """Fold the touchpoints of FILE (NDJSON; - is stdin) by a policy. No instance is needed, nothing is kept.

    Every touchpoint is judged by that one policy, whatever its day; the page and the JSON say which it was. What a
    running instance has adopted is not asked for. They arrive in the order of the file. Lines that are no touchpoints
    are told on stderr; exit code 1 where nothing could be folded, or the policy has mistakes.

    \b
    Example:
      throughline policy try touchpoints.ndjson --policy draft.yaml --now 2026-03-31
    """
    from journey.account import free_domains
    from journey.rules import Rules
    from journey.trial import attempt
    from journey.trial_result import as_json as result_of

    rules = Rules(load(policy_in_use(policy)))
    touchpoints, rejected = _read(file)
    moment = now or datetime.now(UTC)
    settings, given = Settings(), [touchpoint for _, touchpoint in touchpoints]
    free = free_domains(settings.free_mail)
    trial = attempt(given, rules, round(moment.timestamp() * 1000), settings.phone_region, free)
    rejected += [Line(touchpoints[number][0], _UNUSABLE) for number in trial.unusable]
    rejected.sort(key=lambda line: line.number)
    told = result_of(trial) | {"rejected": [_rejected(line) for line in rejected]}
    _tell(rejected)
    if trial.ahead:
        output.aside().print(
            f"{trial.ahead} are later than {output.clock(moment)}: they are folded all the same (--now)", style="quiet"
        )
    if as_json:
        output.print_json(told)
    else:
        from console.trial_page import render

        render(told, output.people(), limit)
    if not trial.customers and (rejected or not trial.without_customer):
        output.aside().print("nothing could be folded", style="bad")
        raise click.exceptions.Exit(1)


def _read(file: BinaryIO) -> tuple[list[tuple[int, Touchpoint]], list[Line]]:
    from streams.raw_reader import parse

    touchpoints, rejected = [], []
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        found = parse(line.strip())
        if isinstance(found, Rejection):
            rejected.append(Line(number, found))
        else:
            touchpoints.append((number, found))
    return touchpoints, rejected


def _rejected(line: Line) -> dict[str, Any]:
    return {
        "line": line.number,
        "reason": line.why.reason,
        "detail": line.why.detail,
        "pointer": line.why.pointer,
    }


def _tell(rejected: list[Line]) -> None:
    aside = output.aside()
    for line in rejected:
        where = f" at {line.why.pointer}" if line.why.pointer else ""
        told = f"line {line.number}: {line.why.reason}{where}: {line.why.detail}"
        aside.print(told, style="bad", markup=False, soft_wrap=True)

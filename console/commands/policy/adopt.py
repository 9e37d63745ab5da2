"""`throughline policy adopt`: a new version of the agreement, in force from now or from a day on."""

import asyncio
import getpass
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from console import output
from console.analyst import Analyst, analyst_of
from console.moments import MOMENT
from console.policy_file import POLICY_FILE, load
from console.workspace import UnreachableError, Workspace, pass_workspace

_POLL_SECONDS = 0.3
_CONCERNED = """
    SELECT uniqExact(customer_id) AS customers, count() AS touchpoints
    FROM v_touchpoints WHERE occurred_at >= {since:DateTime64(3)} AND customer_id != ''
"""


@click.command("adopt")
@click.argument("file", type=POLICY_FILE)
@click.option(
    "--from", "since", type=MOMENT, metavar="DATE", help="In force from then on; what came since is folded anew."
)
@click.option("--yes", is_flag=True, help="Do not ask first.")
@click.option("--timeout", default=60.0, show_default=True, metavar="SECONDS", help="How long workers may take.")
@output.json_option
@pass_workspace
def adopt(workspace: Workspace, file: Path, since: datetime | None, yes: bool, timeout: float, as_json: bool) -> None:
    """Put a policy in force: from now on, or with --from as if it had been since DATE.

    Each touchpoint is judged by the policy of its day, and each fact says which that was. Every customer who was
    touched since DATE is folded anew in the background, and what was said is corrected; nobody is alerted about the
    past. The file must have another name or version than the policies before it. `policy diff` shows what changes.

    \b
    Example:
      throughline policy adopt draft.yaml --from 2026-01-01
    """
    from console.agreement import rules_in_force
    from journey.rules import Rules
    from streams.agreement import Adopted

    run, proposed = workspace.run(), Rules(load(file))
    in_force, now = rules_in_force(run), datetime.now(UTC)
    start = since or now
    told = {"policy": proposed.label, "before": in_force.label, "since": start, **_refused(in_force, proposed, start)}
    analyst = analyst_of(run)
    told |= _concerned(analyst, start)
    if not yes:
        click.confirm(_question(told), abort=True, err=True)
    policy = Adopted(
        since=_ms(start),
        yaml=file.read_text(encoding="utf-8"),
        adopted_at=_ms(now),
        by=_who(),
    )
    _carry_out(run, policy, timeout)
    if as_json:
        output.print_json(told)
        return
    output.people().print(
        f"[title]{proposed.label}[/] is in force from {output.clock(start)} on, in every partition. "
        f"{told['customers']:,} customers were touched since and are folded anew in the background; "
        f"`{workspace.hint('status')}` shows how many wait"
    )


def _refused(in_force: Any, proposed: Any, since: datetime) -> dict[str, Any]:
    """Nothing where the policy may be adopted. Raises ClickException."""
    labels, rules = [], in_force
    while rules is not None:
        labels.append(rules.label)
        rules = rules.before
    if proposed.label in labels:
        raise click.ClickException(
            f"{proposed.label} has been in force already, and facts name the policy that made them: raise `version`"
        )
    if _ms(since) <= in_force.since:
        raise click.ClickException(
            f"{in_force.label} is in force from {output.instant(_moment(in_force.since))} on; adopt from a later time"
        )
    return {}


def _concerned(analyst: Analyst, since: datetime) -> dict[str, int]:
    row = analyst.ask(_CONCERNED, {"since": since.astimezone(UTC).replace(tzinfo=None)})[0]
    return {"customers": row["customers"], "touchpoints": row["touchpoints"]}


def _question(told: dict[str, Any]) -> str:
    return (
        f"Put {told['policy']} in force instead of {told['before']} from {output.clock(told['since'])} on? "
        f"{told['customers']:,} customers with {told['touchpoints']:,} touchpoints since then are folded anew"
    )


def _carry_out(run: Any, policy: Any, timeout: float) -> None:
    """Adopt it and wait until every partition has it. Raises ClickException, UnreachableError."""
    from aiokafka.errors import KafkaError

    from console.lag import KafkaView
    from streams.agreement import OvertakenError
    from streams.agreement import adopt as write
    from streams.topics import WrongTopicsError

    try:
        ends = asyncio.run(write(run.kafka, run.group, run.partitions, policy))
    except OvertakenError:
        raise click.ClickException("another policy was adopted at the same time; look at `policy diff` again") from None
    except WrongTopicsError as error:
        raise click.ClickException(str(error)) from None
    except (KafkaError, OSError) as error:
        raise UnreachableError(f"Kafka at {run.kafka} does not answer ({error!r}); see `throughline status`") from None
    view = KafkaView(run.kafka)
    # Of the same place, but another library's class than the view's own.
    wanted = {place: ends[place.topic, place.partition] for place in view.ends("journey.touchpoints")}
    _until(lambda: view.left_below(f"{run.group}.worker", wanted) == 0, timeout)


def _until(what: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    with output.aside().status("every partition takes it in its turn"):
        while not what():
            if time.monotonic() > deadline:
                raise UnreachableError(
                    "the policy is adopted, but not every worker has come to it yet: it takes effect when they do"
                )
            time.sleep(_POLL_SECONDS)


def _who() -> str:
    try:
        return getpass.getuser()
    except OSError:
        return ""


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)

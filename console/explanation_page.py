"""An explanation for people: each step with what it led to, the rule in the policy's words, and what the rule saw."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding

from console import output

Row = dict[str, Any]


def render(told: Row, name: str, console: Console, everything: bool) -> None:
    """Print what `questions.explanation.explained` told; steps that led to nothing where `everything` is wanted."""
    console.print(f"[title]{escape(name)}[/]  [quiet]by {told['policy']}, up to {output.clock(told['until'])}[/]")
    if len(told["derived_ids"]) > 1:
        console.print(f"  [quiet]one customer of {len(told['derived_ids'])} identifiers[/]")
    hidden, policy = 0, told["steps"][0]["policy"] if told["steps"] else ""
    for step in told["steps"]:
        if step["policy"] != policy:
            policy = step["policy"]
            console.print(f"\n[title]{output.clock(step['at'])}[/]  {policy} is in force")
        if step["said"] or (everything and step["touchpoint"] is not None):
            _step(step, console)
        else:
            hidden += step["touchpoint"] is not None
    if hidden:
        console.print(f"\n{hidden} touchpoints led to nothing (--all shows them).", style="quiet")
    _now(told["now"], console)
    _corrected(told["corrected"], console)


def _step(step: Row, console: Console) -> None:
    touch = step["touchpoint"]
    when = output.clock(step["at"])
    if touch is None:
        console.print(f"\n[title]{when}[/]  time alone")
    else:
        arrow = {"inbound": "<", "outbound": ">"}.get(touch["direction"], " ")
        about = f" on {escape(touch['subject'])}" if touch.get("subject") else ""
        by = f" by {escape(touch['actor'])}" if touch.get("actor") else ""
        place = escape(f"{touch['source']}/{touch['id']}")
        console.print(
            f"\n[title]{when}[/]  {arrow} {touch['type']}{about} {output.team(touch['team'])}{by} [quiet]{place}[/]"
        )
    for said in step["said"]:
        console.print(Padding(_WHAT[said["fact"]["fact"]](said["fact"]), (0, 0, 0, 2)))
        console.print(Padding(f"[quiet]rule[/] {escape(said['rule'])}{_words(said['words'])}", (0, 0, 0, 4)))
        if said["values"]:
            console.print(Padding(f"[quiet]saw[/]  {_values(said['values'])}", (0, 0, 0, 4)))


def _words(words: Any) -> str:
    return "" if words is None else f": {escape(flow(words))}"


def flow(value: Any) -> str:
    """A piece of a policy on one line, as the file may have it: {type: email.sent, within: 7d}."""
    if isinstance(value, dict) and list(value) == ["equals"]:
        return flow(value["equals"])
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return flow(value[0]) if len(value) == 1 else "[" + ", ".join(flow(inner) for inner in value) + "]"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, str) else json.dumps(value)


def _values(values: Row) -> str:
    return ", ".join(f"{escape(name)} [title]{escape(_value(value))}[/]" for name, value in values.items())


def _value(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return output.clock(value)
    return ", ".join(map(str, value)) if isinstance(value, list) else flow(value)


def _transition(fact: Row) -> str:
    left = fact["from_stage"] or "nowhere"
    return f"[title]{fact['track']}[/]: {left} to [title]{fact['to_stage']}[/] ({fact['kind']})"


def _handoff(fact: Row) -> str:
    actor = f" ({escape(fact['actor'])})" if fact["actor"] else ""
    reason = f", reason {escape(fact['reason'])}" if fact["reason"] else ""
    teams = f"{output.team(fact['from_team'])} to {output.team(fact['to_team'])}"
    return f"[title]hand-off[/] {fact['kind'].replace('_', ' ')}: {teams}{actor}{reason}"


def _overlap(fact: Row) -> str:
    about = f" on {escape(fact['subject'])}" if fact["subject"] else ""
    first = f"{output.team(fact['precedence'])} first"
    opened = "opened" if fact["last_at"] == fact["opened_at"] else "goes on"
    state = f"resolved by {fact['resolution']}" if fact["resolution"] else f"{opened}, {first}"
    return f"[{fact['severity']}]overlap[/] {fact['kind'].replace('_', ' ')}{about}: {state}"


def _clock(fact: Row) -> str:
    late = f", {output.span(fact['late_ms'])} late" if fact["late_ms"] else ""
    until = f" until {output.clock(fact['due_at'])}" if fact["state"] == "running" else ""
    style = "bad" if fact["state"] == "breached" else "title"
    return f"[{style}]clock[/] {fact['name']} of {output.team(fact['team'])}: {fact['state']}{until}{late}"


def _stalled(fact: Row) -> str:
    state = "resolved" if fact["status"] == "resolved" else "escalated" if fact["escalated_at"] else "opened"
    return f"[bad]stall[/] {fact['kind'].replace('_', ' ')} in {fact['stage']}: {state}"


def _feedback(fact: Row) -> str:
    reason = f", {escape(fact['reason'])}" if fact["reason"] else ""
    return f"[title]feedback[/] of {output.team(fact['team'])}: {fact['disposition']}{reason}"


def _deal(fact: Row) -> str:
    amount = f", {fact['amount']} {fact['currency'] or ''}" if fact["amount"] else ""
    return f"[title]deal[/] {escape(fact['deal'])}: {fact['status']}{amount}"


_WHAT: dict[str, Callable[[Row], str]] = {
    "transition": _transition,
    "handoff": _handoff,
    "overlap": _overlap,
    "clock": _clock,
    "stalled": _stalled,
    "feedback": _feedback,
    "deal": _deal,
}


def _now(now: Row, console: Console) -> None:
    console.print("\n[title]So now[/]")
    for position in now["positions"]:
        owner = output.team(position["owner_team"])
        since = output.clock(position["entered_at"])
        console.print(f"  [title]{position['track']}[/]: {position['stage']} since {since}, owned by {owner}")
    waiting = [fact for fact in now["clocks"] if fact["state"] == "running" or _is_missed(fact)]
    for fact in (*now["overlaps"], *waiting, *now["stalled"]):
        console.print(Padding(_WHAT[fact["fact"]](fact), (0, 0, 0, 2)))


def _is_missed(clock: Row) -> bool:
    return clock["state"] == "breached" and clock["stopped_at"] is None


def _corrected(corrected: list[Row], console: Console) -> None:
    if corrected:
        console.print("\n[title]Corrected[/]")
    for row in corrected:
        touchpoint = escape(f"{row.get('source')}/{row.get('touchpoint_id')}")
        sentence = {
            "correction": f"{touchpoint} came late: {row.get('published')} facts said anew, "
            f"{row.get('retracted')} taken back",
            "too_late": f"{touchpoint} came {output.span(row.get('behind_ms'))} behind: rebuilt from the whole history",
            "rebuilt": f"folded anew from {row.get('touchpoints')} touchpoints "
            f"({str(row.get('reason')).replace('_', ' ')}): {row.get('published')} facts said",
            "merge": f"merged into {row.get('into')}",
        }[row["kind"]]
        console.print(Padding(f"{output.clock(row['at'])}  {sentence}", (0, 0, 0, 2)))

"""A stream counted where it arrived: each touchpoint once, by sums that its sender kept; of no rule of the product."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from streams.stored import glance, is_redirect
from tests.faults.oracle import Verdict
from tests.faults.stream import BAD, MARK, Sent, Sum, token_of

Ask = Callable[[str], list[dict[str, Any]]]
_TOLD = 5
_TOKEN = "xxHash64(concat(source, '\\0', id))"
OURS = f"startsWith(id, '{MARK}')"
_SUMS = (
    f"SELECT bitShiftRight({_TOKEN}, 56) AS share, count() AS touchpoints, sum({_TOKEN}) AS hash"
    f" FROM v_touchpoints WHERE {OURS} GROUP BY share"
)
_PEOPLE = f"SELECT uniqExact(customer_id) AS people FROM v_touchpoints WHERE {OURS}"
_REFUSED = f"SELECT uniqExact(value) AS refused FROM v_rejected WHERE position(value, '{BAD}') > 0"
_NAMES = (
    f"SELECT source, id, count() AS copies FROM v_touchpoints WHERE {OURS}"
    f" AND bitShiftRight({_TOKEN}, 56) IN ({{shares}}) GROUP BY source, id"
)
_NAMED = re.compile(rb'\{"id":"([^"]+)","source":"([^"]+)"')


def count(ask: Ask, sent: Sent, verdict: Verdict) -> None:
    """ClickHouse against what was sent: touchpoints by sums, the people that they are of, what was refused."""
    there = _sums(ask)
    for share, mine in enumerate(sent.shares):
        found = there.get(share, Sum())
        if found.count < mine.count:
            verdict.say("lost", f"{found.count} of {mine.count} of share {share} are there", mine.count - found.count)
        elif found.count > mine.count:
            verdict.say(
                "doubled", f"{found.count} of {mine.count} of share {share} are there", found.count - mine.count
            )
        elif found != mine:
            verdict.say("diverged", f"of share {share} are others there than were sent")
    (people,) = ask(_PEOPLE)
    if int(people["people"]) != sent.people:
        verdict.say("diverged", f"there are {people['people']} customers, {sent.people} were sent")
    (refused,) = ask(_REFUSED)
    # A batch that was not confirmed is sent again: what is refused in it is refused twice.
    if int(refused["refused"]) != sent.poison:
        verdict.say("lost", f"{refused['refused']} of {sent.poison} refused are there", sent.poison)


def count_journeys(journeys: Iterable[bytes], expected: int, verdict: Verdict) -> None:
    """What the newest journeys have seen in all, against how many touchpoints there are."""
    seen = rebuilding = 0
    for value in journeys:
        journey = glance(value)
        if not (is_redirect(value) or journey.account):
            seen += journey.seen
            rebuilding += journey.rebuild > 0
    if rebuilding:
        verdict.say("diverged", f"{rebuilding} journeys wait for a rebuild")
    if seen != expected:
        verdict.say(
            "lost" if seen < expected else "doubled", f"journeys have seen {seen} of {expected}", abs(seen - expected)
        )


def named(ask: Ask, sent: Sent, again: Iterable[tuple[str, bytes]]) -> list[str]:
    """The first touchpoints that are wrong. `again` is the stream once more, from which it is known what it was."""
    there = _sums(ask)
    wrong = {share for share, mine in enumerate(sent.shares) if mine != there.get(share, Sum())}
    if not wrong:
        return []
    expected = {each for _, value in again if (each := _name(value)) and token_of(*each) >> 56 in wrong}
    rows = ask(_NAMES.format(shares=", ".join(map(str, sorted(wrong)))))
    found = {(row["source"], row["id"]): int(row["copies"]) for row in rows}
    lines = [f"{source}/{name} is not in ClickHouse" for source, name in sorted(expected - found.keys())]
    lines += [f"{source}/{name} was never sent" for source, name in sorted(found.keys() - expected)]
    lines += [
        f"{source}/{name} is {copies} times in ClickHouse" for (source, name), copies in found.items() if copies > 1
    ]
    return lines[:_TOLD]


def _sums(ask: Ask) -> dict[int, Sum]:
    return {int(row["share"]): Sum(int(row["touchpoints"]), int(row["hash"])) for row in ask(_SUMS)}


def _name(value: bytes) -> tuple[str, str] | None:
    found = _NAMED.match(value)
    return (found[2].decode(), found[1].decode()) if found else None

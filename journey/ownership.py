"""Who owns the customer, who claims a subject, and the hand-offs between the teams."""

from typing import Final

from journey.ledger import Ledger
from journey.part import Claim
from journey.policy.teamwork import Ownership
from journey.profile import Profile, passes
from journey.rules import Rules
from journey.state import Head
from journey.touch import Touch
from journey.track import Move

WHOLE: Final = ""
MOST_CLAIMS: Final = 64


def hand_over(head: Head, touch: Touch, profile: Profile, moves: list[Move], rules: Rules, ledger: Ledger) -> None:
    """Offer on the policy's moment, then move ownership as the first fitting rule says."""
    for moved in moves:
        if (moved.track, moved.to) == rules.offered_on:
            head.offered = touch.at
            ledger.handoff("offered", head, rules.takes_offers, None, touch)
    rule, team = taker(head, touch, profile, rules)
    if rule is None:
        return
    named = (touch.properties or {}).get("owner")
    actor = str(named) if named and "property" in rule.owner else touch.actor if "actor" in rule.owner else None
    answers = bool(head.offered) and rule.called in {"accepted", "rejected"}
    changes = (team, actor) != (head.owner, head.owner_actor)
    if changes or answers:
        ledger.handoff(rule.called, head, team, actor, touch)
    if changes:
        head.owner, head.owner_actor, head.owner_since = team, actor, touch.at
    if answers:
        head.offered = 0


def taker(head: Head, touch: Touch, profile: Profile, rules: Rules) -> tuple[Ownership | None, str]:
    """The first fitting rule by which ownership moves, and the team that it moves to."""
    for test, rule in profile.moves:
        if passes(test, head):
            team = rule.to if rule.to != "properties.team" else (touch.properties or {}).get("team")
            if team in rules.teams:
                return rule, str(team)
    return None, ""


def release(head: Head, touch: Touch, ledger: Ledger) -> None:
    """A team gives its precedence back."""
    let_go(head, touch)
    ledger.handoff("released", head, head.owner, touch.actor, touch)


def let_go(head: Head, touch: Touch) -> None:
    """End a team's precedence."""
    subject = touch.subject or WHOLE
    head.claims = [held for held in head.claims if (held.team, held.subject) != (touch.team, subject)]


def claim(head: Head, touch: Touch, rules: Rules, ledger: Ledger) -> Claim | None:
    """A team takes precedence. Returns the other team's active claim that it collides with."""
    contested = hold(head, touch, rules)
    ledger.handoff("claimed", head, touch.team, touch.actor, touch)
    return contested


def hold(head: Head, touch: Touch, rules: Rules) -> Claim | None:
    """Note a team's precedence. Returns the other team's active claim that it collides with."""
    subject = touch.subject or WHOLE
    active = [held for held in head.claims if held.until >= touch.at]
    contested = next((held for held in active if held.team != touch.team and held.subject in (subject, WHOLE)), None)
    head.claims = [held for held in active if (held.team, held.subject) != (touch.team, subject)]
    head.claims = [
        *head.claims[-MOST_CLAIMS + 1 :],
        Claim(subject, touch.team, touch.at + rules.claim_ms, touch.source, touch.id),
    ]
    return contested


def precedence(head: Head, subject: str | None, at: int, rules: Rules) -> tuple[str, str]:
    """(team, rule) that decides on a subject now: an active claim, else the subject's owner."""
    for held in head.claims:
        if held.until >= at and held.subject in (WHOLE, subject):
            return held.team, "claim"
    owner = rules.owner_of(subject, head) if subject else head.owner
    return owner or head.owner, "subject_owner"

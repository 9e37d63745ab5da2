"""When both teams are on one thing with different people of one account: the account's share of one touchpoint.

An account has no stage, clock or stall. Of its people it knows what two teams reached out about, claims, and whom
another team than the first one holds: enough to say which team goes first.
"""

from typing import Final

from journey.ledger import Ledger
from journey.overlap import decide, on, open_or_extend, resolve
from journey.ownership import hold, let_go, taker
from journey.part import Contact
from journey.profile import Profile, passes
from journey.rules import Rules
from journey.state import Head
from journey.touch import Touch

_MOST_HELD: Final = 64


def watch(head: Head, touch: Touch, profile: Profile, rules: Rules, ledger: Ledger) -> None:
    """Open, extend and resolve overlaps of an account by a touchpoint of one of its people."""
    if profile.moves:
        _hand_over(head, touch, profile, rules)
    if profile.release is not False and passes(profile.release, head):
        let_go(head, touch)
        resolve(head, on(touch), touch.at, "release", ledger)
    elif profile.claim is not False and passes(profile.claim, head) and hold(head, touch, rules) is None:
        resolve(head, on(touch), touch.at, "claim", ledger)
    if profile.decision is not False and passes(profile.decision, head):
        decide(head, touch, ledger)
    if profile.outbound and profile.watched:
        _outbound(head, touch, rules, ledger)


def _outbound(head: Head, touch: Touch, rules: Rules, ledger: Ledger) -> None:
    """Of each team and subject the latest contacts with two people are kept: one of them is never this person."""
    recent = [contact for contact in head.contacts if touch.at - contact.at <= rules.subject_ms]
    on_it = [contact for contact in recent if contact.subject == touch.subject]
    others = {contact.team: contact for contact in on_it if contact.team != touch.team and contact.of != touch.of}
    if others:
        latest = sorted(others.values(), key=lambda contact: (contact.at, contact.source, contact.id))
        open_or_extend(head, "account", touch.subject, touch, latest, rules, ledger)
    mine = [contact for contact in on_it if contact.team == touch.team and contact.of != touch.of]
    gone = [contact for contact in on_it if contact.team == touch.team and contact not in mine[-1:]]
    head.contacts = [contact for contact in recent if contact not in gone]
    head.contacts.append(Contact(touch.subject or "", touch.team, touch.at, touch.source, touch.id, touch.of or ""))


def _hand_over(head: Head, touch: Touch, profile: Profile, rules: Rules) -> None:
    """The account is owned by the team that took on one of its people last, and has not given that one back."""
    rule, team = taker(head, touch, profile, rules)
    if rule is None:
        return
    person, first = touch.of or "", rules.policy.owners.first
    held = {other: by for other, by in head.held.items() if other != person}
    if team != first:
        held[person] = team
    head.held = dict(list(held.items())[-_MOST_HELD:])
    head.owner = next(reversed(head.held.values()), first)

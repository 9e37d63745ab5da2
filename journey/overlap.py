"""When both teams are on one thing: found at each outbound touchpoint, resolved by claim, release, decision, expiry."""

from collections.abc import Callable
from typing import Final

from journey.ledger import OPENED, RESOLVED, Ledger, overlap_id
from journey.ownership import claim, precedence, release
from journey.part import Contact, OpenOverlap
from journey.profile import Profile, passes
from journey.rules import Rules
from journey.state import Head
from journey.touch import Touch

_MOST_REFS: Final = 16
# No agreement has so many teams or subjects; a tool that makes names up must not make state grow.
MOST_TEAMS: Final = 16
MOST_HELD: Final = 64


def turf_owner(head: Head, touch: Touch, profile: Profile, rules: Rules) -> str | None:
    """The team on whose subject another one acts, at the stage before the touchpoint; None where nobody strays."""
    if not (profile.outbound and profile.watched) or touch.subject is None:
        return None
    owner = rules.owner_of(touch.subject, head)
    if owner == touch.team or passes(profile.reply, head):
        return None
    asked = head.inbound_on.get(touch.subject, 0)
    return None if asked and touch.at - asked <= rules.reply_ms else owner


def watch(head: Head, touch: Touch, profile: Profile, owner: str | None, rules: Rules, ledger: Ledger) -> None:
    """Open, extend and resolve overlaps by a touchpoint, and remember what later ones are held against."""
    if profile.release is not False and passes(profile.release, head):
        release(head, touch, ledger)
        resolve(head, on(touch), touch.at, "release", ledger)
    elif profile.claim is not False and passes(profile.claim, head):
        _claim(head, touch, rules, ledger)
    if profile.decision is not False and passes(profile.decision, head):
        decide(head, touch, ledger)
    if profile.outbound:
        _outbound(head, touch, profile, owner, rules, ledger)
    elif profile.inbound and profile.watched and touch.subject:
        head.inbound_on[touch.subject] = touch.at
    if profile.closes is not False and passes(profile.closes, head):
        head.quote = None
    if profile.opens is not False and passes(profile.opens, head):
        head.quote = Contact("", touch.team, touch.at, touch.source, touch.id)


def decide(head: Head, touch: Touch, ledger: Ledger) -> None:
    """A person's decision resolves the overlap that it names by its id.

    Also by the id that it had before its customer, of whom the decision speaks, was found to be another one.
    """
    decided = str((touch.properties or {}).get("id", ""))
    called = {ledger.customer_id, touch.of or ledger.customer_id}
    resolve(head, lambda found: decided in {overlap_id(found, who) for who in called}, touch.at, "decision", ledger)


def expire(head: Head, overlap: OpenOverlap, at: int, ledger: Ledger) -> None:
    """Nobody has touched it for as long as the policy says."""
    head.overlaps = [other for other in head.overlaps if other is not overlap]
    ledger.overlap(overlap, RESOLVED, at, "expiry")


def _outbound(head: Head, touch: Touch, profile: Profile, owner: str | None, rules: Rules, ledger: Ledger) -> None:
    if profile.watched and touch.subject:
        others = [
            contact
            for contact in head.contacts
            if contact.subject == touch.subject
            and contact.team != touch.team
            and touch.at - contact.at <= rules.subject_ms
        ]
        if others:
            open_or_extend(head, "subject", touch.subject, touch, others, rules, ledger)
        head.contacts = [
            contact
            for contact in head.contacts
            if touch.at - contact.at <= rules.subject_ms
            and (contact.subject, contact.team) != (touch.subject, touch.team)
        ]
        head.contacts = [
            *head.contacts[-MOST_HELD + 1 :],
            Contact(touch.subject, touch.team, touch.at, touch.source, touch.id),
        ]
    quote = head.quote
    if (
        quote is not None
        and profile.conflicts is not False
        and touch.at - quote.at <= rules.quote_ms
        and passes(profile.conflicts, head)
    ):
        open_or_extend(head, "conflict", touch.subject, touch, [quote], rules, ledger)
    if owner is not None:
        open_or_extend(head, "off_turf", touch.subject, touch, [], rules, ledger, owner)
    _press(head, touch, rules, ledger)


def _press(head: Head, touch: Touch, rules: Rules, ledger: Ledger) -> None:
    times, cap = head.outbound, rules.pressure_more_than
    times.append(touch.at)
    oldest = touch.at - rules.pressure_ms
    head.teams_out.pop(touch.team, None)
    recent = [(team, at) for team, at in head.teams_out.items() if at >= oldest]
    head.teams_out = dict([*recent[-MOST_TEAMS + 1 :], (touch.team, touch.at)])
    if len(times) <= cap:
        return
    del times[: -cap - 1]
    if times[0] >= oldest and sum(at >= oldest for at in head.teams_out.values()) > 1:
        open_or_extend(head, "pressure", None, touch, [], rules, ledger)


def open_or_extend(
    head: Head,
    kind: str,
    subject: str | None,
    touch: Touch,
    others: list[Contact],
    rules: Rules,
    ledger: Ledger,
    owner: str | None = None,
) -> None:
    """Open an overlap with the touchpoints of others, or extend the open one of its kind and subject."""
    team, rule = precedence(head, subject, touch.at, rules)
    for overlap in head.overlaps:
        if (overlap.kind, overlap.subject) == (kind, subject):
            overlap.last, overlap.precedence, overlap.rule = touch.at, team, rule
            if len(overlap.teams) < MOST_TEAMS:
                overlap.teams = sorted({*overlap.teams, touch.team})
            overlap.refs.append((touch.source, touch.id))
            if len(overlap.refs) > _MOST_REFS:
                del overlap.refs[1]
            ledger.overlap(overlap)
            return
    teams = {touch.team, *(other.team for other in others)}
    if kind == "pressure":
        teams.update(head.teams_out)
    if owner is not None:
        teams.add(owner)
    overlap = OpenOverlap(
        kind,
        subject,
        touch.at,
        touch.at,
        sorted(teams),
        team,
        rule,
        [*((other.source, other.id) for other in others), (touch.source, touch.id)],
    )
    head.overlaps.append(overlap)
    ledger.overlap(overlap, OPENED, touch.at)


def _claim(head: Head, touch: Touch, rules: Rules, ledger: Ledger) -> None:
    contested, about = claim(head, touch, rules, ledger), on(touch)
    # Two teams that both claim go on doing so: that overlap alone is not resolved by one more claim.
    resolve(
        head, lambda found: about(found) and not (contested and found.kind == "double_owner"), touch.at, "claim", ledger
    )
    if contested is not None:
        other = Contact(contested.subject, contested.team, touch.at, contested.source, contested.id)
        open_or_extend(head, "double_owner", touch.subject, touch, [other], rules, ledger)


def on(touch: Touch) -> Callable[[OpenOverlap], bool]:
    """Which overlaps a touchpoint is about: those on its subject, or all."""
    return lambda overlap: touch.subject in (None, overlap.subject)


def resolve(head: Head, which: Callable[[OpenOverlap], bool], at: int, how: str, ledger: Ledger) -> None:
    """Resolve some of the open overlaps."""
    if not head.overlaps:
        return
    kept = []
    for overlap in head.overlaps:
        if which(overlap):
            ledger.overlap(overlap, RESOLVED, at, how)
        else:
            kept.append(overlap)
    head.overlaps = kept

"""One step of a journey: what one touchpoint does to a head, under the rules, in event order."""

from journey import clock, colleagues, deal, feedback, overlap, ownership, position, score
from journey.agreement import proceed
from journey.deadline import NO_ACTIVITY, fire, schedule
from journey.ledger import Ledger
from journey.part import DealRun
from journey.profile import Profile, passes
from journey.rules import Rules
from journey.state import Head
from journey.touch import Touch
from journey.track import Move, decide, move, resolve_stalls


def step(head: Head, touch: Touch, rules: Rules, ledger: Ledger) -> None:
    """Fold one touchpoint in. It must be later than every one before; what fell due before it happens first."""
    if rules.before is not None:
        rules = proceed(head, touch.at, rules, ledger)
    if head.due and head.due < touch.at:
        fire(head, touch.at - 1, rules, ledger)
    profile, said = rules.profile(touch), ledger.said
    # Traits and ownership alone change it without a move.
    before = position.fixed(head) if profile.moves or touch.properties else None
    changed = count(head, touch, profile, rules)
    if rules.of_account:
        colleagues.watch(head, touch, profile, rules, ledger)
        if ledger.said != said or _is_unaware(head, rules):
            schedule(head, rules)
        return
    dispositions = feedback.answers(head, profile) if profile.answers else []
    owner = overlap.turf_owner(head, touch, profile, rules)
    moves: list[Move] = []
    for track in rules.tracks:
        moved = decide(head, profile.tracks[track.index], track)
        if moved is not None:
            moves.append(moved)
    for moved in moves:
        move(head, moved, touch.at, touch, rules, ledger)
    if profile.moves or moves:
        ownership.hand_over(head, touch, profile, moves, rules, ledger)
    feedback.remember(head, touch, moves, rules)
    feedback.say(head, touch, dispositions, rules, ledger)
    if head.deals:
        deal.follow(head, changed, ledger)
    if moves or (before is not None and position.fixed(head) != before):
        position.note(head, touch.at, rules, ledger)
    clock.tick(head, touch, profile, moves, rules, ledger)
    overlap.watch(head, touch, profile, owner, rules, ledger)
    counted = passes(profile.counted, head)
    if counted:
        head.counted, head.counted_source, head.counted_id = touch.at, touch.source, touch.id
        resolve_stalls(head, None, NO_ACTIVITY, touch.at, ledger)
    # What waits for time changes only together with something said, or with activity that counts.
    if counted or ledger.said != said or _is_unaware(head, rules):
        schedule(head, rules)


def _is_unaware(head: Head, rules: Rules) -> bool:
    """Whether nothing is due though another policy has its day. Who was there before it was adopted waits for that."""
    return rules.until > 0 and not head.due


def count(head: Head, touch: Touch, profile: Profile, rules: Rules) -> DealRun | None:
    """Note a touchpoint before any rule is asked: what counts it, counts it too. Answers the deal that it changed."""
    if not head.seen:
        head.first = head.owner_since = touch.at
    head.seen += 1
    if not rules.of_account:
        position.meet(head, touch, rules)
    head.last, head.last_source, head.last_id = touch.at, touch.source, touch.id
    if rules.of_account:
        return None
    points = score.add(head, touch, profile, rules)
    for index in profile.counters:
        times = head.counters[index]
        times.append(touch.at)
        del times[: -rules.counters[index].count]
    return deal.change(head, touch, profile, points, rules) if profile.deals else None

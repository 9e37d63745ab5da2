"""How sales works a lead: takes it or drops it, tries to reach somebody, qualifies. Deals are in `dealing`."""

from collections.abc import Generator

from gateway.simulation.chance import Weighted
from gateway.simulation.journeys.dealing import dealt
from gateway.simulation.people import Person
from gateway.simulation.rhythm import DAY, HOUR, MINUTE, awake, office
from gateway.simulation.tools import MAILBOX
from gateway.simulation.world import REPS, World

Outcome = Generator[int, int, tuple[int, bool]]

_ROUTED_SHARE, _DROPPED_SHARE, _REJECTED_SHARE, _OVERSLEPT_SHARE = 0.88, 0.13, 0.14, 0.10
_CONNECTS, _REPLIES, _CONFIRMS = 0.32, 0.20, 0.68
_MOST_ATTEMPTS = 7
_REJECTED_FOR = Weighted(
    {
        "no_fit": 24.0, "wrong_persona": 20.0, "no_response": 16.0, "no_budget": 12.0, "bad_data": 11.0,
        "duplicate": 8.0, "existing_customer": 5.0, "competitor": 4.0,
    }
)  # fmt: skip
_RECYCLED_FOR = Weighted({"no_timing": 44.0, "no_budget": 34.0, "no_authority": 22.0})
_MISSED = Weighted({"voicemail": 55.0, "no_answer": 40.0, "wrong_number": 5.0})
_ABOUT = Weighted({"product": 70.0, "pricing": 14.0, "targeting": 6.0, "content": 10.0})
_COLD_ABOUT = Weighted({"product": 80.0, "targeting": 10.0, "pricing": 6.0, "promotion": 4.0})


def worked(world: World, person: Person, now: int) -> Outcome:
    """From the hand-off to the end of sales' work on it: (when it ended, whether it was won)."""
    for step in (_offered, _attempted, _qualified, dealt):
        now, on = yield from step(world, person, now)
        if not on:
            person.suppressed = False
            return now, False
    return now, True


def _offered(world: World, person: Person, now: int) -> Outcome:
    dice = world.dice
    person.phase = "offered"
    if dice.happens(_ROUTED_SHARE):
        now = yield now + int(dice.around(9, 1.2) * MINUTE)
        world.touch(person, now, "lead.routed", actor="automation", queue=person.account.country.code)
    if dice.happens(_DROPPED_SHARE):
        return (yield now + 20 * DAY), False
    if dice.happens(_REJECTED_SHARE):
        now = yield office(dice, now + int(dice.around(8, 0.9) * HOUR))
        reason = dice.choose(_REJECTED_FOR)
        world.touch(person, now, "lead.rejected", actor=dice.pick(REPS), reason=reason)
        _rated(world, person, now, 2)
        return now, False
    wait = dice.around(80, 0.4) if dice.happens(_OVERSLEPT_SHARE) else dice.around(2.6, 1.0)
    now = yield office(dice, now + int(wait * HOUR))
    person.rep, person.phase = dice.pick(REPS), "worked"
    person.suppressed = dice.happens(0.35)
    world.touch(person, now, "lead.accepted", actor=person.rep, owner=person.rep)
    return now, True


def _attempted(world: World, person: Person, now: int) -> Outcome:
    dice = world.dice
    if dice.happens(0.25):
        world.touch(person, now + 4 * MINUTE, "email.sent", tool=MAILBOX, actor=person.rep, automated=True)
    if dice.happens(0.06):
        world.touch(person, now + MINUTE, "owner.assigned", actor="sales-lead", team="sales", owner=person.rep)
    for attempt in range(_MOST_ATTEMPTS):
        wait = dice.around(1.5 * HOUR, 1.0) if attempt == 0 else dice.around(1.5 * DAY, 0.6)
        now = yield office(dice, now + int(wait))
        reached = yield from _attempt(world, person, now)
        if reached:
            return reached, True
        if dice.happens(0.12):
            return now, False
    if dice.happens(0.6):
        world.touch(person, now + 2 * HOUR, "lead.recycled", actor=person.rep, reason="no_response")
    return now + 2 * HOUR, False


def _attempt(world: World, person: Person, now: int) -> Generator[int, int, int | None]:
    """One call or mail; answers when the person was reached, None where nobody was."""
    dice = world.dice
    if dice.happens(0.58):
        connected = dice.happens(_CONNECTS)
        outcome = "connected" if connected else dice.choose(_MISSED)
        subject = dice.choose(_ABOUT) if connected else None
        world.touch(person, now, "call.logged", actor=person.rep, subject=subject, outcome=outcome)
        return now if connected else None
    world.touch(person, now, "email.sent", tool=MAILBOX, actor=person.rep, subject=dice.choose(_ABOUT))
    if not dice.happens(_REPLIES):
        return None
    now = yield awake(dice, now + int(dice.around(5, 1.0) * HOUR), person.account.country.offset_hours)
    world.touch(person, now, "email.received", actor=person.rep)
    return now


def _qualified(world: World, person: Person, now: int) -> Outcome:
    dice = world.dice
    now = yield office(dice, now + int(dice.around(2.5, 0.7) * DAY))
    held = "demo.held" if dice.happens(0.4) else "meeting.held"
    if dice.happens(0.72):
        world.touch(person, now, held, actor=person.rep, subject="product")
        _colleagues_join(world, person, now, held)
        now = yield now + int(dice.around(2, 0.8) * HOUR)
    if dice.happens(_CONFIRMS * min(person.drive, 1.2)):
        known = ["budget", "authority", "need", "timing"][: 2 + dice.below(3)]
        world.touch(person, now, "lead.confirmed", actor=person.rep, confirmed=known)
        _rated(world, person, now, 4)
        return now, True
    if dice.happens(0.12):
        world.touch(person, now, "lead.disqualified", actor=person.rep, reason="wrong_persona")
        if dice.happens(0.2):
            now = yield office(dice, now + 9 * DAY)
            world.touch(person, now, "lead.requalified", actor="marketer-1")
    elif dice.happens(0.7):
        world.touch(person, now, "lead.recycled", actor=person.rep, reason=dice.choose(_RECYCLED_FOR))
        _rated(world, person, now, 3)
    return now, False


def _colleagues_join(world: World, person: Person, now: int, held: str) -> None:
    for colleague in person.account.people:
        if colleague is not person and colleague.phase == "prospect" and world.dice.happens(0.22):
            world.touch(colleague, now, held, actor=person.rep, subject="product")


def _rated(world: World, person: Person, now: int, quality: int) -> None:
    if world.dice.happens(0.45):
        given = max(1, min(5, quality + world.dice.below(3) - 1))
        world.touch(person, now + MINUTE, "lead.rated", actor=person.rep or world.dice.pick(REPS), rating=given)


def prospected(world: World, person: Person, now: int) -> Generator[int, int, int]:
    """Sales calls on somebody whom marketing does not know yet. Answers when it stopped."""
    dice = world.dice
    rep = dice.pick(REPS)
    for _ in range(1 + dice.below(4)):
        now = yield office(dice, now)
        if dice.happens(0.45):
            connected = dice.happens(0.18)
            outcome = "connected" if connected else dice.choose(_MISSED)
            world.touch(person, now, "call.logged", actor=rep, subject=dice.choose(_COLD_ABOUT), outcome=outcome)
            if connected:
                break
        else:
            subject = dice.choose(_COLD_ABOUT)
            world.touch(person, now, "email.sent", tool=MAILBOX, actor=rep, subject=subject, automated=True)
        now += int(dice.around(3, 0.5) * DAY)
    return now

"""A deal: talks, quotes, discounts, and its end. Where prices and promotions of the two teams meet."""

from collections.abc import Generator
from datetime import UTC, datetime

from gateway.simulation.chance import Weighted
from gateway.simulation.people import Person
from gateway.simulation.rhythm import DAY, HOUR, MINUTE, awake, office
from gateway.simulation.tools import AUTOMATION, MAILBOX
from gateway.simulation.world import World

Outcome = Generator[int, int, tuple[int, bool]]

_OPENS, _MOST_QUOTES = 0.8, 3
_ANSWER = Weighted({"accepted": 38.0, "declined": 26.0, "silent": 36.0})
_LOST_FOR = Weighted(
    {
        "price": 28.0,
        "competition": 22.0,
        "features": 16.0,
        "no_decision_maker": 12.0,
        "cycle": 8.0,
        "unresponsive": 14.0,
    }
)
_TALK = Weighted({"meeting.held": 34.0, "call.logged": 30.0, "email.sent": 36.0})
_TALKED_ABOUT = Weighted({"product": 60.0, "pricing": 22.0, "contract": 10.0, "support": 8.0})
_REOPENS, _REOPENED_WON = 0.06, 0.6


def dealt(world: World, person: Person, now: int) -> Outcome:
    """From a qualified lead to won or lost, or to a silence that nobody ends."""
    dice = world.dice
    if not dice.happens(_OPENS):
        return now, False
    value = person.deal_value(dice)
    person.phase = "deal"
    now = yield office(dice, now + int(dice.around(1.2, 0.6) * DAY))
    deal = f"d-{world.run}-{person.number}-{person.purchases}"
    expected = datetime.fromtimestamp(now / 1000 + int(dice.around(30, 0.4)) * 86_400, UTC).date().isoformat()
    world.touch(
        person,
        now,
        "deal.created",
        actor=person.rep,
        value=value,
        owner=person.rep,
        deal=deal,
        expected_close_at=expected,
    )
    now = yield from _talked(world, person, now)
    now, agreed = yield from _quoted(world, person, now, value, deal)
    if agreed:
        return (yield from _closed(world, person, now, value, deal))
    if agreed is None and dice.happens(0.45):
        return (yield office(dice, now + 15 * DAY)), False
    now = yield office(dice, now + int(dice.around(4, 0.7) * DAY))
    world.touch(person, now, "deal.lost", actor=person.rep, value=value, deal=deal, reason=dice.choose(_LOST_FOR))
    return now, False


def _talked(world: World, person: Person, now: int) -> Generator[int, int, int]:
    dice = world.dice
    for _ in range(min(int(dice.around(2.2, 0.6)), 6)):
        now = yield office(dice, now + int(dice.around(3, 0.6) * DAY))
        kind, subject = dice.choose(_TALK), dice.choose(_TALKED_ABOUT)
        if kind == "call.logged":
            world.touch(person, now, kind, actor=person.rep, subject=subject, outcome="connected")
        elif kind == "meeting.held":
            world.touch(person, now, kind, actor=person.rep, subject=subject)
        else:
            world.touch(person, now, kind, tool=MAILBOX, actor=person.rep, subject=subject)
            if dice.happens(0.55):
                now = yield awake(dice, now + int(dice.around(6, 0.9) * HOUR), person.account.country.offset_hours)
                world.touch(person, now, "email.received", actor=person.rep, subject=subject)
    return now


def _quoted(
    world: World, person: Person, now: int, value: dict[str, str], deal: str
) -> Generator[int, int, tuple[int, bool | None]]:
    """Up to three quotes. True: accepted; False: declined for good; None: no answer."""
    dice = world.dice
    for number in range(_MOST_QUOTES):
        person.phase = "quoted"
        now = yield office(dice, now + int(dice.around(2, 0.7) * DAY))
        world.touch(person, now, "quote.sent", actor=person.rep, subject="pricing", value=value, discount=number * 5)
        _claimed(world, person, now)
        now = yield from _followed_up(world, person, now)
        answer = dice.choose(_ANSWER)
        if answer == "silent":
            return now, None
        now = yield awake(dice, now + int(dice.around(4, 0.8) * DAY), person.account.country.offset_hours)
        world.touch(person, now, f"quote.{answer}", actor=person.rep, subject="pricing")
        if answer == "accepted":
            return now, True
        if dice.happens(0.4):
            return now, False
        now = yield from _talked(world, person, now)
        world.touch(person, now + MINUTE, "deal.changed", actor=person.rep, value=value, deal=deal)
    return now, False


def _followed_up(world: World, person: Person, now: int) -> Generator[int, int, int]:
    dice = world.dice
    offset = person.account.country.offset_hours
    if dice.happens(0.3):
        now = yield awake(dice, now + int(dice.around(1.2, 0.7) * DAY), offset)
        world.touch(person, now, "email.received", actor=person.rep, subject="pricing")
        now = yield office(dice, now + int(dice.around(3, 0.8) * HOUR))
        world.touch(person, now, "email.sent", tool=MAILBOX, actor=person.rep, subject="pricing", in_reply_to="pricing")
    for _ in range(dice.below(4)):
        now = yield office(dice, now + int(dice.around(2.5, 0.5) * DAY))
        if dice.happens(0.22):
            world.touch(person, now, "email.sent", tool=MAILBOX, actor=person.rep, subject="promotion", discount=10)
        else:
            outcome = "connected" if dice.happens(0.4) else "voicemail"
            world.touch(person, now, "call.logged", actor=person.rep, subject="pricing", outcome=outcome)
    return now


def _claimed(world: World, person: Person, now: int) -> None:
    """Somebody says whose subject it is; sometimes both teams do."""
    dice = world.dice
    if not dice.happens(0.16):
        return
    subject = "pricing" if dice.happens(0.6) else "promotion"
    world.touch(person, now + 2 * HOUR, "owner.claimed", actor="sales-lead", subject=subject)
    if dice.happens(0.4):
        at = office(dice, now + int(dice.around(1.5, 0.6) * DAY))
        world.touch(person, at, "owner.claimed", tool=AUTOMATION, actor="marketer-1", subject=subject)
    if dice.happens(0.5):
        at = office(dice, now + int(dice.around(7, 0.4) * DAY))
        world.touch(person, at, "owner.released", actor="sales-lead", subject=subject)


def _closed(world: World, person: Person, now: int, value: dict[str, str], deal: str) -> Outcome:
    dice = world.dice
    now = yield office(dice, now + int(dice.around(1, 0.6) * DAY))
    world.touch(person, now, "contract.sent", actor=person.rep, subject="contract", value=value)
    now = yield office(dice, now + int(dice.around(2.5, 0.8) * DAY))
    world.touch(person, now, "deal.won", actor=person.rep, value=value, deal=deal)
    person.purchases += 1
    if not dice.happens(_REOPENS):
        return now, True
    now = yield office(dice, now + int(dice.around(5, 0.5) * DAY))
    world.touch(person, now, "deal.reopened", actor=person.rep, deal=deal, reason="terms")
    now = yield from _talked(world, person, now)
    now = yield office(dice, now + 2 * DAY)
    won = dice.happens(_REOPENED_WON)
    if won:
        world.touch(person, now, "deal.won", actor=person.rep, value=value, deal=deal)
    else:
        world.touch(person, now, "deal.lost", actor=person.rep, value=value, deal=deal, reason=dice.choose(_LOST_FOR))
    return now, won

"""Life as a customer: use, opinions, renewals, more seats, recommendations, and sometimes the end of it."""

from collections.abc import Generator

from gateway.simulation.chance import Weighted
from gateway.simulation.journeys.nurturing import visit
from gateway.simulation.people import Person
from gateway.simulation.rhythm import DAY, awake, office
from gateway.simulation.world import REPS, World

_HAPPENS = Weighted(
    {
        "visit": 50.0, "survey": 11.0, "review": 7.0, "chat": 8.0, "call": 10.0, "renewed": 5.0, "expanded": 6.0,
        "referral": 3.0, "case_study": 1.5, "bought": 2.0, "cancelled": 3.0,
    }
)  # fmt: skip
_RATING = Weighted({5: 34.0, 4: 30.0, 3: 18.0, 2: 10.0, 1: 8.0})


def served(world: World, person: Person, now: int) -> Generator[int, int, int]:
    """Everything a customer does until the subscription ends; answers when it did."""
    dice = world.dice
    person.phase, person.suppressed = "customer", False
    person.rep = person.rep or dice.pick(REPS)
    offset = person.account.country.offset_hours
    while True:
        now = yield awake(dice, now + int(dice.around(11, 0.8) * DAY), offset)
        what = dice.choose(_HAPPENS)
        if what == "visit":
            visit(world, person, now)
        elif what in {"survey", "review", "chat", "referral", "case_study"}:
            _said(world, person, now, what)
        else:
            now = yield office(dice, now)
            _recorded(world, person, now, what)
            if what == "cancelled":
                return now


def _said(world: World, person: Person, now: int, what: str) -> None:
    dice = world.dice
    if what == "survey":
        world.touch(person, now, "survey.answered", subject="survey", nps=min(10, 4 + dice.below(7)))
    elif what == "review":
        world.touch(person, now, "review.posted", rating=dice.choose(_RATING))
    elif what == "chat":
        world.touch(person, now, "chat.started", subject="support")
    elif what == "referral":
        world.touch(person, now, "referral.made")
    else:
        world.touch(person, now, "case_study.agreed", content="case study")


def _recorded(world: World, person: Person, now: int, what: str) -> None:
    value = person.deal_value(world.dice)
    if what == "renewed":
        world.touch(person, now, "deal.renewed", actor=person.rep, value=value)
    elif what == "expanded":
        world.touch(person, now, "subscription.expanded", actor=person.rep, value=value, seats=5)
    elif what == "bought":
        person.purchases += 1
        world.touch(person, now, "deal.won", actor=person.rep, value=value)
    elif what == "cancelled":
        world.touch(person, now, "subscription.cancelled", actor=person.rep, reason="features")
    else:
        world.touch(person, now, "call.logged", actor=person.rep, subject="support", outcome="connected")

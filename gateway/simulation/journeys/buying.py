"""How people come to buy, from where they stand: not a line. They look, stop, come back, ask, lose interest, return."""

from collections.abc import Callable, Generator

from gateway.simulation.chance import Weighted
from gateway.simulation.journeys.nurturing import visit
from gateway.simulation.journeys.owning import served
from gateway.simulation.journeys.selling import prospected, worked
from gateway.simulation.people import Person
from gateway.simulation.rhythm import DAY, HOUR, MINUTE, SECOND, awake, office
from gateway.simulation.world import CONTENT, World

Steps = Generator[int, int, int]
Step = Callable[[World, Person, int], Steps]

_UNAWARE, _RESEARCHING, _SHOPPING, _READY = 0, 1, 2, 3
_LEVEL = {"unaware": _UNAWARE, "researching": _RESEARCHING, "shopping": _SHOPPING, "customer": _READY}
# The likelihood of going on to the next step, for somebody of average drive.
_CURIOUS, _SHOPS, _ASKS = 0.56, 0.34, 0.68
_FOUND_BY = Weighted(
    {"ads": 24.0, "search": 22.0, "social": 12.0, "list": 20.0, "fair": 8.0, "sales": 9.0, "referral": 5.0}
)
_ASKS_FOR = Weighted({"demo": 46.0, "trial": 28.0, "chat": 12.0, "score": 14.0})
_RETURNS_TO = Weighted({_UNAWARE: 25.0, _RESEARCHING: 60.0, _SHOPPING: 15.0})


def lifetime(world: World, person: Person, since: int, length: int) -> Generator[int, int, None]:
    """Everything a person does, without end: rounds of looking around that may reach sales, and long pauses."""
    dice = world.dice
    share = dice.uniform(0, 0.14) if dice.happens(0.3) or person.entry != "unaware" else dice.uniform(0.02, 0.97)
    now = yield awake(dice, since + int(share * length), person.account.country.offset_hours)
    level = _LEVEL[person.entry]
    if person.entry == "customer":
        now = yield from _remembered(world, person, now)
        level = _RESEARCHING
    while True:
        now, reached = yield from _round(world, person, now, level)
        if reached == _READY:
            now, won = yield from worked(world, person, now)
            if won:
                now = yield from served(world, person, now)
        # Whom sales gave back, marketing takes up again sooner.
        now = yield from _pause(world, person, now, 17 if reached == _READY else 34)
        level = dice.choose(_RETURNS_TO) if reached > _UNAWARE else reached


def _round(world: World, person: Person, now: int, level: int) -> Generator[int, int, tuple[int, int]]:
    dice = world.dice
    steps: tuple[tuple[Step, float], ...] = ((_found, _CURIOUS), (_researched, _SHOPS), (_shopped, _ASKS))
    for reached, (step, chance) in enumerate(steps[level:], start=level):
        now = yield from step(world, person, now)
        if not dice.happens(chance * person.drive):
            return now, reached
        now = yield awake(dice, now + int(dice.around(3, 0.9) * DAY), person.account.country.offset_hours)
    now = yield from _asked(world, person, now)
    return now, _READY


def _found(world: World, person: Person, now: int) -> Steps:
    """The first contact: most of the time one that we paid for."""
    dice = world.dice
    by = dice.choose(_FOUND_BY)
    if by == "sales" and person.rep == "":
        return (yield from prospected(world, person, now))
    if by == "ads":
        campaign = dice.pick(("search-category", "social-retargeting", "named-accounts"))
        subject = "targeting" if campaign == "named-accounts" else None
        world.touch(person, now, "ad.viewed", campaign=campaign, subject=subject)
        if dice.happens(0.55):
            now = yield now + int(dice.around(2, 1.0) * MINUTE)
            world.touch(person, now, "ad.clicked", campaign=campaign)
            return visit(world, person, now + 3 * SECOND, campaign)
    elif by in {"search", "referral"}:
        return visit(world, person, now, "search-brand" if dice.happens(0.4) else None)
    elif by == "social":
        world.touch(person, now, "social.engaged", campaign="social-retargeting" if dice.happens(0.3) else None)
    elif by == "fair":
        person.listed = True
        world.touch(person, now, "event.badge_scanned", campaign="trade-fair", traits=person.traits())
        if dice.happens(0.3):
            world.touch(person, office(dice, now + 3 * DAY), "merchandise.shipped", campaign="trade-fair")
    else:
        person.listed = True
        world.touch(
            person, office(dice, now), "direct_mail.sent", campaign="first-letter", content=dice.choose(CONTENT)
        )
    return now + HOUR


def _researched(world: World, person: Person, now: int) -> Steps:
    """A few visits, days apart; often something worth leaving an address for."""
    dice = world.dice
    offset = person.account.country.offset_hours
    for _ in range(1 + min(int(dice.around(1.6, 0.7)), 6)):
        at = visit(world, person, now, pricing=dice.happens(0.03))
        if dice.happens(0.36):
            _left_address(world, person, at)
        elif dice.happens(0.10) and person.known:
            world.touch(person, at + HOUR, "webinar.attended", campaign="webinar-series", minutes=dice.below(60))
        elif dice.happens(0.05):
            world.touch(person, at, "chat.started", subject="product")
        now = yield awake(dice, at + int(dice.around(4.5, 0.9) * DAY), offset)
    return now


def _left_address(world: World, person: Person, at: int) -> None:
    dice = world.dice
    content = dice.choose(CONTENT)
    if not person.known or dice.happens(0.2):
        person.known = person.listed = True
        world.touch(person, at, "form.submitted", content=content, form="download", traits=person.traits())
        at += 20 * SECOND
    world.touch(person, at, "content.downloaded", subject="content", content=content)


def _shopped(world: World, person: Person, now: int) -> Steps:
    """Looking at prices, and at what colleagues say."""
    dice = world.dice
    for number in range(1 + min(int(dice.around(0.8, 0.6)), 3)):
        at = visit(world, person, now, pricing=number == 0 or dice.happens(0.3))
        if dice.happens(0.2):
            _left_address(world, person, at)
        now = yield awake(dice, at + int(dice.around(3.5, 0.8) * DAY), person.account.country.offset_hours)
    return now


def _asked(world: World, person: Person, now: int) -> Steps:
    """The step that makes a lead: a demo, a trial, a question about prices, or marketing's own score."""
    dice = world.dice
    person.known = person.listed = True
    wish = dice.choose(_ASKS_FOR)
    if wish == "demo":
        world.touch(person, now, "demo.requested", subject="product", traits=person.traits())
    elif wish == "trial":
        world.touch(person, now, "trial.started", plan=dice.pick(("team", "business")), traits=person.traits())
    elif wish == "chat":
        world.touch(person, now, "chat.started", subject="pricing")
        world.touch(
            person, now + 5 * MINUTE, "form.submitted", subject="pricing", form="contact", traits=person.traits()
        )
    now = yield now + int(dice.around(12, 0.8) * MINUTE)
    if wish != "demo" or dice.happens(0.5):
        rule = "score" if wish == "score" else "act"
        world.touch(person, now, "lead.qualified", actor="automation", rule=rule, traits=person.traits())
    return now


def _remembered(world: World, person: Person, now: int) -> Steps:
    """A customer since before the window: the CRM tells the deal, customer success goes on from there."""
    person.known = person.listed = True
    world.touch(person, office(world.dice, now), "deal.won", value=person.deal_value(world.dice), imported=True)
    person.purchases = 1
    return (yield from served(world, person, now + DAY))


def _pause(world: World, person: Person, now: int, median_days: int) -> Steps:
    """Quiet: weeks, often months. Advertising goes on."""
    dice = world.dice
    person.phase, person.suppressed = "prospect", False
    for _ in range(dice.below(3)):
        now = yield awake(dice, now + int(dice.around(6, 0.8) * DAY), person.account.country.offset_hours)
        if not person.known:
            world.touch(person, now, "ad.viewed", campaign="social-retargeting")
    return (yield awake(dice, now + int(dice.around(median_days, 0.7) * DAY), person.account.country.offset_hours))

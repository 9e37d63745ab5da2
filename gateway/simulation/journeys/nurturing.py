"""Marketing's mails to everybody on its list. It looks at what sales is doing less often than it should."""

from collections.abc import Generator

from gateway.simulation.chance import Weighted
from gateway.simulation.people import Person
from gateway.simulation.rhythm import DAY, HOUR, MINUTE, SECOND, awake, mailing
from gateway.simulation.tools import WEBSITE
from gateway.simulation.world import CONTENT, PAGES, PRICING_PAGES, World

_PROGRAM = Weighted({"newsletter": 66.0, "product": 24.0, "plans": 2.0, "targeted": 8.0})
_PROGRAM_WHEN_WARM = Weighted({"newsletter": 48.0, "product": 26.0, "plans": 20.0, "targeted": 6.0})
_SUBJECTS = {"newsletter": "content", "product": "product", "plans": "pricing", "targeted": "targeting"}
_PROMOTED_SHARE, _LOOKS_AWAY_SHARE = 0.6, 0.85


def nurture(world: World, person: Person, since: int) -> Generator[int, int, None]:
    """A mail every week or two while the person is on the list; opened, clicked, sometimes the last one."""
    dice = world.dice
    now = yield since + int(dice.uniform(0, 12) * DAY)
    while True:
        now = yield mailing(dice, now + int(dice.around(4.5 if person.phase in {"deal", "quoted"} else 8, 0.5) * DAY))
        if not (person.listed or person.known) or person.unsubscribed:
            now = yield now + 10 * DAY
        elif not _held_back(world, person):
            _mail(world, person, now)


def _held_back(world: World, person: Person) -> bool:
    """Whether marketing knows that sales is talking to the person, and keeps quiet."""
    return person.suppressed and not world.dice.happens(0.1)


def _mail(world: World, person: Person, now: int) -> None:
    dice = world.dice
    warm = person.phase not in {"prospect", "customer"}
    program = dice.choose(_PROGRAM_WHEN_WARM if warm else _PROGRAM)
    campaign, subject = program, _SUBJECTS[program]
    promotion = world.promotion(now)
    if promotion and (not warm or dice.happens(_LOOKS_AWAY_SHARE)) and dice.happens(_PROMOTED_SHARE):
        campaign, subject = promotion, "promotion"
    content = dice.choose(CONTENT) if subject == "content" else None
    world.touch(
        person, now, "email.sent", subject=subject, campaign=campaign, content=content, actor="mailer", automated=True
    )
    if dice.happens(0.27 + 0.1 * person.drive * (person.phase != "prospect")):
        _opened(world, person, now, campaign, content)


def _opened(world: World, person: Person, now: int, campaign: str, content: str | None) -> None:
    dice = world.dice
    offset = person.account.country.offset_hours
    at = awake(dice, now + int(dice.around(90, 1.3) * MINUTE), offset)
    world.touch(person, at, "email.opened", campaign=campaign, content=content)
    if dice.happens(0.004):
        person.unsubscribed = True
        world.touch(person, at + 30 * SECOND, "email.unsubscribed", campaign=campaign)
    elif dice.happens(0.11 * person.drive):
        at += int(dice.around(40) * SECOND)
        world.touch(person, at, "email.clicked", campaign=campaign, content=content)
        # The link in the mail tells the website who is there.
        if not person.known and dice.happens(0.5):
            person.known = True
        visit(world, person, at + 2 * SECOND, campaign)


def visit(world: World, person: Person, at: int, campaign: str | None = None, pricing: bool = False) -> int:
    """A visit to the website: one page and often more, minutes apart. Answers when it ended."""
    dice = world.dice
    for number in range(1 + min(int(dice.around(1.0, 0.8)), 6)):
        path = dice.pick(PRICING_PAGES) if pricing and number == 0 else dice.choose(PAGES)
        world.touch(person, at, "page.viewed", tool=WEBSITE, campaign=campaign, path=path)
        at += int(min(dice.around(70, 0.9) * SECOND, HOUR))
    return at

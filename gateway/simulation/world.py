"""What the simulated people share: teams, campaigns, content, and the way a touchpoint comes about."""

from dataclasses import dataclass
from heapq import heappush
from itertools import count

from gateway.simulation import spelling
from gateway.simulation.chance import Dice, Weighted
from gateway.simulation.noise import delay_ms, repeats
from gateway.simulation.people import Person
from gateway.simulation.rhythm import DAY
from gateway.simulation.tools import CHANNELS, TYPES, Tool

MARKETERS = ("marketer-1", "marketer-2", "marketer-3")
REPS = tuple(f"rep-{number}" for number in range(1, 9))
CONTENT = Weighted(
    {
        "ebook: one line through the funnel": 24.0,
        "white paper: lead definitions that hold": 20.0,
        "case study: half the hand-off time": 22.0,
        "blog: why good leads go cold": 18.0,
        "interview: marketing and sales at one table": 9.0,
        "guide: choosing a tracker": 7.0,
    }
)
PAGES = Weighted(
    {"/": 20.0, "/product": 22.0, "/customers": 12.0, "/blog/good-leads-go-cold": 18.0, "/docs": 12.0, "/about": 6.0}
)
PRICING_PAGES = ("/pricing", "/pricing", "/pricing/teams", "/pricing/enterprise")
_PROMOTIONS = ("annual-plan-offer", "switch-and-save", "bundle-weeks")
_PROMOTION_EVERY_DAYS, _PROMOTION_STARTS, _PROMOTION_LASTS = 28, 16, 10


@dataclass(frozen=True, slots=True)
class Campaign:
    """A running campaign and what it costs a day, in cents."""

    name: str
    channel: str
    daily_cents: int
    currency: str
    weekdays_only: bool


CAMPAIGNS = (
    Campaign("search-brand", "ads", 18_000, "USD", False),
    Campaign("search-category", "ads", 46_000, "USD", False),
    Campaign("social-retargeting", "ads", 21_500, "EUR", False),
    Campaign("named-accounts", "ads", 38_000, "EUR", True),
    Campaign("webinar-series", "event", 12_000, "GBP", True),
)


@dataclass(slots=True)
class Draft:
    """A touchpoint before it is written down: `occurred_at` is filled in when it is emitted."""

    touchpoint: dict[str, object]
    occurred_ms: int
    tool: Tool
    offset_hours: int | None
    stamp: str | None = None
    person: Person | None = None


# (epoch ms of arrival, tie-breaker, the draft, how often it has been emitted before)
Pending = tuple[int, int, Draft, int]


class World:
    """The state of one simulation outside of its people. `run` tells its ids from another simulation's."""

    def __init__(self, dice: Dice, since: int, run: str) -> None:
        self.dice = dice
        self.since = since
        self.run = run
        self.pending: list[Pending] = []
        self._numbers = count(1)
        self._order = count()

    def promotion(self, at: int) -> str | None:
        """The promotion that marketing runs at `at`: ten days in every four weeks."""
        day = (at - self.since) // DAY
        if _PROMOTION_STARTS <= day % _PROMOTION_EVERY_DAYS < _PROMOTION_STARTS + _PROMOTION_LASTS:
            return _PROMOTIONS[day // _PROMOTION_EVERY_DAYS % len(_PROMOTIONS)]
        return None

    def touch(
        self,
        person: Person | None,
        at: int,
        type_name: str,
        *,
        tool: Tool | None = None,
        subject: str | None = None,
        campaign: str | None = None,
        content: str | None = None,
        actor: str | None = None,
        value: dict[str, str] | None = None,
        cost: dict[str, str] | None = None,
        channel: str | None = None,
        **properties: object,
    ) -> None:
        """Let a touchpoint happen at `at` (epoch ms, not in the past); it is emitted when its tool gets to it."""
        usual, direction = TYPES[type_name]
        tool = tool or usual
        touchpoint: dict[str, object] = {
            "id": f"{tool.source}-{self.run}-{next(self._numbers):x}",
            "source": tool.source,
            "type": type_name,
            "team": tool.team,
            "occurred_at": None,
            "direction": direction,
        }
        if person is not None:
            touchpoint["customer"] = self.customer(person, tool)
        optional = {
            "channel": channel or CHANNELS.get(type_name), "actor": actor, "subject": subject, "campaign": campaign,
            "content": content, "value": value, "cost": cost, "properties": properties,
        }  # fmt: skip
        for name, given in optional.items():
            if given:
                touchpoint[name] = given
        offset = person.account.country.offset_hours if person is not None and tool.writes_local_time else None
        self._send(Draft(touchpoint, at, tool, offset, person=person))

    def customer(self, person: Person, tool: Tool) -> dict[str, str]:
        """The identifiers by which `tool` knows the person, as it spells them."""
        dice = self.dice
        if tool.naming == "contact":
            return {
                "email": spelling.email(dice, person.email),
                "phone": spelling.phone(dice, person.phone),
                "account": person.account.domain,
            }
        named: dict[str, str] = {}
        if tool.naming != "address":
            named["anonymous_id"] = dice.pick(person.browsers) if person.known else person.browsers[0]
        if tool.naming != "browser" or person.known:
            named["email"] = spelling.email(dice, person.email)
            named["account"] = person.account.domain
        return named

    def _send(self, draft: Draft) -> None:
        arrives = draft.occurred_ms + delay_ms(self.dice, draft.tool)
        heappush(self.pending, (arrives, next(self._order), draft, 0))
        for again, after in enumerate(repeats(self.dice), start=1):
            heappush(self.pending, (arrives + after, next(self._order), draft, again))

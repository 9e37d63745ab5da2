"""What campaigns cost, day by day: spend.recorded names no customer."""

from collections.abc import Generator

from gateway.simulation.rhythm import DAY, HOUR, weekday
from gateway.simulation.world import Campaign, World


def spend(world: World, campaign: Campaign, since: int) -> Generator[int, int, None]:
    """One spend.recorded at the end of every day on which the campaign ran."""
    now = yield (since // DAY + 1) * DAY - HOUR
    while True:
        if not campaign.weekdays_only or weekday(now) < 5:
            cents = int(campaign.daily_cents * world.dice.around(1.0, 0.2))
            cost = {"amount": f"{cents // 100}.{cents % 100:02d}", "currency": campaign.currency}
            clicks = int(cents / 100 / world.dice.uniform(1.8, 4.2))
            world.touch(
                None, now, "spend.recorded", campaign=campaign.name, channel=campaign.channel, cost=cost, clicks=clicks
            )
        now = yield now + DAY

"""When people act: office hours for teams, days, evenings and quiet weekends for customers. Times are epoch ms."""

from gateway.simulation.chance import Dice

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_OPENS, _CLOSES = 8, 17
_SATURDAY = 5
# How likely a customer is to act in an hour of the local day, against the busiest one.
_BY_HOUR = (
    0.03, 0.02, 0.01, 0.01, 0.02, 0.05, 0.15, 0.35, 0.70, 0.95, 1.00, 0.90,
    0.60, 0.75, 0.95, 0.90, 0.75, 0.55, 0.40, 0.40, 0.45, 0.40, 0.25, 0.10,
)  # fmt: skip
_BY_WEEKDAY = (0.95, 1.0, 1.0, 0.95, 0.75, 0.22, 0.28)


def weekday(at: int) -> int:
    """0 is Monday; day 0 of the epoch was a Thursday."""
    return (at // DAY + 3) % 7


def office(dice: Dice, at: int) -> int:
    """`at` where it is within office hours (UTC, Monday to Friday), else a moment of the next working morning."""
    hour = at % DAY // HOUR
    if weekday(at) < _SATURDAY:
        if _OPENS <= hour < _CLOSES:
            return at
        if hour < _OPENS:
            return _morning(dice, at // DAY)
    day = at // DAY + 1
    while (day + 3) % 7 >= _SATURDAY:
        day += 1
    return _morning(dice, day)


def awake(dice: Dice, at: int, offset_hours: int = 0) -> int:
    """A moment at or after `at` at which a customer, `offset_hours` ahead of UTC, is likely to act."""
    local = at + offset_hours * HOUR
    for _ in range(30):
        weight = _BY_HOUR[local % DAY // HOUR] * _BY_WEEKDAY[weekday(local)]
        if dice.happens(weight):
            break
        local += int(dice.uniform(20, 160) * MINUTE)
    return local - offset_hours * HOUR


def mailing(dice: Dice, at: int) -> int:
    """The next working day's mailing: sent in one run at 7, 9 or 13 o'clock, which takes a quarter of an hour."""
    day = at // DAY + 1
    while (day + 3) % 7 >= _SATURDAY:
        day += 1
    return day * DAY + dice.pick((7, 9, 9, 13)) * HOUR + int(dice.uniform(0, 15) * MINUTE)


def _morning(dice: Dice, day: int) -> int:
    return day * DAY + _OPENS * HOUR + min(int(dice.around(40) * MINUTE), 5 * HOUR)

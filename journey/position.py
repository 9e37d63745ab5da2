"""What a position says of its customer besides the places: noted whenever a position is said anew, as of then."""

from typing import Final

from journey.ledger import Ledger
from journey.rules import Rules
from journey.state import NEVER, Head
from journey.touch import Touch

ENGAGEMENT_SCALE: Final = 100


def meet(head: Head, touch: Touch, rules: Rules) -> None:
    """Remember when each team last had to do with the customer. Must come before the touchpoint is the last one."""
    elapsed, numbers = touch.at - head.last, rules.team_numbers
    head.touched = [ago + elapsed if ago >= 0 else ago for ago in head.touched] or [NEVER] * len(numbers)
    number = numbers.get(touch.team)
    if number is not None:
        head.touched[number] = 0


def fixed(head: Head) -> tuple[object, ...]:
    """What a position says that changes without a move."""
    return head.owner, head.owner_actor, head.owner_since, head.fit, head.persona


def note(head: Head, at: int, rules: Rules, ledger: Ledger) -> None:
    """Say the positions anew, as of `at`: a move, another owner, another persona or fit."""
    engagement = head.engagement * 0.5 ** ((at - head.scored) / rules.half_life_ms) if head.engagement else 0.0
    head.placed, head.placed_engagement = at, round(engagement * ENGAGEMENT_SCALE)
    head.placed_touched = [ago + at - head.last if ago >= 0 else ago for ago in head.touched]
    ledger.placed = True

"""What sales answers to a lead, told together with what had made the customer one."""

from typing import Any

from journey.ledger import Ledger
from journey.part import Lead
from journey.profile import Profile, passes
from journey.rules import Rules
from journey.state import Head
from journey.touch import Touch
from journey.track import Move


def answers(head: Head, profile: Profile) -> list[str]:
    """The dispositions that a touchpoint says: asked before it moves the customer."""
    return [disposition for disposition, test in profile.answers if passes(test, head)]


def remember(head: Head, touch: Touch, moves: list[Move], rules: Rules) -> None:
    """Keep the latest campaign and content by which the customer may become a lead, and how it became one."""
    if touch.team == rules.led_by:
        head.campaign = touch.campaign or head.campaign
        head.content = touch.content or head.content
    for moved in moves:
        if (moved.track, moved.to) == rules.makes_lead:
            head.lead = Lead(
                touch.at,
                moved.rule,
                rules.label,
                touch.campaign or head.campaign,
                touch.content or head.content,
                head.persona,
            )


def say(head: Head, touch: Touch, dispositions: list[str], rules: Rules, ledger: Ledger) -> None:
    """Say each disposition with its reason and rating."""
    properties = touch.properties or {}
    for disposition in dispositions:
        reason = _reason(properties.get("reason"), rules.reasons.get(disposition, frozenset()))
        ledger.feedback(disposition, reason, _rating(properties.get("rating")), head, touch)


def _reason(said: Any, known: frozenset[str]) -> str | None:
    """A reason in the policy's spelling where it knows it: `Bad data` is bad_data."""
    if said in (None, ""):
        return None
    plain = "_".join(str(said).lower().replace("-", " ").replace("_", " ").split())
    return plain if plain in known else str(said)


def _rating(said: Any) -> float | None:
    try:
        return None if said is None or isinstance(said, bool) else float(said)
    except (TypeError, ValueError):
        return None

"""Engagement that fades with event time, and fit by the latest traits known."""

from journey.profile import Profile, passes
from journey.rules import Rules
from journey.state import Head
from journey.touch import Touch


def add(head: Head, touch: Touch, profile: Profile, rules: Rules) -> None:
    """Let engagement fade to this moment, then add the touchpoint's points and traits."""
    if head.engagement:
        head.engagement *= 0.5 ** ((touch.at - head.scored) / rules.half_life_ms)
    head.scored = touch.at
    for test, points in profile.points:
        if passes(test, head):
            head.engagement += points
    properties = touch.properties
    traits = properties.get(rules.policy.score.traits) if properties else None
    if isinstance(traits, dict):
        known = dict(head.traits or {})
        known.update((trait, traits[trait]) for trait, _, _ in rules.fit if traits.get(trait) is not None)
        head.traits = known
        head.fit = float(sum(points for trait, test, points in rules.fit if test.holds(known.get(trait))))

"""Engagement that fades with event time; fit and persona by the latest traits known."""

from journey.profile import Profile, passes
from journey.rules import Rules
from journey.state import Head
from journey.touch import Touch


def add(head: Head, touch: Touch, profile: Profile, rules: Rules) -> float:
    """Take the touchpoint's traits in, let engagement fade to this moment, add the touchpoint's points; answer them."""
    properties = touch.properties
    traits = properties.get(rules.traits_named_by) if properties else None
    if isinstance(traits, dict):
        _learn(head, traits, rules)
    if head.engagement:
        head.engagement *= 0.5 ** ((touch.at - head.scored) / rules.half_life_ms)
    head.scored = touch.at
    given = 0.0
    for test, points in profile.points:
        if passes(test, head):
            given += points
            head.engagement += points
    return given


def _learn(head: Head, traits: dict[str, object], rules: Rules) -> None:
    known = dict(head.traits or {})
    known.update((trait, traits[trait]) for trait in rules.traits_read if traits.get(trait) is not None)
    head.traits = known
    head.fit = float(sum(points for trait, test, points in rules.fit if test.holds(known.get(trait))))
    head.persona = rules.persona_of(known)

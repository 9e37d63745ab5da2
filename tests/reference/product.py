"""The product's answer to the same touchpoints, in the reference's words: the only file here that knows journey/."""

from datetime import datetime
from random import Random
from typing import Any

from journey.fact import Clock, Handoff, Overlap, Position, Ref, Stalled, Transition
from journey.touch import Touch
from tests.journey.telling import RULES, Story
from tests.reference.line import DAY, moment

OURS = ("id", "source", "type", "team", "direction", "channel", "subject", "actor", "campaign", "content", "properties")


def touch_of(given: dict[str, Any]) -> Touch:
    return Touch(at=moment(given["occurred_at"]), **{name: given[name] for name in OURS if name in given})


def played(arrivals: list[dict[str, Any]], now: int, chance: Random | None = None) -> Story:
    """A story into which touchpoints arrived: one by one, or in batches with sweeps between, the clock ahead."""
    story = Story()
    waiting = [touch_of(given) for given in arrivals]
    while waiting:
        count = 1 if chance is None else chance.randint(1, 20)
        batch, waiting = waiting[:count], waiting[count:]
        newest = max(touch.at for touch in batch)
        ahead = 0 if chance is None or chance.random() < 0.5 else newest + chance.choice((0, DAY, 30 * DAY))
        story.arrive(batch, min(ahead, now))
    story.arrive([], now)
    return story


def answer(story: Story, now: int) -> dict[str, Any]:
    """What stands at `now`, as `tests.reference.outcome.follow` would tell it."""
    head = story.journey.head
    return {
        "tracks": {
            fact.track: {
                "stage": fact.stage, "entered_at": ms(fact.entered_at), "furthest": fact.furthest,
                "visits": fact.visits,
            }
            for fact in story.current(Position)
        },
        "transitions": [
            {
                "track": fact.track, "from": fact.from_stage, "to": fact.to_stage, "kind": fact.kind, "at": ms(fact.at),
                "touchpoint": named(fact.touchpoint),
            }
            for fact in story.current(Transition)
        ],
        "overlaps": [
            {
                "kind": fact.kind, "subject": fact.subject, "status": fact.status, "severity": fact.severity,
                "precedence": fact.precedence, "opened_at": ms(fact.opened_at), "last": ms(fact.last_at),
                "resolution": fact.resolution, "resolved_at": ms(fact.resolved_at),
            }
            for fact in story.current(Overlap)
        ],
        "clocks": [
            {
                "name": fact.name, "state": fact.state, "started_at": ms(fact.started_at), "due_at": ms(fact.due_at),
                "stopped_at": ms(fact.stopped_at),
            }
            for fact in story.current(Clock)
        ],
        "stalls": [
            {
                "kind": fact.kind, "track": fact.track, "stage": fact.stage, "since": ms(fact.since),
                "escalated_at": ms(fact.escalated_at), "resolved": ms(fact.resolved_at),
            }
            for fact in story.current(Stalled)
        ],
        "owner": {"team": head.owner, "actor": head.owner_actor, "since": head.owner_since or None},
        "handoffs": [
            {
                "kind": fact.kind, "at": ms(fact.at), "touchpoint": named(fact.touchpoint), "reason": fact.reason,
                "offered": ms(fact.offered_at) if fact.latency_ms is not None else None,
            }
            for fact in story.current(Handoff)
        ],
        "score": {
            "fit": int(head.fit),
            "engagement": head.engagement * 0.5 ** ((now - head.scored) / RULES.half_life_ms),
        },
    }  # fmt: skip


def overlap_ids(story: Story) -> dict[tuple[str, str | None, int], str]:
    """The ids by which a person's decision would mean the overlaps of a story."""
    return {(fact.kind, fact.subject, ms(fact.opened_at) or 0): fact.id for fact in story.current(Overlap)}


def ms(at: datetime | None) -> int | None:
    return None if at is None else moment(at.isoformat())


def named(ref: Ref | None) -> tuple[str, str] | None:
    return None if ref is None else (ref.source, ref.id)

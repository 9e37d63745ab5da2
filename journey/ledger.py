"""What a fold says: the newest content of each fact, and the events in its life that people may be told of."""

from decimal import Decimal
from typing import Final

from journey.condition import AMOUNT_SCALE
from journey.fact import Clock, Deal, Fact, Feedback, Handoff, Overlap, Position, Ref, Stalled, Transition
from journey.part import (
    BREACHED,
    CLOCK_STATES,
    DEAL_STATES,
    NOBODY,
    RUNNING,
    ClockRun,
    DealRun,
    OpenOverlap,
    Stall,
    Stay,
)
from journey.rules import Rules, TrackRules
from journey.saying import fact_id, instant, instant_or_none
from journey.state import Head
from journey.touch import Touch

OPENED: Final = "opened"
ESCALATED: Final = "escalated"
RESOLVED: Final = "resolved"
BROKEN: Final = "breached"


class Ledger:
    """Facts by id in the order they were last said, and (fact id, event) with its instant in milliseconds.

    `placed` says that positions are to be said anew, `said` counts what was said.
    """

    def __init__(self, customer_id: str, rules: Rules) -> None:
        self.customer_id = customer_id
        self.rules = rules
        self.facts: dict[str, Fact] = {}
        self.events: dict[tuple[str, str], int] = {}
        self.placed = False
        self.said = 0

    def transition(
        self, track: TrackRules, left: int, to: int, kind: str, at: int, dwell_ms: int, rule: str, touch: Touch | None
    ) -> None:
        anchor: tuple[object, ...] = ("by time", at) if touch is None else (touch.source, touch.id)
        self._say(
            Transition(
                id=fact_id(self.customer_id, "transition", track.name, *anchor),
                customer_id=self.customer_id,
                policy=self.rules.label,
                at=instant(at),
                track=track.name,
                kind=kind,
                from_stage=None if left < 0 else track.places[left].name,
                to_stage=track.places[to].name,
                dwell_ms=None if left < 0 else dwell_ms,
                rule=rule,
                touchpoint=None if touch is None else Ref(touch.source, touch.id),
            )
        )

    def handoff(self, kind: str, head: Head, to_team: str, actor: str | None, touch: Touch) -> None:
        answered = kind in {"accepted", "rejected"} and head.offered
        reason = (touch.properties or {}).get("reason")
        self._say(
            Handoff(
                id=fact_id(self.customer_id, "handoff", kind, touch.source, touch.id),
                customer_id=self.customer_id,
                policy=self.rules.label,
                at=instant(touch.at),
                kind=kind,
                from_team=head.owner,
                to_team=to_team,
                actor=actor,
                reason=None if reason is None else str(reason),
                offered_at=instant_or_none(head.offered),
                latency_ms=touch.at - head.offered if answered else None,
                business_ms=self.rules.office.between(head.offered, touch.at) if answered else None,
                touchpoint=Ref(touch.source, touch.id),
            )
        )

    def clock(self, run: ClockRun) -> None:
        self._say(clock_fact(run, self.customer_id, self.rules))

    def breached(self, run: ClockRun) -> None:
        self.clock(run)
        self.events[clock_id(run, self.customer_id, self.rules), BROKEN] = run.due

    def overlap(self, overlap: OpenOverlap, event: str = "", at: int = 0, resolution: str | None = None) -> None:
        fact = overlap_fact(overlap, self.customer_id, self.rules, at if resolution else 0, resolution)
        self._say(fact)
        if event:
            self.events[fact.id, event] = at

    def stalled(self, stall: Stall, place: int, event: str, at: int) -> None:
        fact = stall_fact(stall, place, self.customer_id, self.rules, at if event == RESOLVED else 0)
        self._say(fact)
        self.events[fact.id, event] = at

    def feedback(self, disposition: str, reason: str | None, rating: float | None, head: Head, touch: Touch) -> None:
        lead = head.lead
        persona = head.persona if lead is None or lead.persona == NOBODY else lead.persona
        self._say(
            Feedback(
                id=fact_id(self.customer_id, "feedback", disposition, touch.source, touch.id),
                customer_id=self.customer_id,
                policy=self.rules.label,
                at=instant(touch.at),
                disposition=disposition,
                reason=reason,
                rating=rating,
                team=touch.team,
                actor=touch.actor,
                campaign=(lead.campaign if lead else None) or head.campaign,
                content=(lead.content if lead else None) or head.content,
                persona=self.rules.personas[persona] if persona != NOBODY else None,
                mql_rule=lead.rule if lead else None,
                mql_policy=lead.policy if lead else None,
                mql_at=instant(lead.at) if lead else None,
                touchpoint=Ref(touch.source, touch.id),
            )
        )

    def deal(self, run: DealRun) -> None:
        self._say(deal_fact(run, self.customer_id, self.rules))

    def _say(self, fact: Fact) -> None:
        self.said += 1
        self.facts.pop(fact.id, None)
        self.facts[fact.id] = fact


class Listening(Ledger):
    """Keeps everything that is said, in the order in which it is said."""

    def __init__(self, customer_id: str, rules: Rules) -> None:
        super().__init__(customer_id, rules)
        self.heard: list[Fact] = []

    def _say(self, fact: Fact) -> None:
        super()._say(fact)
        self.heard.append(fact)


class Silence(Ledger):
    """Only counts what would be said: for folding what was said long ago."""

    def transition(self, *said: object) -> None:
        self.said += 1

    def handoff(self, *said: object) -> None:
        self.said += 1

    def clock(self, run: ClockRun) -> None:
        self.said += 1

    def breached(self, run: ClockRun) -> None:
        self.said += 1

    def overlap(self, *said: object) -> None:
        self.said += 1

    def feedback(self, *said: object) -> None:
        self.said += 1

    def deal(self, run: DealRun) -> None:
        self.said += 1

    def stalled(self, *said: object) -> None:
        self.said += 1


def standing(head: Head, customer_id: str, rules: Rules) -> dict[str, Fact]:
    """The facts that a head still carries open, as they read now: clocks, overlaps, stalls, deals."""
    rules = rules.of(head)
    facts: list[Fact] = [clock_fact(run, customer_id, rules) for run in head.clocks]
    facts += [overlap_fact(overlap, customer_id, rules, 0, None) for overlap in head.overlaps]
    facts += [stall_fact(stall, head.stays[stall.track].place, customer_id, rules, 0) for stall in head.stalls]
    facts += [deal_fact(run, customer_id, rules) for run in head.deals]
    return {fact.id: fact for fact in facts}


def positions(head: Head, customer_id: str, rules: Rules) -> list[Position]:
    """Where the customer is: one fact per track that it is on."""
    rules = rules.of(head)
    return [
        position_fact(stay, track, head, customer_id, rules)
        for stay, track in zip(head.stays, rules.tracks, strict=True)
        if stay.place >= 0
    ]


def position_fact(stay: Stay, track: TrackRules, head: Head, customer_id: str, rules: Rules) -> Position:
    """The position on one track."""
    places = track.places
    return Position(
        id=fact_id(customer_id, "position", track.name),
        customer_id=customer_id,
        policy=rules.label,
        at=instant(head.placed or max(stay.entered, head.owner_since)),
        track=track.name,
        stage=places[stay.place].name,
        entered_at=instant(stay.entered),
        furthest=places[stay.furthest].name if stay.furthest >= 0 else None,
        visits={places[place].name: count for place, count in sorted(stay.visits.items())},
        dwell_ms={places[place].name: ms for place, ms in sorted(stay.dwell.items()) if ms},
        owner_team=head.owner,
        owner_actor=head.owner_actor,
        owner_since=instant(head.owner_since),
        persona=rules.persona_name(head),
        fit=head.fit,
        engagement=head.placed_engagement / 100,
        probability=places[stay.place].probability,
        last_touch={
            team: instant(head.placed - ago)
            for team, ago in zip(rules.team_numbers, head.placed_touched, strict=False)
            if ago >= 0
        },
    )


def deal_fact(run: DealRun, customer_id: str, rules: Rules) -> Deal:
    """A deal as it stands."""
    return Deal(
        id=fact_id(customer_id, "deal", run.key),
        customer_id=customer_id,
        policy=rules.label,
        at=instant(run.at),
        deal=run.key,
        status=DEAL_STATES[run.status],
        amount=None if run.amount is None else Decimal(run.amount) / AMOUNT_SCALE,
        currency=run.currency,
        created_at=instant_or_none(run.created),
        expected_close_at=instant_or_none(run.expected),
        closed_at=instant_or_none(run.closed),
        reopened=run.reopened,
        owner_team=run.owner,
        owner_actor=run.actor,
        touchpoint=Ref(run.source, run.id),
    )


def clock_id(run: ClockRun, customer_id: str, rules: Rules) -> str:
    """The id of one run of a clock: by what started it."""
    return fact_id(customer_id, "clock", rules.clocks[run.clock].name, run.source, run.id)


def clock_fact(run: ClockRun, customer_id: str, rules: Rules) -> Clock:
    """One run of a clock as it reads now."""
    clock = rules.clocks[run.clock]
    stopped_by = Ref(run.stop_source, run.stop_id) if run.stop_id else None
    late = run.state == BREACHED and run.stopped
    return Clock(
        id=clock_id(run, customer_id, rules),
        customer_id=customer_id,
        policy=rules.label,
        at=instant(run.started if run.state == RUNNING else run.due if run.state == BREACHED else run.stopped),
        name=clock.name,
        state=CLOCK_STATES[run.state],
        team=clock.team,
        started_at=instant(run.started),
        due_at=instant(run.due),
        stopped_at=instant_or_none(run.stopped),
        late_ms=run.stopped - run.due if late else None,
        started_by=Ref(run.source, run.id),
        stopped_by=stopped_by,
    )


def overlap_id(overlap: OpenOverlap, customer_id: str) -> str:
    """The id of an overlap: by the touchpoint that opened it."""
    source, touchpoint_id = overlap.refs[0]
    return fact_id(customer_id, "overlap", overlap.kind, overlap.subject, overlap.opened, source, touchpoint_id)


def overlap_fact(
    overlap: OpenOverlap, customer_id: str, rules: Rules, resolved: int, resolution: str | None
) -> Overlap:
    """An overlap as it reads now."""
    return Overlap(
        id=overlap_id(overlap, customer_id),
        customer_id=customer_id,
        policy=rules.label,
        at=instant(overlap.opened),
        kind=overlap.kind,
        subject=overlap.subject,
        status="resolved" if resolution else "open",
        severity=rules.severity(overlap.kind),
        teams=overlap.teams,
        precedence=overlap.precedence,
        precedence_rule=overlap.rule,
        opened_at=instant(overlap.opened),
        last_at=instant(overlap.last),
        resolved_at=instant_or_none(resolved),
        resolution=resolution,
        touchpoints=[Ref(source, touchpoint_id) for source, touchpoint_id in overlap.refs],
    )


def stall_fact(stall: Stall, place: int, customer_id: str, rules: Rules, resolved: int) -> Stalled:
    """A stall as it reads now; `place` is the stage it stands in."""
    track = rules.tracks[stall.track]
    return Stalled(
        id=fact_id(customer_id, "stalled", stall.kind, track.name, stall.entered, stall.since),
        customer_id=customer_id,
        policy=rules.label,
        at=instant(stall.since),
        kind=stall.kind,
        status="resolved" if resolved else "open",
        track=track.name,
        stage=track.places[place].name,
        team=stall.team,
        since=instant(stall.since),
        entered_at=instant(stall.entered),
        last_counted_at=instant_or_none(stall.counted),
        last_counted=Ref(stall.source, stall.id) if stall.counted else None,
        escalated_at=instant_or_none(stall.escalated),
        resolved_at=instant_or_none(resolved),
    )

"""Why something was said of a customer: the policy's rule, in the policy's own words, and the values it looked at."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from pydantic import BaseModel

from journey import fact as facts
from journey.fact import Fact
from journey.looking import holds, seen_by
from journey.ownership import taker
from journey.part import ClockRun
from journey.policy.condition import Condition
from journey.rules import Rules
from journey.saying import instant_or_none
from journey.state import Head
from journey.touch import Touch

Values = dict[str, Any]


class Reason(msgspec.Struct):
    """`rule` is the place of the rule in the policy, `words` what stands there, `values` what it saw."""

    rule: str
    words: Any = None
    values: Values = {}


@dataclass(frozen=True)
class Moment:
    """A touchpoint (None: time alone), the head when the rules were asked (it is counted already), and afterwards."""

    touch: Touch | None
    head: Head
    after: Head
    rules: Rules


def reason_of(fact: Fact, moment: Moment) -> Reason:
    """Why this was said at this moment."""
    why = _WHY.get(type(fact))
    return why(fact, moment) if why else Reason(str(type(fact).__struct_config__.tag))


def _words(part: BaseModel | None) -> Any:
    return None if part is None else part.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def _asked(rule: str, condition: Condition | None, moment: Moment, head: Head, **words: Any) -> Reason:
    """A rule that is a condition, perhaps with `words` around it."""
    plain = _words(condition)
    values: Values = {}
    if condition is not None and moment.touch is not None:
        values = seen_by(moment.rules.tree(condition), moment.touch, head, moment.rules)
    return Reason(rule, {"when": plain, **words} if words else plain, values)


def _transition(fact: facts.Transition, moment: Moment) -> Reason:
    policy, head = moment.rules.policy.tracks[fact.track], moment.head
    _, place, kind, *number = fact.rule.split(".")
    values: Values = {f"stage of {fact.track}": fact.from_stage}
    if kind == "after":
        detour = next(detour for detour in policy.detours if detour.detour == place)
        values["last counted activity"] = instant_or_none(head.counted)
        return Reason(f"tracks.{fact.track}.{place}.after", _words(detour.after), values)
    condition: Condition | None = None
    extra: Values = {}
    if kind == "enter":
        stage = next(stage for stage in policy.stages if stage.stage == place)
        condition = stage.enter[int(number[0]) - 1]
    elif kind == "when":
        detour = next(detour for detour in policy.detours if detour.detour == place)
        condition = detour.when[int(number[0]) - 1]
    elif kind == "regress":
        regress = [rule for rule in policy.regress if fact.from_stage in rule.from_stages and rule.to == place]
        condition = _first([rule.when for rule in regress], moment)
        extra = {"from": fact.from_stage, "to": place}
    else:
        left = next(detour for detour in policy.detours if detour.detour == fact.from_stage)
        condition = _first([back.when for back in left.back if back.to == place], moment)
        extra = {"back from": fact.from_stage, "to": place}
    why = _asked(f"tracks.{fact.track}.{place}.{kind}", condition, moment, head, **extra)
    why.values = {**values, **why.values}
    return why


def _first(conditions: list[Condition], moment: Moment) -> Condition | None:
    """The first condition that held: alternatives share one name."""
    touch, rules = moment.touch, moment.rules
    held = [one for one in conditions if touch is not None and holds(rules.tree(one), touch, moment.head)]
    return next(iter(held or conditions), None)


def _handoff(fact: facts.Handoff, moment: Moment) -> Reason:
    owners, touch, rules = moment.rules.policy.owners, moment.touch, moment.rules
    before = {"owner": fact.from_team}
    if fact.kind == "offered":
        return Reason("owners.offered_on", _words(owners.offered_on), before)
    if fact.kind in ("claimed", "released"):
        condition = owners.claim if fact.kind == "claimed" else owners.release
        return _with(_asked(f"owners.{fact.kind}", condition, moment, moment.after), before)
    rule = taker(moment.after, touch, rules.profile(touch), rules)[0] if touch else None
    if rule is None:
        return Reason("owners.moves", None, before)
    return _with(_asked(f"owners.{fact.kind}", rule.when, moment, moment.after, to=rule.to, owner=rule.owner), before)


def _with(why: Reason, values: Values) -> Reason:
    why.values = {**why.values, **values}
    return why


def _clock(fact: facts.Clock, moment: Moment) -> Reason:
    index, clock = next(
        (index, clock) for index, clock in enumerate(moment.rules.policy.clocks) if clock.clock == fact.name
    )
    rule, limit = f"clocks.{fact.name}", _words(clock)
    times = {"started": fact.started_at, "due": fact.due_at, "stopped": fact.stopped_at, "late_ms": fact.late_ms}
    timing = {name: at for name, at in times.items() if at is not None}
    if fact.state == "running" or (fact.started_by == fact.stopped_by and not _run(moment.head, index)):
        start = {name: limit[name] for name in ("start", "limit", "calendar") if name in limit}
        seen = _tested(clock.start.when, moment)
        return Reason(f"{rule}.start", start, {**seen, **timing})
    if fact.state == "cancelled":
        left = [track.name for track in moment.rules.tracks if _cancels(track.index, moment)]
        return Reason(f"{rule}.cancelled", {"cancels_clocks": True}, {"entered a detour of": left, **timing})
    if fact.stopped_at is None:
        return Reason(f"{rule}.limit", {name: limit[name] for name in ("limit", "calendar") if name in limit}, timing)
    return Reason(f"{rule}.stop", limit["stop"], {**_tested(clock.stop.when, moment), **timing})


def _tested(condition: Condition | None, moment: Moment) -> Values:
    if condition is None or moment.touch is None:
        return {}
    return seen_by(moment.rules.tree(condition), moment.touch, moment.after, moment.rules)


def _run(head: Head, clock: int) -> ClockRun | None:
    return next((run for run in head.clocks if run.clock == clock), None)


def _cancels(track: int, moment: Moment) -> bool:
    place = moment.after.stays[track].place
    return place != moment.head.stays[track].place and moment.rules.tracks[track].places[place].cancels_clocks


def _stalled(fact: facts.Stalled, moment: Moment) -> Reason:
    stalled = moment.rules.policy.stalled
    stage = next(one for one in moment.rules.policy.tracks[fact.track].stages if one.stage == fact.stage)
    limit = stage.no_activity if fact.kind == "no_activity" else stage.no_progress
    words: Values = {"stage": fact.stage, fact.kind: limit.text if limit else None}
    seen = {"entered": fact.entered_at, "last counted": fact.last_counted_at, "since": fact.since}
    if fact.status == "resolved":
        track = _track(fact.track, moment)
        if moment.after.stays[track].entered != moment.head.stays[track].entered:
            return Reason(f"tracks.{fact.track}.{fact.stage}.left", words, seen)
        return _with(_asked("stalled.counted", stalled.counted, moment, moment.after), {"since": fact.since})
    if fact.escalated_at:
        words["escalate_at"] = stalled.escalate_at
    return Reason(f"tracks.{fact.track}.{fact.stage}.{fact.kind}", words, seen)


def _track(name: str, moment: Moment) -> int:
    return next(track.index for track in moment.rules.tracks if track.name == name)


def _overlap(fact: facts.Overlap, moment: Moment) -> Reason:
    overlaps = moment.rules.policy.overlaps
    precedence = {"precedence": fact.precedence, "by": _precedence(fact, moment)}
    if fact.resolution == "expiry":
        return Reason("overlaps.expire_after", {"expire_after": overlaps.expire_after.text}, {"last": fact.last_at})
    if fact.resolution == "decision":
        return _asked("overlaps.decision", overlaps.decision, moment, moment.after)
    if fact.resolution is not None:
        owners = moment.rules.policy.owners
        return _asked(
            f"owners.{fact.resolution}",
            owners.claim if fact.resolution == "claim" else owners.release,
            moment,
            moment.after,
        )
    return _with(_OPENS[fact.kind](fact, moment), precedence)


def _precedence(fact: facts.Overlap, moment: Moment) -> str:
    if fact.precedence_rule == "claim":
        return "an active claim"
    track = moment.rules.tracks[moment.rules.turf_track]
    place = moment.after.stays[track.index].place
    where = f"in {track.places[place].name}" if place >= 0 else "in no stage"
    return f"owner of {fact.subject} {where}" if fact.subject else "owner of the customer"


def _both(fact: facts.Overlap, moment: Moment) -> Reason:
    policy = moment.rules.policy
    words = {"watched": policy.subjects.watched, "subject_within": policy.overlaps.subject_within.text}
    return Reason("overlaps.subject_within", words, {"subject": fact.subject, "teams": fact.teams})


def _conflict(fact: facts.Overlap, moment: Moment) -> Reason:
    conflict, quote = moment.rules.policy.overlaps.conflict, moment.head.quote
    words = {"opened_by": _words(conflict.opened_by), "within": conflict.within.text}
    why = _asked("overlaps.conflict", moment.rules.policy.overlaps.conflict_by, moment, moment.after, **words)
    return _with(why, {"open since": instant_or_none(quote.at if quote else 0)})


def _off_turf(fact: facts.Overlap, moment: Moment) -> Reason:
    subjects, rules, touch = moment.rules.policy.subjects, moment.rules, moment.touch
    track = rules.tracks[rules.turf_track]
    place, subject = moment.head.stays[track.index].place, fact.subject or ""
    owners = [_words(turf) for turf in subjects.owners.get(subject, [])]
    detour = subjects.in_detour.get(subject) or subjects.in_detour.get("else")
    seen = {
        f"stage of {track.name} before": track.places[place].name if place >= 0 else None,
        "owner": rules.owner_of(subject, moment.head),
        "team": touch.team if touch else None,
        "they asked last": instant_or_none(moment.head.inbound_on.get(subject, 0)),
    }
    words = {
        subject: owners if place < track.stages else detour,
        "reply_within": rules.policy.overlaps.reply_within.text,
    }
    return Reason("subjects.owners", words, seen)


def _double_owner(fact: facts.Overlap, moment: Moment) -> Reason:
    held = [f"{claim.team} on {claim.subject or 'the customer'}" for claim in moment.head.claims]
    return _with(_asked("owners.claim", moment.rules.policy.owners.claim, moment, moment.after), {"held": held})


def _pressure(fact: facts.Overlap, moment: Moment) -> Reason:
    rules = moment.rules
    overlaps, last = rules.policy.overlaps, moment.after.last
    words = {"pressure_more_than": overlaps.pressure_more_than, "pressure_within": overlaps.pressure_within.text}
    inside = sum(last - at <= rules.pressure_ms for at in moment.after.outbound)
    return Reason("overlaps.pressure", words, {"outbound": inside, "teams": fact.teams})


Why = Callable[[Any, Moment], Reason]
_OPENS: dict[str, Why] = {
    "subject": _both,
    "account": _both,
    "conflict": _conflict,
    "off_turf": _off_turf,
    "double_owner": _double_owner,
    "pressure": _pressure,
}
_WHY: dict[type[Fact], Why] = {
    facts.Transition: _transition,
    facts.Handoff: _handoff,
    facts.Clock: _clock,
    facts.Stalled: _stalled,
    facts.Overlap: _overlap,
}

"""Names in a policy that name nothing, and names that two things have."""

import re
from collections.abc import Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase

from journey.policy.condition import Condition
from journey.policy.document import Policy
from journey.policy.lifecycle import Track
from journey.policy.mistake import Found, Path, doubled, unknown
from journey.policy.names import CHANNELS, DIRECTIONS, SUBJECTS, Named
from journey.policy.part import Entering
from journey.policy.routing import ALERT_TYPES
from journey.policy.walk import conditions, parts

_TYPE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+|[a-z][a-z0-9_.]*\.\*")
SEVERITIES = ("subject", "conflict", "off_turf", "double_owner", "pressure", "account")


def wrong_references(policy: Policy, named: Named) -> Found:
    """Every name that names nothing, or that stands twice."""
    yield from _twice(policy)
    for name, track in policy.tracks.items():
        yield from _track(("tracks", name), track, named.stages(name), named)
    for path, condition in conditions(policy):
        yield from _condition(path, condition, named)
    for path, node in parts(policy):
        if isinstance(node, Entering):
            yield from _entering(path, node, named)
    yield from _owners(policy, named)
    yield from _subjects(policy, named)
    yield from _clocks(policy, named)
    led_by = policy.feedback.led_by if policy.feedback else None
    yield from unknown(("feedback", "led_by"), [led_by] if led_by else [], named.teams, "team")
    yield from _aims(policy, named)
    yield from _alerts(policy, named)


def _twice(policy: Policy) -> Found:
    yield from doubled(("teams",), policy.teams, "team")
    yield from doubled(("clocks",), [clock.clock for clock in policy.clocks], "clock")
    yield from doubled(("personas",), [persona.persona for persona in policy.personas], "persona")
    yield from doubled(("definitions",), [definition.term for definition in policy.definitions], "term")
    yield from doubled(("goals",), [goal.goal for goal in policy.goals], "goal")
    yield from doubled(("quotas",), [quota.quota for quota in policy.quotas], "quota")
    yield from doubled(("alerts", "routes"), [route.route for route in policy.alerts.routes], "route")
    yield from doubled(("agreement", "parties"), [party.team for party in policy.agreement.parties], "party")
    yield from doubled(("subjects", "watched"), policy.subjects.watched, "subject")
    yield from doubled(("attribution", "models"), policy.attribution.models, "model")


def _track(path: Path, track: Track, stages: Sequence[str] | None, named: Named) -> Found:
    yield from doubled((*path, "stages"), [stage.stage for stage in track.stages], "stage")
    first = {stage.stage for stage in track.stages}
    for index, detour in enumerate(track.detours):
        here = (*path, "detours", index)
        if detour.detour in first:
            yield here, f"place {detour.detour!r} stands twice in this track; a detour needs a name of its own"
        first.add(detour.detour)
        yield from unknown((*here, "after", "stages"), detour.after.stages if detour.after else [], stages, "stage")
        for number, back in enumerate(detour.back):
            yield from unknown((*here, "back", number, "stages"), back.stages or [], stages, "stage of this track")
            yield from unknown((*here, "back", number, "to"), [back.to] if back.to else [], stages, "stage")
    for index, regress in enumerate(track.regress):
        yield from unknown((*path, "regress", index, "from"), regress.from_stages, stages, "stage of this track")
        yield from unknown((*path, "regress", index, "to"), [regress.to], stages, "stage of this track")
    for index, stage in enumerate(track.stages):
        yield from unknown((*path, "stages", index, "team"), [stage.team] if stage.team else [], named.teams, "team")


def _condition(path: Path, condition: Condition, named: Named) -> Found:
    yield from unknown((*path, "team"), condition.team or [], named.teams, "team")
    yield from unknown((*path, "channel"), condition.channel or [], CHANNELS, "channel")
    yield from unknown((*path, "direction"), condition.direction or [], DIRECTIONS, "direction")
    yield from unknown((*path, "persona"), condition.persona or [], named.personas, "persona")
    for name in condition.type or []:
        if not _TYPE.fullmatch(name):
            yield (*path, "type"), f"{name!r} is no type of touchpoints; write it like deal.won, or deal.* for all"
    vocabulary = [*(named.subjects or []), *SUBJECTS]
    for subject in condition.subject or []:
        near = get_close_matches(subject, vocabulary, 1, 0.8)
        if subject not in vocabulary and near:
            yield (*path, "subject"), f"no subject is called {subject!r}; did you mean {near[0]!r}?"
    for track, places in condition.stage.items():
        yield from unknown((*path, "stage"), [track], named.tracks, "track")
        yield from unknown((*path, "stage", track), places, named.places(track), "stage or detour")
    for track, stage in condition.furthest.items():
        yield from unknown((*path, "furthest"), [track], named.tracks, "track")
        yield from unknown((*path, "furthest", track), [stage], named.stages(track), "stage")


def _entering(path: Path, entering: Entering, named: Named) -> Found:
    yield from unknown((*path, "track"), [entering.track], named.tracks, "track")
    yield from unknown((*path, "stage"), [entering.stage], named.places(entering.track), "stage or detour")


def _owners(policy: Policy, named: Named) -> Found:
    owners, teams = policy.owners, named.teams
    yield from unknown(("owners", "first"), [owners.first], teams, "team")
    yield from unknown(("owners", "calendar"), [owners.calendar], named.calendars, "calendar")
    for index, move in enumerate(owners.moves):
        known = None if teams is None else [*teams, "properties.team"]
        yield from unknown(("owners", "moves", index, "to"), [move.to], known, "team")
    if not any(move.called == "accepted" for move in owners.moves):
        yield ("owners", "moves"), "nobody can take what is offered; add a move that is called: accepted"


def _subjects(policy: Policy, named: Named) -> Found:
    subjects = policy.subjects
    teams = None if named.teams is None else [*named.teams, "owner"]
    yield from unknown(("subjects", "track"), [subjects.track], named.tracks, "track")
    yield from unknown(("subjects", "watched"), subjects.watched, named.subjects, "subject that has an owner")
    stages = named.stages(subjects.track)
    for subject, turfs in subjects.owners.items():
        starts = [turf.start or "the beginning" for turf in turfs]
        yield from doubled(("subjects", "owners", subject), starts, "the start")
        for index, turf in enumerate(turfs):
            here: Path = ("subjects", "owners", subject, index)
            yield from unknown((*here, "team"), [turf.team], teams, "team")
            yield from unknown((*here, "from"), [turf.start] if turf.start else [], stages, "stage of this track")
    if "else" not in subjects.in_detour:
        yield ("subjects", "in_detour"), "say who owns all other subjects in a detour; add else: TEAM"
    known = None if named.subjects is None else [*named.subjects, "else"]
    for subject, team in subjects.in_detour.items():
        yield from unknown(("subjects", "in_detour", subject), [subject], known, "subject that has an owner")
        yield from unknown(("subjects", "in_detour", subject), [team], teams, "team")
    missing = [kind for kind in SEVERITIES if kind not in policy.overlaps.severity]
    if missing:
        yield ("overlaps", "severity"), f"give a severity to {', '.join(missing)}: low, medium or high"


def _clocks(policy: Policy, named: Named) -> Found:
    for index, clock in enumerate(policy.clocks):
        here: Path = ("clocks", index)
        yield from unknown((*here, "team"), [clock.team], named.teams, "team")
        calendar = [clock.calendar] if clock.calendar else []
        yield from unknown((*here, "calendar"), calendar, named.calendars, "calendar")
        stopped = [clock.start.stopped] if clock.start.stopped else []
        yield from unknown((*here, "start", "stopped"), stopped, named.clocks, "clock")


def _aims(policy: Policy, named: Named) -> Found:
    for index, party in enumerate(policy.agreement.parties):
        yield from unknown(("agreement", "parties", index, "team"), [party.team], named.teams, "team")
    for index, definition in enumerate(policy.definitions):
        reached, rule = definition.reached, definition.rule
        track = policy.tracks.get(reached.track) if reached else None
        stage = next((one for one in track.stages if reached and one.stage == reached.stage), None) if track else None
        if rule is not None and stage is None:
            yield ("definitions", index, "rule"), "a rule is one of a stage's; add reached: with track and stage"
        elif rule is not None and stage is not None and rule > len(stage.enter):
            told = f"{stage.stage!r} has no entry rule {rule}; the last one is {len(stage.enter)}"
            yield ("definitions", index, "rule"), told
    for index, goal in enumerate(policy.goals):
        yield from unknown(("goals", index, "teams"), goal.teams or [], named.teams, "team")
    for index, quota in enumerate(policy.quotas):
        yield from unknown(("quotas", index, "team"), [quota.team], named.teams, "team")
    default = policy.attribution.default
    models = [str(model) for model in policy.attribution.models]
    yield from unknown(("attribution", "default"), [default] if default else [], models, "model of this policy")


def _alerts(policy: Policy, named: Named) -> Found:
    for index, route in enumerate(policy.alerts.routes):
        here: Path = ("alerts", "routes", index)
        yield from unknown((*here, "to"), route.to, named.channels, "channel")
        yield from unknown((*here, "team"), route.team or [], named.teams, "team")
        for kind in route.type or []:
            if not any(fnmatchcase(known, kind) for known in ALERT_TYPES):
                yield from unknown((*here, "type"), [kind], ALERT_TYPES, "type of alerts")
        about = [known for known in ALERT_TYPES if any(fnmatchcase(known, kind) for kind in route.type or ["*"])]
        if route.severity and not any(known.startswith("overlap.") for known in about):
            yield (*here, "severity"), "only overlaps have a severity; remove it, or add type: overlap.*"
        if route.how == "digest" and policy.alerts.digest is None:
            yield (*here, "how"), 'there is no digest; add alerts: digest: at: ["08:00"]'

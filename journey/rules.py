"""A policy compiled: places as numbers, conditions settled once per kind of touchpoint. Immutable while in use."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from journey.calendar import Calendar
from journey.condition import (
    FALSE,
    FieldIs,
    Names,
    Node,
    PropertyIs,
    Test,
    ValueTest,
    build,
    compile_test,
    leaves,
    property_of,
    specialise,
)
from journey.policy.document import Clock, Condition, Policy
from journey.profile import Place, Profile, TrackProfile
from journey.state import Head, Stay
from journey.touch import Touch

_MOST_PROFILES = 50_000
# Properties that rules of ours read whatever the policy says.
ALWAYS_READ = frozenset({"owner", "team", "reason", "id"})


@dataclass(frozen=True)
class TrackRules:
    """A track with its places: stages first, then detours, by index."""

    name: str
    index: int
    places: tuple[Place, ...]
    stages: int
    regress: tuple[tuple[Node, frozenset[int], int], ...]

    def place_name(self, place: int) -> str:
        return self.places[place].name


@dataclass(frozen=True)
class ClockRules:
    """A clock; `starts` and `stops` by entering or leaving are (track, place)."""

    name: str
    index: int
    team: str
    limit_ms: int
    calendar: Calendar | None
    enters: tuple[int, int] | None
    leaves: tuple[int, int] | None
    after: int | None

    def due(self, started: int) -> int:
        """When a run that began at `started` is breached."""
        return self.calendar.add(started, self.limit_ms) if self.calendar else started + self.limit_ms


class Rules:
    """Everything the fold asks of a policy."""

    def __init__(self, policy: Policy) -> None:
        """Compile a policy that `journey.policy.reading` found sound."""
        self.policy = policy
        self.label = policy.label
        self.digest = blake2b(policy.model_dump_json(by_alias=True).encode(), digest_size=8).hexdigest()
        places = {
            name: {
                place: index
                for index, place in enumerate(
                    [stage.stage for stage in track.stages] + [detour.detour for detour in track.detours]
                )
            }
            for name, track in policy.tracks.items()
        }
        self._names = names = Names(places)
        self.calendars = {
            name: Calendar(calendar.zone, calendar.hours, calendar.holidays)
            for name, calendar in policy.calendars.items()
        }
        self.tracks = tuple(self._track(name, index) for index, name in enumerate(policy.tracks))
        self.clocks = tuple(self._clock(clock, index) for index, clock in enumerate(policy.clocks))
        self.clocked = frozenset(where for clock in self.clocks for where in (clock.enters, clock.leaves) if where)
        self.correction_ms = policy.windows.correction.ms
        self.deduplication_ms = policy.windows.deduplication.ms
        self.future_ms = policy.windows.future.ms
        self.half_life_ms = policy.score.engagement.half_life.ms
        self.fit = tuple((points.trait, ValueTest.of(points.test), points.points) for points in policy.score.fit)
        self.turf_track = names.tracks[policy.subjects.track]
        self.watched = frozenset(policy.subjects.watched)
        self.teams = frozenset(policy.teams)
        self.claim_ms = policy.owners.claim_lasts.ms
        self.takes_offers = next((move.to for move in policy.owners.moves if move.called == "accepted"), "")
        overlaps = policy.overlaps
        self.subject_ms, self.quote_ms = overlaps.subject_within.ms, overlaps.conflict.within.ms
        self.reply_ms, self.expire_ms = overlaps.reply_within.ms, overlaps.expire_after.ms
        self.pressure_more_than, self.pressure_ms = overlaps.pressure_more_than, overlaps.pressure_within.ms
        self.escalate_at = policy.stalled.escalate_at
        self.office = self.calendars[policy.owners.calendar]
        offered = policy.owners.offered_on
        self.offered_on = (names.tracks[offered.track], places[offered.track][offered.stage])
        self.trees = self._trees()
        self.counters = tuple(names.counters)
        self._stems: dict[tuple[Any, ...], _Stem] = {}
        self._profiles = 0
        fields = {leaf.field for tree in self._all_trees() for leaf in leaves(tree) if isinstance(leaf, FieldIs)}
        self.names_read = self._property_names() | fields
        self._rare_fields = tuple(sorted(fields - {"type", "team", "channel", "direction", "subject"}))

    def new_head(self) -> Head:
        """The head of a customer of whom nothing is known."""
        return Head(
            stays=[Stay([0] * len(track.places), [0] * len(track.places)) for track in self.tracks],
            counters=[[] for _ in self.counters],
            owner=self.policy.owners.first,
        )

    def profile(self, touch: Touch) -> Profile:
        """What the policy makes of touchpoints of this kind."""
        key: tuple[Any, ...] = (touch.type, touch.team, touch.direction, touch.channel, touch.subject)
        if self._rare_fields:
            key += tuple(getattr(touch, field) for field in self._rare_fields)
        stem = self._stems.get(key)
        if stem is None:
            if self._profiles > _MOST_PROFILES:
                self._stems.clear()
                self._profiles = 0
            stem = self._stems[key] = self._stem(touch)
        if not stem.tests:
            answers: tuple[bool, ...] = ()
        else:
            properties = touch.properties
            answers = tuple([test.test.holds(property_of(properties, test.path)) for test in stem.tests])
        profile = stem.profiles.get(answers)
        if profile is None:
            self._profiles += 1
            settled = dict(zip(stem.tests, answers, strict=True))
            profile = stem.profiles[answers] = self._profile(touch, stem, settled)
        return profile

    def severity(self, kind: str) -> str:
        """How grave an overlap of this kind is."""
        return dict(self.policy.overlaps.severity)[kind]  # type: ignore[index]

    def owner_of(self, subject: str, head: Head) -> str | None:
        """The team that owns a subject where the customer is now; None in no stage, and of unknown subjects."""
        place = head.stays[self.turf_track].place
        if place < 0:
            return None
        if place >= self.tracks[self.turf_track].stages:
            team = self.policy.subjects.in_detour.get(subject) or self.policy.subjects.in_detour["else"]
        else:
            team = None
            for turf in self.policy.subjects.owners.get(subject, ()):
                if turf.start is None or place >= self._places(self.turf_track)[turf.start]:
                    team = turf.team
        return head.owner if team == "owner" else team

    def _places(self, track: int) -> dict[str, int]:
        return self._names.places[self.tracks[track].name]

    def _track(self, name: str, index: int) -> TrackRules:
        track, places = self.policy.tracks[name], self._names.places[name]
        stages = [
            Place(
                stage.stage,
                no_activity_ms=stage.no_activity.ms if stage.no_activity else 0,
                no_progress_ms=stage.no_progress.ms if stage.no_progress else 0,
            )
            for stage in track.stages
        ]
        for place, detour in enumerate(track.detours, start=len(stages)):
            if detour.after is not None:
                for stage_name in detour.after.stages:
                    at = places[stage_name]
                    stages[at] = stages[at].leaving(detour.after.no_activity.ms, place)
        detours = [
            Place(detour.detour, move=detour.move, cancels_clocks=detour.cancels_clocks) for detour in track.detours
        ]
        regress = tuple(
            (build(rule.when, self._names), frozenset(places[stage] for stage in rule.from_stages), places[rule.to])
            for rule in track.regress
        )
        return TrackRules(name, index, tuple(stages + detours), len(stages), regress)

    def _clock(self, clock: Clock, index: int) -> ClockRules:
        def where(entering: Any) -> tuple[int, int] | None:
            if entering is None:
                return None
            return self._names.tracks[entering.track], self._names.places[entering.track][entering.stage]

        names = [other.clock for other in self.policy.clocks]
        return ClockRules(
            clock.clock,
            index,
            clock.team,
            clock.limit.ms,
            self.calendars[clock.calendar] if clock.limit.business and clock.calendar else None,
            where(clock.start.enter),
            where(clock.stop.leave),
            names.index(clock.start.stopped) if clock.start.stopped else None,
        )

    def _trees(self) -> dict[str, Any]:
        """Every condition of the policy as a tree, by what it decides."""
        policy, names = self.policy, self._names

        def one(condition: Condition | None) -> Node:
            return FALSE if condition is None else build(condition, names)

        return {
            "entries": [
                [
                    (place, rule, one(condition))
                    for place, stage in reversed(list(enumerate(track.stages)))
                    for rule, condition in enumerate(stage.enter)
                ]
                for track in policy.tracks.values()
            ],
            "detours": [
                [
                    (place, rule, one(condition))
                    for place, detour in enumerate(track.detours, start=len(track.stages))
                    for rule, condition in enumerate(detour.when)
                ]
                for track in policy.tracks.values()
            ],
            "backs": [
                [
                    (place, back, one(back.when))
                    for place, detour in enumerate(track.detours, start=len(track.stages))
                    for back in detour.back
                ]
                for track in policy.tracks.values()
            ],
            "points": [(one(points.when), points.points) for points in policy.score.engagement.points],
            "moves": [(one(move.when), move) for move in policy.owners.moves],
            "clock_starts": [one(clock.start.when) for clock in policy.clocks],
            "clock_stops": [one(clock.stop.when) for clock in policy.clocks],
            "claim": one(policy.owners.claim),
            "release": one(policy.owners.release),
            "decision": one(policy.overlaps.decision),
            "reply": one(policy.overlaps.reply),
            "opens": one(policy.overlaps.conflict.opened_by),
            "closes": one(policy.overlaps.conflict.closed_by),
            "conflicts": one(policy.overlaps.conflict_by),
            "counted": one(policy.stalled.counted),
        }

    def _all_trees(self) -> Iterable[Node]:
        trees = self.trees
        for name in ("entries", "detours", "backs"):
            for track in trees[name]:
                yield from (tree for _, _, tree in track)
        yield from (tree for tree, _ in trees["points"] + trees["moves"])
        yield from trees["clock_starts"] + trees["clock_stops"]
        yield from (trees[name] for name in _SINGLE)
        for track_rules in self.tracks:
            yield from (tree for tree, _, _ in track_rules.regress)

    def _property_names(self) -> frozenset[str]:
        read = {leaf.path for tree in self._all_trees() for leaf in leaves(tree) if isinstance(leaf, PropertyIs)}
        return frozenset({path.partition(".")[0] for path in read} | read | ALWAYS_READ | {self.policy.score.traits})

    def _stem(self, touch: Touch) -> "_Stem":
        def known(leaf: FieldIs | PropertyIs) -> bool | None:
            return leaf.holds(getattr(touch, leaf.field)) if isinstance(leaf, FieldIs) else None

        tests: dict[PropertyIs, None] = {}
        for tree in self._all_trees():
            for leaf in leaves(specialise(tree, known)):
                if isinstance(leaf, PropertyIs):
                    tests[leaf] = None
        return _Stem(tuple(tests), {})

    def _profile(self, touch: Touch, stem: "_Stem", settled: dict[PropertyIs, bool]) -> Profile:
        def known(leaf: FieldIs | PropertyIs) -> bool | None:
            return leaf.holds(getattr(touch, leaf.field)) if isinstance(leaf, FieldIs) else settled.get(leaf)

        def test(tree: Node) -> Test | bool:
            return compile_test(specialise(tree, known))

        def kept(rows: Iterable[tuple[Any, Any, Node]]) -> tuple[Any, ...]:
            tested = ((first, second, test(tree)) for first, second, tree in rows)
            return tuple(row for row in tested if row[2] is not False)

        trees = self.trees
        tracks = tuple(
            TrackProfile(
                entries=kept(trees["entries"][track.index]),
                detours=kept(trees["detours"][track.index]),
                backs=tuple(
                    (
                        place,
                        self._places(track.index)[back.to] if back.to else None,
                        frozenset(self._places(track.index)[stage] for stage in back.stages) if back.stages else None,
                        passed,
                    )
                    for place, back, passed in kept(trees["backs"][track.index])
                ),
                regress=kept((places, to, tree) for tree, places, to in track.regress),
            )
            for track in self.tracks
        )
        single = {name: test(trees[name]) for name in _SINGLE}
        points = [(test(tree), value) for tree, value in trees["points"]]
        moves = [(test(tree), move) for tree, move in trees["moves"]]
        return Profile(
            tracks=tracks,
            counters=tuple(counter.counter for counter in self.counters if test(counter.of) is True),
            points=tuple((passed, value) for passed, value in points if passed is not False),
            moves=tuple((passed, move) for passed, move in moves if passed is not False),
            clock_starts=kept((index, None, tree) for index, tree in enumerate(trees["clock_starts"])),
            clock_stops=kept((index, None, tree) for index, tree in enumerate(trees["clock_stops"])),
            outbound=touch.direction == "outbound",
            inbound=touch.direction == "inbound",
            watched=touch.subject in self.watched,
            **single,
        )


_SINGLE = ("claim", "release", "decision", "reply", "opens", "closes", "conflicts", "counted")


@dataclass
class _Stem:
    """Touchpoints alike in all but properties: the tests of properties that still matter, and what they lead to."""

    tests: tuple[PropertyIs, ...]
    profiles: dict[tuple[bool, ...], Profile]

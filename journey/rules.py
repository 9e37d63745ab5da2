"""A policy compiled: places as numbers, conditions settled once per kind of touchpoint. Immutable while in use."""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from journey.calendar import Calendar
from journey.condition import AmountIs, Names, Node, PropertyIs, ValueTest, build
from journey.kind import Kinds, Trees
from journey.part import NOBODY, Stay
from journey.policy.condition import Condition
from journey.policy.document import Clock, Policy
from journey.profile import Place, Profile
from journey.state import Head
from journey.touch import Touch

# Sections that no fold reads: a journey stays the same when they change.
_NOT_FOLDED = {"agreement", "definitions", "goals", "quotas", "attribution", "alerts"}
# Properties that rules of ours read whatever the policy says.
ALWAYS_READ = frozenset({"owner", "team", "reason", "id"})


@dataclass(frozen=True)
class TrackRules:
    """A track with its places: stages first, then detours, by index."""

    name: str
    index: int
    places: tuple[Place, ...]
    stages: int

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
    """Everything the fold asks of a policy. `of_account` rules fold accounts: overlaps across people, nothing else.

    `before` is the version that was in force until `since` (event time, epoch ms), and so on back to the first one;
    `until` is when the next one comes into force, 0 where none is known.
    """

    def __init__(
        self,
        policy: Policy,
        since: int = 0,
        before: "Rules | None" = None,
        until: int = 0,
        of_account: bool = False,
    ) -> None:
        """Compile a policy that `journey.policy.reading` found sound."""
        self.policy = policy
        self.since = since
        self.until = until
        self.of_account = of_account
        self.before = before if before is None or before.until == since else before.ending(since)
        self._accounts: Rules | None = None
        self.label = policy.label
        folded = policy.model_dump_json(by_alias=True, exclude=_NOT_FOLDED)
        if before is not None:
            folded = f"{before.digest} {since} {folded}"
        self.digest: str = blake2b(folded.encode(), digest_size=8).hexdigest()
        places = {
            name: {
                place: index
                for index, place in enumerate(
                    [stage.stage for stage in track.stages] + [detour.detour for detour in track.detours]
                )
            }
            for name, track in policy.tracks.items()
        }
        self.personas = tuple(persona.persona for persona in policy.personas)
        self._names = names = Names(places, self.personas)
        self.calendars = {
            name: Calendar(calendar.zone, calendar.hours, calendar.holidays)
            for name, calendar in policy.calendars.items()
        }
        self.tracks = tuple(self._track(name, index) for index, name in enumerate(policy.tracks))
        self.clocks = tuple(self._clock(clock, index) for index, clock in enumerate(policy.clocks))
        self.clocks_in_order = _in_order(self.clocks)
        self.clocked = frozenset(where for clock in self.clocks for where in (clock.enters, clock.leaves) if where)
        self.correction_ms = policy.windows.correction.ms
        self.deduplication_ms = policy.windows.deduplication.ms
        # What can still be corrected is told from its duplicates however short the other window is.
        self.remembered_ms = max(self.deduplication_ms, self.correction_ms)
        self.future_ms = policy.windows.future.ms
        self.half_life_ms = policy.score.engagement.half_life.ms
        self.fit = tuple((points.trait, ValueTest.of(points.test), points.points) for points in policy.score.fit)
        self._persona_tests = tuple(
            tuple(tuple((trait, ValueTest.of(match)) for trait, match in entry.items()) for entry in persona.when)
            for persona in policy.personas
        )
        self.traits_named_by = policy.score.traits
        self.traits_read = self._traits()
        self.turf_track = names.tracks[policy.subjects.track]
        self.watched = frozenset(policy.subjects.watched)
        self._turfs = {
            subject: tuple(sorted((self._start(turf.start), turf.team) for turf in turfs))
            for subject, turfs in policy.subjects.owners.items()
        }
        self.teams = frozenset(policy.teams)
        self.team_numbers = {team: number for number, team in enumerate(policy.teams)}
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
        self._of_selling(policy, places)
        trees = Trees(policy, names)
        self.counters = trees.counters
        self._kinds = Kinds(trees, self.watched)
        self.names_read: frozenset[str] = self._names_of(trees) | (
            before.names_read if before is not None else frozenset()
        )

    @property
    def accounts(self) -> "Rules":
        """The same policy for accounts."""
        if self._accounts is None:
            before = self.before.accounts if self.before is not None else None
            self._accounts = Rules(self.policy, self.since, before, self.until, of_account=True)
        return self._accounts

    def ending(self, until: int) -> "Rules":
        """These rules until the day of the next version."""
        return Rules(self.policy, self.since, self.before, until, self.of_account)

    def at(self, moment: int) -> "Rules":
        """The version in force at a moment of event time."""
        rules = self
        while rules.before is not None and moment < rules.since:
            rules = rules.before
        return rules

    def of(self, head: Head) -> "Rules":
        """The version in whose terms a head is written."""
        rules = self
        while rules.before is not None and head.agreed < rules.since:
            rules = rules.before
        return rules

    def after(self, version: "Rules") -> list["Rules"]:
        """The versions that came after one, the next one first."""
        later: list[Rules] = []
        rules: Rules | None = self
        while rules is not None and rules.since > version.since:
            later.append(rules)
            rules = rules.before
        return later[::-1]

    def places_of(self, track: str) -> list[str]:
        """The places of a track by number, stages before detours; none of an unknown track."""
        return list(self._names.places.get(track, ()))

    def watches(self, track: str, place: str, kind: str) -> bool:
        """Whether a customer can stall at this place of a track, by `no_activity` or `no_progress`."""
        number = self._names.places.get(track, {}).get(place)
        if number is None:
            return False
        found = self.tracks[self._names.tracks[track]].places[number]
        return bool(found.no_activity_ms if kind == "no_activity" else found.no_progress_ms)

    def new_head(self) -> Head:
        """The head of a customer of whom nothing is known, in the terms of the first version."""
        if self.before is not None:
            return self.before.new_head()
        return Head(
            stays=[Stay({}, {}) for _ in self.tracks],
            counters=[[] for _ in self.counters],
            owner=self.policy.owners.first,
        )

    def profile(self, touch: Touch) -> Profile:
        """What the policy makes of touchpoints of this kind."""
        return self._kinds.profile(touch)

    def tree(self, condition: Condition) -> Node:
        """The tree of one of the policy's own conditions."""
        return build(condition, self._names)

    def persona_of(self, traits: dict[str, Any]) -> int:
        """The number of the first persona that the traits fit; NOBODY where none does."""
        for number, entries in enumerate(self._persona_tests):
            if any(all(test.holds(traits.get(trait)) for trait, test in entry) for entry in entries):
                return number
        return NOBODY

    def persona_name(self, head: Head) -> str | None:
        """The persona of the customer, by name."""
        return self.personas[head.persona] if head.persona != NOBODY else None

    def severity(self, kind: str) -> str:
        """How grave an overlap of this kind is."""
        return dict(self.policy.overlaps.severity)[kind]  # type: ignore[index]

    def owner_of(self, subject: str, head: Head) -> str | None:
        """The team that owns a subject where the customer is now; None in no stage, and of unknown subjects."""
        if self.of_account:
            return self._owner_in_account(subject, head)
        place = head.stays[self.turf_track].place
        if place < 0:
            return None
        if place >= self.tracks[self.turf_track].stages:
            team: str | None = self.policy.subjects.in_detour.get(subject) or self.policy.subjects.in_detour["else"]
        else:
            team = next((team for start, team in reversed(self._turfs.get(subject, ())) if place >= start), None)
        return head.owner if team == "owner" else team

    def _owner_in_account(self, subject: str, head: Head) -> str | None:
        """An account has no stage: the owner at first, and while a team holds one of its people the one at the end."""
        turfs = self._turfs.get(subject, ())
        if not turfs:
            return None
        _, team = turfs[-1 if head.held else 0]
        return head.owner if team == "owner" else team

    def _of_selling(self, policy: Policy, places: dict[str, dict[str, int]]) -> None:
        feedback, deals = policy.feedback, policy.deals
        self.makes_lead: tuple[int, int] | None = None
        self.led_by, self.reasons = "", dict[str, frozenset[str]]()
        if feedback is not None:
            track, stage = feedback.lead.track, feedback.lead.stage
            self.makes_lead = (self._names.tracks[track], places[track][stage])
            self.led_by = feedback.led_by or policy.owners.first
            self.reasons = {name: frozenset(it.reasons) for name, it in feedback.dispositions.items()}
        self.deal_named_by, self.deal_closes_by = (deals.deal, deals.expected_close) if deals else ("", "")

    def _places(self, track: int) -> dict[str, int]:
        return self._names.places[self.tracks[track].name]

    def _start(self, stage: str | None) -> int:
        return 0 if stage is None else self._places(self.turf_track)[stage]

    def _track(self, name: str, index: int) -> TrackRules:
        track, places = self.policy.tracks[name], self._names.places[name]
        stages = [
            Place(
                stage.stage,
                no_activity_ms=stage.no_activity.ms if stage.no_activity else 0,
                no_progress_ms=stage.no_progress.ms if stage.no_progress else 0,
                probability=stage.probability,
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
        return TrackRules(name, index, tuple(stages + detours), len(stages))

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

    def _traits(self) -> tuple[str, ...]:
        """The traits that are remembered: those that fit or a persona asks for, each once."""
        asked = [trait for trait, _, _ in self.fit]
        asked += [trait for entries in self._persona_tests for entry in entries for trait, _ in entry]
        return tuple(dict.fromkeys(asked))

    def _names_of(self, trees: Trees) -> frozenset[str]:
        """What must be kept of a touchpoint: fields, and properties by their path and its first part."""
        names = set(ALWAYS_READ | {self.policy.score.traits})
        if self.policy.feedback is not None:
            names |= {"campaign", "content", "rating"}
        if self.policy.deals is not None:
            names |= {"value", self.deal_named_by, self.deal_closes_by}
        for leaf in trees.leaves():
            if isinstance(leaf, PropertyIs):
                names |= {leaf.path, leaf.path.partition(".")[0]}
            else:
                names.add("value" if isinstance(leaf, AmountIs) else leaf.field)
        return frozenset(names)


def _in_order(clocks: tuple[ClockRules, ...]) -> tuple[ClockRules, ...]:
    """Each clock behind the one whose stop starts it, wherever they stand in the file."""
    placed: dict[int, ClockRules] = {}
    while len(placed) < len(clocks):
        for clock in clocks:
            if clock.after is None or clock.after in placed:
                placed.setdefault(clock.index, clock)
    return tuple(placed.values())

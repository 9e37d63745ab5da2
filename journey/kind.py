"""What a policy makes of each kind of touchpoint: its conditions as trees, settled once per kind into a profile."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from journey.condition import FALSE, AmountIs, FieldIs, Leaf, Names, Node, PropertyIs, build, leaves, property_of
from journey.policy.condition import Condition
from journey.policy.document import Policy
from journey.policy.teamwork import Ownership
from journey.profile import Passes, Profile, TrackProfile
from journey.settling import Test, compile_test, specialise
from journey.touch import Touch

_MOST_PROFILES = 50_000
_ALWAYS_KEYED = frozenset({"type", "team", "channel", "direction", "subject"})
# In the order in which they are asked.
_OF_DEALS = ("created", "changed", "won", "lost", "reopened")
Back = tuple[int, int | None, frozenset[int] | None, Node]


@dataclass(frozen=True)
class TrackTrees:
    """Conditions of one track. Entries from the highest stage down; the numbers say which rule of its place it is."""

    entries: tuple[tuple[int, int, Node], ...]
    detours: tuple[tuple[int, int, Node], ...]
    backs: tuple[Back, ...]
    regress: tuple[tuple[frozenset[int], int, Node], ...]

    @classmethod
    def of(cls, policy: Policy, track_name: str, names: Names) -> "TrackTrees":
        track, places = policy.tracks[track_name], names.places[track_name]
        detours = list(enumerate(track.detours, start=len(track.stages)))
        return cls(
            tuple(
                (place, rule, build(condition, names))
                for place, stage in reversed(list(enumerate(track.stages)))
                for rule, condition in enumerate(stage.enter)
            ),
            tuple(
                (place, rule, build(condition, names))
                for place, detour in detours
                for rule, condition in enumerate(detour.when)
            ),
            tuple(
                (
                    place,
                    places[back.to] if back.to else None,
                    frozenset(places[stage] for stage in back.stages) if back.stages else None,
                    build(back.when, names),
                )
                for place, detour in detours
                for back in detour.back
            ),
            tuple(
                (frozenset(places[stage] for stage in rule.from_stages), places[rule.to], build(rule.when, names))
                for rule in track.regress
            ),
        )

    def nodes(self) -> Iterator[Node]:
        for rows in (self.entries, self.detours, self.backs, self.regress):
            yield from (row[-1] for row in rows)


class Trees:
    """Every condition of a policy that the fold asks, by what it decides."""

    def __init__(self, policy: Policy, names: Names) -> None:
        def one(condition: Condition | None) -> Node:
            return FALSE if condition is None else build(condition, names)

        self.tracks = tuple(TrackTrees.of(policy, name, names) for name in policy.tracks)
        self.points = [(one(points.when), points.points) for points in policy.score.engagement.points]
        self.moves: list[tuple[Node, Ownership]] = [(one(move.when), move) for move in policy.owners.moves]
        self.clock_starts = [one(clock.start.when) for clock in policy.clocks]
        self.clock_stops = [one(clock.stop.when) for clock in policy.clocks]
        self.single = {
            "claim": one(policy.owners.claim),
            "release": one(policy.owners.release),
            "decision": one(policy.overlaps.decision),
            "reply": one(policy.overlaps.reply),
            "opens": one(policy.overlaps.conflict.opened_by),
            "closes": one(policy.overlaps.conflict.closed_by),
            "conflicts": one(policy.overlaps.conflict_by),
            "counted": one(policy.stalled.counted),
        }
        feedback, deals = policy.feedback, policy.deals
        self.answers = [(name, one(it.when)) for name, it in feedback.dispositions.items()] if feedback else []
        self.deals = [(name, one(getattr(deals, name))) for name in _OF_DEALS] if deals else []
        self.counters = tuple(names.counters)

    def nodes(self) -> Iterator[Node]:
        """All of them."""
        for track in self.tracks:
            yield from track.nodes()
        yield from (tree for tree, _ in self.points)
        yield from (tree for tree, _ in self.moves)
        yield from self.clock_starts
        yield from self.clock_stops
        yield from self.single.values()
        yield from (tree for _, tree in self.answers + self.deals)

    def leaves(self) -> Iterator[Leaf]:
        """Every test on a touchpoint itself."""
        for tree in self.nodes():
            yield from leaves(tree)


@dataclass
class _Stem:
    """Touchpoints alike in all but properties and value: the tests of these that still matter, and where they lead.

    `names` are the properties that are tested; `without` is what the tests answer where none of them is there.
    """

    properties: tuple[PropertyIs, ...]
    amounts: tuple[AmountIs, ...]
    profiles: dict[tuple[bool, ...], Profile]
    names: frozenset[str]
    without: tuple[bool, ...]


class Kinds:
    """The profile of each kind of touchpoint, made when the first of its kind is seen."""

    def __init__(self, trees: Trees, watched: frozenset[str]) -> None:
        self._trees = trees
        self._watched = watched
        fields = {leaf.field for leaf in trees.leaves() if isinstance(leaf, FieldIs)}
        self._rare_fields = tuple(sorted(fields - _ALWAYS_KEYED))
        self._stems: dict[tuple[Any, ...], _Stem] = {}
        self._profiles = 0

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
        answers: tuple[bool, ...] = ()
        if stem.properties:
            properties = touch.properties
            if not properties or stem.names.isdisjoint(properties):
                answers = stem.without
            else:
                answers = tuple([test.test.holds(property_of(properties, test.path)) for test in stem.properties])
        if stem.amounts:
            answers += tuple([test.holds(touch) for test in stem.amounts])
        profile = stem.profiles.get(answers)
        if profile is None:
            self._profiles += 1
            tests: Sequence[PropertyIs | AmountIs] = (*stem.properties, *stem.amounts)
            profile = stem.profiles[answers] = self._settle(touch, dict(zip(tests, answers, strict=True)))
        return profile

    def _stem(self, touch: Touch) -> _Stem:
        def known(leaf: Leaf) -> bool | None:
            return leaf.holds(getattr(touch, leaf.field)) if isinstance(leaf, FieldIs) else None

        tests = dict.fromkeys(leaf for tree in self._trees.nodes() for leaf in leaves(specialise(tree, known)))
        properties = tuple(leaf for leaf in tests if isinstance(leaf, PropertyIs))
        return _Stem(
            properties,
            tuple(leaf for leaf in tests if isinstance(leaf, AmountIs)),
            {},
            frozenset(name for leaf in properties for name in (leaf.path, leaf.path.partition(".")[0])),
            tuple(leaf.test.holds(None) for leaf in properties),
        )

    def _settle(self, touch: Touch, settled: dict[PropertyIs | AmountIs, bool]) -> Profile:
        def known(leaf: Leaf) -> bool | None:
            return leaf.holds(getattr(touch, leaf.field)) if isinstance(leaf, FieldIs) else settled.get(leaf)

        def test(tree: Node) -> Test | bool:
            return compile_test(specialise(tree, known))

        trees = self._trees
        points = [(test(tree), value) for tree, value in trees.points]
        moves = [(test(tree), move) for tree, move in trees.moves]
        stops = _kept(((index, None, tree) for index, tree in enumerate(trees.clock_stops)), test)
        return Profile(
            tracks=tuple(_track_profile(track, test) for track in trees.tracks),
            counters=tuple(counter.counter for counter in trees.counters if test(counter.of) is True),
            points=tuple((passed, value) for passed, value in points if passed is not False),
            moves=tuple((passed, move) for passed, move in moves if passed is not False),
            clock_starts=_kept(((index, None, tree) for index, tree in enumerate(trees.clock_starts)), test),
            clock_stops=(stops := _kept(((index, None, tree) for index, tree in enumerate(trees.clock_stops)), test)),
            stoppable=frozenset(index for index, _, _ in stops),
            outbound=touch.direction == "outbound",
            inbound=touch.direction == "inbound",
            watched=touch.subject in self._watched,
            answers=_kept(trees.answers, test),
            deals=_kept(trees.deals, test),
            **{name: test(tree) for name, tree in trees.single.items()},
        )


def _track_profile(trees: TrackTrees, test: Callable[[Node], Passes]) -> TrackProfile:
    return TrackProfile(
        entries=_kept(trees.entries, test),
        detours=_kept(trees.detours, test),
        backs=_kept(trees.backs, test),
        regress=_kept(trees.regress, test),
    )


def _kept(rows: Iterable[tuple[Any, ...]], test: Callable[[Node], Passes]) -> tuple[Any, ...]:
    """The rows, whose last part is a tree, that can still hold; in the tree's place the test that is left."""
    tested = ((*row[:-1], test(row[-1])) for row in rows)
    return tuple(row for row in tested if row[-1] is not False)

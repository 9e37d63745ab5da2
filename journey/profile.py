"""What a policy makes of one kind of touchpoint, settled beforehand so that the fold only follows it."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from journey.policy.teamwork import Ownership
from journey.settling import Test

if TYPE_CHECKING:
    from journey.state import Head

Passes = Test | bool


def passes(test: Passes, head: "Head") -> bool:
    """Whether a settled or a remaining test holds now."""
    return test is True or (test is not False and test(head))


@dataclass(frozen=True)
class Place:
    """A stage or a detour of a track, and what time alone does there; 0 is no limit."""

    name: str
    no_activity_ms: int = 0
    no_progress_ms: int = 0
    leaves_after_ms: int = 0
    leaves_to: int = -1
    move: str = ""
    cancels_clocks: bool = False
    probability: float | None = None

    def leaving(self, after_ms: int, to: int) -> "Place":
        """This place, left for `to` after so long without counted activity."""
        return replace(self, leaves_after_ms=after_ms, leaves_to=to)


@dataclass(frozen=True, slots=True)
class TrackProfile:
    """Candidates on one track: entries from the highest stage down, the rest in the policy's order."""

    entries: tuple[tuple[int, int, Passes], ...]
    detours: tuple[tuple[int, int, Passes], ...]
    backs: tuple[tuple[int, int | None, frozenset[int] | None, Passes], ...]
    regress: tuple[tuple[frozenset[int], int, Passes], ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """All that the policy says of one kind of touchpoint."""

    tracks: tuple[TrackProfile, ...]
    counters: tuple[int, ...]
    points: tuple[tuple[Passes, float], ...]
    moves: tuple[tuple[Passes, Ownership], ...]
    clock_starts: tuple[tuple[int, None, Passes], ...]
    clock_stops: tuple[tuple[int, None, Passes], ...]
    stoppable: frozenset[int]
    outbound: bool
    inbound: bool
    watched: bool
    claim: Passes
    release: Passes
    decision: Passes
    reply: Passes
    opens: Passes
    closes: Passes
    conflicts: Passes
    counted: Passes
    answers: tuple[tuple[str, Passes], ...]
    deals: tuple[tuple[str, Passes], ...]

"""The tracks as the policy orders them: which stages there are, whose they are, which detours lead off."""

from dataclasses import dataclass

from journey.policy.document import Policy


@dataclass(frozen=True)
class Stage:
    """A stage of a track, or a detour off it. `team` owns the stage; "" where none does."""

    name: str
    team: str
    is_detour: bool


@dataclass(frozen=True)
class Track:
    """A track: its stages in order, then its detours."""

    name: str
    stages: tuple[Stage, ...]

    def rank(self, stage: str) -> int:
        """How far along a stage is; detours and stages that an older policy knew come first."""
        names = [each.name for each in self.stages if not each.is_detour]
        return names.index(stage) if stage in names else -1


def tracks_of(policy: Policy) -> tuple[Track, ...]:
    """The tracks of a policy, in its order."""
    return tuple(
        Track(
            name,
            (
                *(Stage(stage.stage, stage.team or "", False) for stage in track.stages),
                *(Stage(detour.detour, "", True) for detour in track.detours),
            ),
        )
        for name, track in policy.tracks.items()
    )

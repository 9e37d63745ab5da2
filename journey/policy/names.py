"""What a policy file names, read leniently: what is wrong elsewhere in it makes no name unknown."""

from typing import Any

from schemas.touchpoint import Channel, Direction

CHANNELS: tuple[str, ...] = Channel.__args__  # type: ignore[attr-defined]
DIRECTIONS: tuple[str, ...] = Direction.__args__  # type: ignore[attr-defined]
# What touchpoints are about besides the subjects that a policy gives an owner.
SUBJECTS = ("pricing", "promotion", "targeting", "content", "product", "contract", "support", "survey", "competitor")


class Named:
    """Names by what they name. None where the file does not say: then no name can be called unknown."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.teams = _texts(content.get("teams"))
        self.calendars = _keys(content.get("calendars"))
        self.tracks = _keys(content.get("tracks"))
        self.personas = _named(content.get("personas", []), "persona")
        self.clocks = _named(content.get("clocks"), "clock")
        alerts = content.get("alerts", {})
        self.channels = _keys(alerts.get("channels", {})) if isinstance(alerts, dict) else None
        subjects = content.get("subjects")
        self.subjects = _keys(subjects.get("owners")) if isinstance(subjects, dict) else None
        tracks = content.get("tracks")
        self._tracks: dict[str, Any] = tracks if isinstance(tracks, dict) else {}

    def stages(self, track: str) -> list[str] | None:
        """The stages of a track, in order."""
        found = self._tracks.get(track)
        return _named(found.get("stages"), "stage") if isinstance(found, dict) else None

    def places(self, track: str) -> list[str] | None:
        """The stages and detours of a track."""
        found, stages = self._tracks.get(track), self.stages(track)
        detours = _named(found.get("detours", []), "detour") if isinstance(found, dict) else None
        return None if stages is None or detours is None else stages + detours


def _texts(given: Any) -> list[str] | None:
    return [str(one) for one in given] if isinstance(given, list) else None


def _keys(given: Any) -> list[str] | None:
    return [str(key) for key in given] if isinstance(given, dict) else None


def _named(given: Any, key: str) -> list[str] | None:
    if not isinstance(given, list):
        return None
    return [str(one[key]) for one in given if isinstance(one, dict) and key in one]

"""What came of one attempt to deliver."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Delivered:
    """The receiver confirmed it."""


@dataclass(frozen=True)
class Failed:
    """Not confirmed, and why; `retry_after` is the seconds the receiver asked for."""

    reason: str
    retry_after: float | None = None


@dataclass(frozen=True)
class Gone:
    """The receiver wants nothing from us any more."""


Outcome = Delivered | Failed | Gone

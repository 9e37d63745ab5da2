"""What a lane asks of a stage, and what a stage answers: effects, carried out by the lane in one transaction."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from streams.effects import Effects, Pieces
from streams.gate import Gate


class Stage(Protocol):
    """One partition's share of a stage. Synchronous and free of I/O: the lane does all of it."""

    name: str
    state_topic: str
    aligned: bool
    policy: str

    def forget(self) -> None:
        """Drop all state, before a restore."""

    def restore(self, records: Iterable[Any]) -> None:
        """Take in records of the state topic, oldest first."""

    def restored(self, watermark: int, generation: int = 0) -> None:
        """The state is complete; the number of partitions has changed `generation` times."""

    def pieces(self, records: Sequence[Any], wall_ms: int, gate: Gate | None = None) -> Pieces:
        """What a chunk of input records leads to, up to the first one that `gate` holds back."""

    def fold(self, records: Sequence[Any], wall_ms: int, gate: Gate | None = None) -> Effects:
        """The same in one go."""
        (effects,) = filter(None, self.pieces(records, wall_ms, gate))
        return effects

    def sweep(self, now_ms: int, wall_ms: int) -> Effects | None:
        """What is due by now, some milliseconds' share of it; None where nothing is left to look at."""

    def settle(self, effects: Effects) -> None:
        """The effects stand: make their state the current one."""

    def __len__(self) -> int:
        """How many keys the state has."""

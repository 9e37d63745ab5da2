"""Intake of one raw partition: validate each record, resolve the customer, re-key; or reject it with a reason."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from journey.saying import instant
from schemas import topic
from streams.acceptance import Acceptance
from streams.effects import Effects, Pieces
from streams.gate import Gate
from streams.stage import Stage

_PIECE = 64


class IntakeStage(Stage):
    """Holds no state but its position: the record and, for `future`, the clock decide what becomes of a record.

    Whose it is may be a little out of date: then the journey stage passes it on. Links are told at least once.
    """

    name = "intake"
    aligned = True
    policy = ""

    def __init__(
        self,
        raw_topic: str,
        partitions: int,
        future_ms: int,
        region: str,
        free: frozenset[str] = frozenset(),
        customer_of: Callable[[str], str] = str,
    ) -> None:
        """`free` are the domains whose e-mails name no account; `customer_of` says whom a derived id belongs to now."""
        self.state_topic = topic.positions_of(raw_topic)
        self._acceptance = Acceptance(partitions, future_ms, region, free, customer_of)
        self._watermark = 0

    def __len__(self) -> int:
        return 0

    def forget(self) -> None:
        """Forget which links were told."""
        self._acceptance.recent.forget()

    def restore(self, records: Iterable[Any]) -> None:
        """There is nothing to restore but the position, which the lane reads."""

    def restored(self, watermark: int, generation: int = 0) -> None:
        """Go on from the newest touchpoint seen."""
        self._watermark = watermark
        self._acceptance.generation = f',"generation":{generation}' if generation else ""

    def sweep(self, now_ms: int, wall_ms: int) -> Effects | None:
        """Nothing is ever due."""
        return None

    def settle(self, effects: Effects) -> None:
        """Keep how new the newest touchpoint is, and which links are told."""
        self._watermark = effects.watermark
        self._acceptance.recent.settle()

    def pieces(self, records: Sequence[Any], wall_ms: int, gate: Gate | None = None) -> Pieces:
        """Accept or reject each record of a chunk."""
        effects = Effects(watermark=self._watermark)
        self._acceptance.recent.begin()
        received_at = instant(wall_ms).isoformat().replace("+00:00", "Z")
        for effects.taken, record in enumerate(records):
            if not self._acceptance.take(record, wall_ms, received_at, gate, effects):
                break
            if not effects.taken % _PIECE:
                yield None
        else:
            effects.taken = len(records)
        effects.watermark = min(effects.watermark, wall_ms)
        yield effects

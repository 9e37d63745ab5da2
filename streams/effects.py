"""What a fold leads to: nothing is done yet; the lane carries it out in one transaction."""

from collections.abc import Iterator
from typing import Any

from schemas import rejection, topic
from schemas.rejection import Rejection

Headers = list[tuple[str, bytes]]
Output = tuple[bytes | None, bytes | None, Headers]


class Effects:
    """Records to write by (topic, partition), changed state by key, and how many of the input are taken."""

    def __init__(self, taken: int = 0, watermark: int = 0) -> None:
        self.outputs: dict[tuple[str, int], list[Output]] = {}
        self.state: dict[str, bytes] = {}
        self.counts: dict[tuple[str, ...], int] = {}
        self.taken, self.watermark = taken, watermark

    def write(self, name: str, partition: int, key: bytes | None, value: bytes | None, headers: Headers) -> None:
        """Add one record to the topic of this name."""
        self.outputs.setdefault((name, partition), []).append((key, value, headers))

    def reject(self, record: Any, why: Rejection, received_at: str) -> None:
        """Keep an input record that is none, with its bytes and the reason, and count it."""
        origin = f"{record.topic}/{record.partition}/{record.offset}"
        value, headers = rejection.record(why, record.value, origin, received_at)
        self.write(topic.REJECTED, 0, record.key, value, headers)
        self.count("rejected", why.reason)

    def count(self, *what: str, by: int = 1) -> None:
        """Count something for the metrics, once the transaction stands."""
        self.counts[what] = self.counts.get(what, 0) + by


# A fold, some records at a time: None for each piece, and at last the effects. One that is given up has done nothing.
Pieces = Iterator[Effects | None]

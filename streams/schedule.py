"""Which customers of a partition have something due, found by what is due and not by how many there are."""

from collections.abc import Callable, Iterable
from heapq import heappop, heappush

# Customers wait together by so many milliseconds, and one by one only while that time is under way.
_SPAN_MS = 600_000


class Schedule:
    """Customers by when something is due, at that time or earlier: who comes too early is put off when reached."""

    def __init__(self, due_of: Callable[[str], int]) -> None:
        """`due_of` tells when something is due for a customer as things stand: epoch milliseconds, 0 for never."""
        self._due_of = due_of
        self._spans: dict[int, set[str]] = {}
        # A worker that starts has everybody at once: a list takes a third of a set's time and a fifth of its memory.
        self._filled: dict[int, list[str]] = {}
        self._order: list[int] = []
        self._soon: list[tuple[int, str]] = []
        self._now = 0

    def add(self, due: int, customer_id: str) -> None:
        """Note that something is due for a customer then."""
        span = due // _SPAN_MS
        if span * _SPAN_MS <= self._now:
            heappush(self._soon, (due, customer_id))
            return
        waiting = self._spans.get(span)
        if waiting is None:
            waiting = self._spans[span] = set()
            if span not in self._filled:
                heappush(self._order, span)
        waiting.add(customer_id)

    def fill(self, dues: Iterable[tuple[int, str]]) -> None:
        """Begin with these customers, each once, by when something is due for them; 0 is never."""
        filled = self._filled
        for due, customer_id in dues:
            if due:
                waiting = filled.get(due // _SPAN_MS)
                if waiting is None:
                    waiting = filled[due // _SPAN_MS] = []
                waiting.append(customer_id)
        self._order = sorted(filled)

    def reached(self, now_ms: int) -> bool:
        """Whether there is anybody to look at."""
        return bool(
            (self._soon and self._soon[0][0] <= now_ms) or (self._order and self._order[0] * _SPAN_MS <= now_ms)
        )

    def next(self, now_ms: int) -> str | None:
        """Look at one who is `reached`: a customer with something due by now, or None for one who was put off."""
        self._now = max(self._now, now_ms)
        soon = self._soon
        if soon and soon[0][0] <= now_ms:
            entry = heappop(soon)
            while soon and soon[0] == entry:
                heappop(soon)
            customer_id = entry[1]
        else:
            customer_id = self._pop(self._order[0])
        due = self._due_of(customer_id)
        if 0 < due <= now_ms:
            return customer_id
        if due:
            self.add(due, customer_id)
        return None

    def _pop(self, span: int) -> str:
        """Any customer of the first span, which goes with its last one."""
        filled, waiting = self._filled.get(span), self._spans.get(span)
        customer_id = (filled or waiting or [""]).pop()
        if not filled and not waiting:
            self._filled.pop(span, None)
            self._spans.pop(span, None)
            heappop(self._order)
        return customer_id

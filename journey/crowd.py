"""Links that would have made a customer of too many identifiers: of all those of one customer the earliest is told."""

from collections.abc import Callable, Iterable
from heapq import heappop, heappush

from journey.linking import Edge, Node, Order, is_crowd

# Each with its place when it was put here: one that was seen earlier since is here once more.
_Waiting = list[tuple[Order, Edge]]


class Crowds:
    """The refused links by the customers, told by their top, that they would have joined.

    A link that is here may have become another kind of conflict since: `holds` tells whether it has not.
    """

    def __init__(self, holds: Callable[[Edge], bool]) -> None:
        self._holds = holds
        self._waiting: dict[Node, _Waiting] = {}
        self._first: dict[Node, Edge] = {}
        self._touched: dict[Node, None] = {}

    def add(self, edge: Edge) -> None:
        """A link that was refused."""
        for top in (edge.a.top, edge.b.top):
            heappush(self._waiting.setdefault(top, []), (edge.order, edge))
            self._touched[top] = None

    def doubt(self, edge: Edge) -> None:
        """A link that may not hold any more: both customers may have another one to tell."""
        self._touched.update({edge.a.top: None, edge.b.top: None})

    def drop(self, tops: Iterable[Node]) -> None:
        """Forget what is known of some customers, which are worked out anew."""
        for top in tops:
            if self._waiting.pop(top, None) is not None:
                self._touched[top] = None

    def join(self, winner: Node, loser: Node) -> None:
        """Two customers are one by now."""
        large, small = self._waiting.pop(winner, []), self._waiting.pop(loser, [])
        if len(large) < len(small):
            large, small = small, large
        for one in small:
            heappush(large, one)
        if large:
            self._waiting[winner] = large
        self._touched.update({winner: None, loser: None})

    def of(self, top: Node) -> list[Edge]:
        """The links of a customer, maybe more than once each."""
        return [edge for _, edge in self._waiting.get(top, ())]

    def full_end(self, edge: Edge) -> Node | None:
        """The end whose customer this link is told for, the stronger where both; None where it is not told."""
        full = [end for end in (edge.a, edge.b) if self._first.get(end.top) is edge]
        return min(full, key=lambda end: end.strength, default=None)

    def settle(self) -> list[Edge]:
        """Find the links to tell by now. Answers those whose `full_end` may be another one than before."""
        changed = []
        for top in self._touched:
            before, now = self._first.pop(top, None), self._earliest(top)
            if now is not None:
                self._first[top] = now
            if now is not before:
                changed += [edge for edge in (before, now) if edge is not None]
        self._touched.clear()
        return changed

    def _earliest(self, top: Node) -> Edge | None:
        # The smaller of the two customers is spared: a bot's every browser would be told of.
        if top.top is not top or not is_crowd(top.size, top.size):
            return None
        waiting = self._waiting.get(top, [])
        while waiting:
            order, edge = waiting[0]
            if order == edge.order and top in (edge.a.top, edge.b.top) and self._holds(edge):
                return edge
            heappop(waiting)
        return None

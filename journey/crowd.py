"""Customers who have as many identifiers as they may.

Of the links that would have made one of too many the earliest is told. An earlier identifier, heard of late, takes the
place of the last one.
"""

from bisect import bisect
from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from operator import attrgetter

from journey.linking import Edge, Node, Order, claims_of, is_crowd, union

_place = attrgetter("place")

# Each with its place when it was put here: one that was seen earlier since is here once more.
_Waiting = list[tuple[Order, Edge]]


def in_order(*followed: Edge) -> tuple[Edge, ...]:
    """Edges that joined a customer, in the order in which they did."""
    return tuple(sorted(followed, key=_place))


def joined_by(edge: Edge, one: Node, other: Node) -> tuple[Edge, ...]:
    """The edges of a customer whom `edge` makes of two."""
    if one.followed and other.followed:
        return in_order(*one.followed, *other.followed, edge)
    before = one.followed or other.followed
    at = bisect(before, edge.place, key=_place)
    return (*before[:at], edge, *before[at:])


def replaced(edge: Edge) -> tuple[Node, Node, Node] | None:
    """A full customer's top, who comes in by an `edge` earlier than its last one, and who goes: all that it changes.

    Why it is all: whatever joins before the last place still does, with the one that comes in; from then on the
    customer is full as before, and known by the same. Who goes is left alone, for all that it was named with is here.
    None where more may change.
    """
    for comes, member in ((edge.a, edge.b), (edge.b, edge.a)):
        top = member.top
        if comes.size > 1 or comes.top is not comes or is_crowd(top.size - 1, 1) or not top.followed:
            continue
        last = top.followed[-1]
        goes = next((end for end in (last.a, last.b) if end is not top and _hangs_by(last, end)), None)
        if goes is None or any(each.said for each in comes.edges):
            continue
        unknown = not (comes.claims or claims_of(goes))
        if unknown or (not last.is_weak and _known_without(goes, top) == union(top.claims, comes.claims)):
            return top, comes, goes
    return None


def _hangs_by(last: Edge, end: Node) -> bool:
    return all(
        each.said is None and each.other(end).top is end.top and (each is last or each.place > last.place)
        for each in end.edges
    )


def _known_without(goes: Node, top: Node) -> frozenset[str]:
    members = {end for each in top.followed for end in (each.a, each.b)} - {goes}
    claims: frozenset[str] = frozenset()
    for member in members:
        claims = union(claims, claims_of(member))
    return claims


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

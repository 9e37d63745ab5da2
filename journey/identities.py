"""Whom each identifier belongs to, kept up to date link by link: always what `journey.linking` says of all the links.

Most links follow from the outcome before and cost next to nothing. What does not (a late link that others were decided
without, a person's word, a known person joined by a strong link to another, an earlier one where a customer is full)
makes its cluster stale, which is worked out anew once, when the outcome is asked for.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import combinations
from operator import attrgetter
from typing import Literal

from journey.crowd import Crowds, in_order, joined_by, replaced
from journey.identity import Identifier, identifiers_of
from journey.linking import (
    SEEN,
    UNLINKED,
    Cluster,
    Edge,
    Key,
    Node,
    Statement,
    claims_of,
    clash,
    grouped,
    is_crowd,
    union,
)  # fmt: skip
from schemas.touchpoint import Customer

# Why a link is not followed: it would join two known people, or make a customer of too many identifiers.
Reason = Literal["two_known", "too_many"]


@dataclass(frozen=True)
class Assignment:
    """The derived id `id` belongs to the customer `to` now, to `former` before; `at` (epoch ms) is of what decided."""

    id: str
    to: str
    former: str
    at: int
    named: Identifier


@dataclass(frozen=True)
class Conflict:
    """An identifier that does not join `refused`, which was named with it: it stays with `kept_by`.

    Two known people share it, or (`too_many`) it is one more than the customer `refused` may have: of all those the
    earliest. Both are derived ids, which no merge changes; `touchpoint` is (epoch ms, source, id) of the first that
    named it with `refused`.
    """

    shared: Identifier
    kept_by: str
    refused: str
    touchpoint: Key
    reason: Reason = "two_known"

    @property
    def about(self) -> tuple[str, str]:
        """What makes it this conflict and no other: the shared identifier and who was refused."""
        return self.shared.derived_id, self.refused


@dataclass
class Changes:
    """What some links changed: assignments, conflicts that are new or other than before, and those that are none now.

    `edges` are the ones that learned something: the state is all edges, each with what it learned last.
    """

    assignments: list[Assignment] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    settled: list[Conflict] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)


class Identities:
    """All identifiers that were ever named together with another one, and the customer of each."""

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}
        self._conflicts: dict[Edge, Conflict] = {}
        self._crowds = Crowds(lambda edge: self._reason(edge) == "too_many")
        self._keepers: dict[Node, Edge | None] = {}
        self._stale: dict[Cluster, tuple[Node, int]] = {}
        self._at = 0
        self._learned: dict[Edge, None] = {}
        self._alone: dict[Node, Edge] = {}
        self._former: dict[Node, tuple[str, int]] = {}
        self._said: dict[Edge, Conflict | None] = {}

    def __len__(self) -> int:
        return len(self._nodes)

    def link(self, customer: Customer, at: int, source: str, id: str, statement: Statement = SEEN) -> Changes:
        """One touchpoint (`at` in epoch ms) that names a customer, normalised, and what that changed."""
        self.add(identifiers_of(customer), (at, source, id), statement)
        return self.changes()

    def add(self, identifiers: tuple[Identifier, ...], key: Key, statement: Statement = SEEN) -> None:
        """Take in a link, its identifiers the strongest first; `changes` tells what some of them changed together."""
        pairs = (
            combinations(identifiers, 2) if statement == UNLINKED else ((identifiers[0], n) for n in identifiers[1:])
        )
        for one, other in pairs:
            self._add(one, other, key, statement)

    def changes(self) -> Changes:
        """What changed since it was asked for the last time."""
        for start, at in self._stale.values():
            self._work_out(start, at)
        self._stale.clear()
        for edge in self._crowds.settle():
            self._note(edge)
        assignments = [
            Assignment(node.id, node.top.id, former, at, node.named)
            for node, (former, at) in self._former.items()
            if node.top.id != former
        ]
        found = Changes(assignments, edges=list(self._learned))
        for edge, before in self._said.items():
            now = self._conflicts.get(edge)
            if now == before:
                continue
            if now is not None:
                found.conflicts.append(now)
            if before is not None and (now is None or now.about != before.about):
                found.settled.append(before)
        self._learned, self._former, self._said = {}, {}, {}
        return found

    def customer_of(self, derived_id: str) -> str:
        """The customer_id of whom an identifier belongs to; its own, where nothing links it."""
        node = self._nodes.get(derived_id)
        return derived_id if node is None else node.top.id

    def named(self, derived_id: str) -> Identifier | None:
        """The identifier that a derived id stands for, where it was ever linked."""
        node = self._nodes.get(derived_id)
        return None if node is None else node.named

    def identifiers(self, customer_id: str) -> list[Identifier]:
        """The identifiers that belong to a customer, the strongest first; none where nothing was linked."""
        node = self._nodes.get(customer_id)
        return [] if node is None else [each.named for each in sorted(_of_one(node), key=attrgetter("strength"))]

    def conflicts(self) -> list[Conflict]:
        """The conflicts that stand, in time order."""
        return sorted(self._conflicts.values(), key=lambda one: (one.touchpoint, one.refused, one.shared))

    def recall(self, one: Identifier, other: Identifier, seen: Key | None, said: tuple[Key, Statement] | None) -> None:
        """Take an edge back from the state. Nothing of it counts as a change once `changes` was asked for."""
        if seen is not None:
            self._add(one, other, seen, SEEN)
        if said is not None:
            self._add(one, other, *said)

    def _add(self, one: Identifier, other: Identifier, key: Key, statement: Statement) -> None:
        self._at = key[0]
        a, b = self._node(one), self._node(other)
        if a is b:
            self._keep(a, key)
            return
        edge = _between(a, b)
        if edge is None:
            edge = Edge(a, b) if a.id < b.id else Edge(b, a)
            a.edges.append(edge)
            b.edges.append(edge)
            self._unite(a, b)
        if not edge.learns(key, statement):
            return
        self._learned[edge] = None
        if a.cluster.stale or not self._follows(edge):
            self._make_stale(a)

    def _keep(self, node: Node, key: Key) -> None:
        """Have the state tell what an issued id stands for where no other edge does: it was named with that alone."""
        if node.edges or node in self._alone:
            return
        edge = self._alone[node] = Edge(node, node)
        edge.learns(key, SEEN)
        self._learned[edge] = None

    def _node(self, named: Identifier) -> Node:
        derived_id = named.derived_id
        node = self._nodes.get(derived_id)
        if node is None:
            node = self._nodes[derived_id] = Node(named, derived_id)
        elif node.is_alias and named.value != derived_id:
            # What it stands for is known only now: whether its edges are weak, and what it is known by.
            node.kind, node.value = named
            self._learned.update(dict.fromkeys(node.edges[:1]))
            self._make_stale(node)
        return node

    def _make_stale(self, node: Node) -> None:
        node.cluster.stale = True
        self._stale[node.cluster] = (node, self._at)

    def _unite(self, a: Node, b: Node) -> None:
        """Make the two clusters one, at the cost of the smaller one."""
        large, small = (a, b) if a.cluster.size >= b.cluster.size else (b, a)
        kept, gone = large.cluster, small.cluster
        if kept is gone:
            return
        for node in _reached(small, lambda node: node.cluster is gone):
            node.cluster = kept
        kept.size += gone.size
        kept.apart += gone.apart
        if self._stale.pop(gone, None) is not None:
            self._make_stale(large)

    def _follows(self, edge: Edge) -> bool:
        """Take an edge into the outcome where that is cheap. False where the cluster must be worked out anew.

        Why it may be: where two customers do not clash, are not too many together, and nobody was set apart, that held
        for all parts of them at any time, so joining them earlier or later refuses and admits the same edges. And what
        comes after all that made the two customers meets them as they are: refused, it changes nothing.
        """
        if edge.said is not None:
            return False
        a, b = edge.a.top, edge.b.top
        if a is b and edge in a.followed:
            a.followed = in_order(*a.followed)
        clashes = a is not b and clash(a.claims, b.claims)
        crowded = a is not b and is_crowd(a.size, b.size)
        is_refused = crowded or (clashes and edge.is_weak)
        is_safe = not edge.a.cluster.apart
        if not clashes and not crowded and (is_safe or (a is b and _is_last(edge))):
            self._join(a, b, edge)
            self._look_at_keeper(edge)
            return True
        if is_refused and (_is_last(edge) or (is_safe and self._came_too_late(edge))):
            self._judge(edge)
            return True
        return crowded and self._replaces(edge)

    def _replaces(self, edge: Edge) -> bool:
        """Let an earlier identifier take the place of a full customer's last one, where that changes nothing else."""
        found = replaced(edge)
        if found is None:
            return False
        top, comes, goes = found
        self._assign(goes, goes)
        goes.claims, goes.size, goes.followed = claims_of(goes), 1, ()
        top.size, top.followed = top.size - 1, top.followed[:-1]
        self._join(top, comes, edge)
        for each in dict.fromkeys((*comes.edges, *goes.edges)):
            self._look_at_keeper(each)
            self._judge(each)
        return True

    def _came_too_late(self, edge: Edge) -> bool:
        """Whether the shared end already was somebody's who clashes with the other end: then it is refused anyhow."""
        if not edge.is_weak:
            return False
        shared = edge.shared
        kept = self._keeper(shared)
        if kept is None or kept.seen is None or kept.order > edge.order:
            return False
        return clash(claims_of(kept.other(shared)), claims_of(edge.other(shared)))

    def _join(self, a: Node, b: Node, edge: Edge) -> None:
        if a is b:
            return
        winner, loser = sorted((a, b), key=attrgetter("strength"))
        claims = union(winner.claims, loser.claims)
        # Who becomes known by this is known to those now whom only their number kept apart.
        other_now = [each for top in (a, b) if top.claims != claims for each in self._crowds.of(top)]
        followed, loser.followed = joined_by(edge, winner, loser), ()
        for node in _of_one(loser):
            self._assign(node, winner)
        winner.claims, winner.followed, winner.size = claims, followed, winner.size + loser.size
        self._crowds.join(winner, loser)
        for each in other_now:
            self._crowds.doubt(each)
            self._note(each)

    def _assign(self, node: Node, top: Node) -> None:
        former = self._former.get(node, (node.top.id,))[0]
        self._former[node] = (former, self._at)
        node.top = top

    def _work_out(self, start: Node, at: int) -> None:
        self._at = at
        nodes = list(_reached(start, lambda node: True))
        edges = list(dict.fromkeys(edge for node in nodes for edge in node.edges))
        self._crowds.drop(dict.fromkeys(node.top for node in nodes))
        for group in grouped(nodes, edges):
            top = min(group.members, key=attrgetter("strength"))
            for node in group.members:
                if node.top is not top:
                    self._assign(node, top)
            top.claims, top.followed, top.size = group.claims, in_order(*group.followed), len(group.members)
        cluster = start.cluster
        cluster.stale = False
        cluster.apart = tuple(edge for edge in edges if edge.statement == UNLINKED)
        for node in nodes:
            self._keepers.pop(node, None)
        for edge in edges:
            self._judge(edge)

    def _judge(self, edge: Edge) -> None:
        """Find out whether an edge is a conflict now, whose customers may be others than when it was looked at."""
        if self._reason(edge) == "too_many":
            self._crowds.add(edge)
        self._note(edge)

    def _note(self, edge: Edge) -> None:
        """Note whether an edge is a conflict now, and whether that is news."""
        before, now = self._conflicts.get(edge), self._conflict(edge)
        if before == now:
            return
        self._said.setdefault(edge, before)
        if now is None:
            del self._conflicts[edge]
        else:
            self._conflicts[edge] = now

    def _conflict(self, edge: Edge) -> Conflict | None:
        reason = self._reason(edge)
        if reason is None or edge.seen is None:
            return None
        if reason == "too_many":
            full = self._crowds.full_end(edge)
            if full is None:
                return None
            one_more = edge.other(full)
            return Conflict(one_more.named, one_more.id, full.id, edge.seen, reason)
        shared = edge.shared
        kept = self._keeper(shared)
        kept_by = shared if kept is None else kept.other(shared)
        return Conflict(shared.named, kept_by.id, edge.other(shared).id, edge.seen)

    def _reason(self, edge: Edge) -> Reason | None:
        """Why tools' word does not join the two ends, by the customers of now; None where that is no matter."""
        a, b = edge.a.top, edge.b.top
        if a is b or edge.seen is None or edge.said is not None:
            return None
        if any({word.a.top, word.b.top} == {a, b} for word in edge.a.cluster.apart):
            return None
        return "two_known" if edge.is_weak and clash(a.claims, b.claims) else "too_many"

    def _keeper(self, shared: Node) -> Edge | None:
        """The earliest edge that joined a shared identifier to somebody: with whom it stays."""
        if shared not in self._keepers:
            joined = [edge for edge in shared.edges if edge.other(shared).top is shared.top]
            self._keepers[shared] = min(joined, key=_earliest, default=None)
        return self._keepers[shared]

    def _look_at_keeper(self, edge: Edge) -> None:
        """An edge that joins a shared identifier to somebody earlier than the others did changes who keeps it."""
        for shared in (edge.a, edge.b):
            if shared not in self._keepers:
                continue
            before = self._keepers.pop(shared)
            if self._keeper(shared) is not before:
                for each in shared.edges:
                    self._note(each)


def _is_last(edge: Edge) -> bool:
    """Whether it comes after all that made the two customers what they are."""
    return all(not top.followed or top.followed[-1].place < edge.place for top in (edge.a.top, edge.b.top))


def _earliest(edge: Edge) -> tuple[Key, str, str]:
    keys = [key for key in (edge.seen, edge.said and edge.said[0]) if key]
    return min(keys), edge.a.id, edge.b.id


def _between(a: Node, b: Node) -> Edge | None:
    """The edge of two nodes. A hub has many edges, those that it was named with few."""
    node, other = (a, b) if len(a.edges) <= len(b.edges) else (b, a)
    return next((edge for edge in node.edges if edge.other(node) is other), None)


def _of_one(node: Node) -> list[Node]:
    """All identifiers of the node's customer. Whatever joined them, edges inside of the customer connect them."""
    top = node.top
    return list(_reached(node, lambda each: each.top is top))


def _reached(start: Node, goes_on: Callable[[Node], bool]) -> Iterator[Node]:
    """Every node that edges lead to over nodes by which it `goes_on`."""
    seen, waiting = {start}, [start]
    while waiting:
        node = waiting.pop()
        yield node
        for edge in node.edges:
            other = edge.other(node)
            if other not in seen and goes_on(other):
                seen.add(other)
                waiting.append(other)

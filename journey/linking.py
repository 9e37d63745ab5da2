"""What a set of links between identifiers means: who is one customer. A pure function of the set, in any order.

What a person says counts first, then links between strong identifiers, then weak ones. `journey.identities` keeps the
same outcome up to date, link by link.
"""

from collections.abc import Iterable
from functools import lru_cache
from operator import attrgetter
from typing import Literal

from journey.identity import Identifier

Key = tuple[int, str, str]
Order = tuple[Key, str, str]
# Strong edges before weak ones, each in time order.
Place = tuple[bool, Order]

# What a touchpoint says of the identifiers that it names together: that it saw them so, or what a person decided.
Statement = Literal["seen", "linked", "unlinked"]
SEEN: Statement = "seen"
LINKED: Statement = "linked"
UNLINKED: Statement = "unlinked"
STATEMENTS = {"identity.linked": LINKED, "identity.unlinked": UNLINKED}

STRENGTHS = {kind: rank for rank, kind in enumerate(("customer_id", "crm_id", "email", "phone", "anonymous_id"))}
WEAK = frozenset({"phone", "anonymous_id"})
# A customer's state has a budget, and so have its identifiers: a bot has a new browser at every visit. No tool's link
# makes a customer of more; a person's word may.
MOST_IDENTIFIERS = 200
# A customer_id of ours that no link has named by its identifier yet: it may be anybody who is known.
_ANYBODY = "anybody"


class Node:
    """An identifier in the graph; `top` is the strongest of its customer.

    At the top: `claims` is what the customer is known by, `size` how many identifiers it has, `followed` the edges that
    joined them where no person's word did, in order.
    """

    __slots__ = ("claims", "cluster", "edges", "followed", "id", "kind", "size", "top", "value")

    def __init__(self, named: Identifier, derived_id: str) -> None:
        self.id = derived_id
        self.kind, self.value = named
        self.edges: list[Edge] = []
        self.top = self
        self.claims = claims_of(self)
        self.size = 1
        self.followed: tuple[Edge, ...] = ()
        self.cluster: Cluster = Cluster()

    @property
    def named(self) -> Identifier:
        """The identifier; a customer_id where only that is known of it."""
        return Identifier(self.kind, self.value)

    @property
    def is_alias(self) -> bool:
        """Whether only the customer_id that stands for it is known."""
        return self.kind == "customer_id" and self.value == self.id

    @property
    def strength(self) -> tuple[int, str, str]:
        """The strongest first; ties by value."""
        return STRENGTHS[self.kind], self.value, self.id


class Edge:
    """Two identifiers that were named together: `seen` first by this touchpoint, `said` last by a person."""

    __slots__ = ("a", "b", "said", "seen")

    def __init__(self, a: Node, b: Node) -> None:
        self.a, self.b = a, b
        self.seen: Key | None = None
        self.said: tuple[Key, Statement] | None = None

    def learns(self, key: Key, statement: Statement) -> bool:
        """Take in one more touchpoint about the two. Whether it adds anything."""
        if statement == SEEN:
            if self.seen is not None and self.seen <= key:
                return False
            self.seen = key
            return True
        if self.said is not None and self.said >= (key, statement):
            return False
        self.said = (key, statement)
        return True

    @property
    def order(self) -> Order:
        """When it was seen; ties by its ends."""
        assert self.seen is not None
        return self.seen, self.a.id, self.b.id

    @property
    def place(self) -> Place:
        """Its place among the edges that touchpoints made."""
        return self.is_weak, self.order

    @property
    def is_weak(self) -> bool:
        """Whether an end is shared easily: a browser, a phone."""
        return self.a.kind in WEAK or self.b.kind in WEAK

    @property
    def statement(self) -> Statement:
        """What a person said last, else that it was seen."""
        return self.said[1] if self.said else SEEN

    @property
    def shared(self) -> Node:
        """The weaker end: what two people may share."""
        return max(self.a, self.b, key=attrgetter("strength"))

    def other(self, node: Node) -> Node:
        """The end that is not `node`."""
        return self.b if self.a is node else self.a


class Cluster:
    """Everything that edges connect, refused ones too: the furthest that one more edge can have an effect.

    `apart` are the edges by which a person set two identifiers apart.
    """

    __slots__ = ("apart", "size", "stale")

    def __init__(self) -> None:
        self.size = 1
        self.apart: tuple[Edge, ...] = ()
        self.stale = False


class Group:
    """Some nodes that belong to one customer, while the outcome is worked out."""

    __slots__ = ("apart", "claims", "followed", "members")

    def __init__(self, node: Node) -> None:
        self.members = [node]
        self.claims = claims_of(node)
        self.apart: list[Edge] = []
        self.followed: list[Edge] = []


def grouped(nodes: Iterable[Node], edges: Iterable[Edge]) -> list[Group]:
    """The customers of a whole cluster: statements of people, then strong edges, then weak ones, each in time order.

    A person's `linked` joins, unless a later `unlinked` sets the two sides apart. Any other edge never joins what is
    set apart, nor two customers who have more than MOST_IDENTIFIERS together. A weak one does not join two who are both
    known, each by an e-mail or by an id of one system.
    """
    of = {node: Group(node) for node in nodes}
    said = sorted((edge for edge in edges if edge.said), key=lambda edge: (edge.said, edge.a.id, edge.b.id))
    for edge in said:
        if edge.statement == UNLINKED:
            of[edge.a].apart.append(edge)
            of[edge.b].apart.append(edge)
    for edge in said:
        if edge.statement == LINKED and not _are_apart(of, edge, since=edge.said):
            _join(of, edge)
    seen = sorted((edge for edge in edges if edge.seen), key=attrgetter("order"))
    for edge in (edge for edge in seen if not edge.is_weak):
        _follow(of, edge)
    for edge in (edge for edge in seen if edge.is_weak):
        if not clash(of[edge.a].claims, of[edge.b].claims):
            _follow(of, edge)
    return list({id(group): group for group in of.values()}.values())


def _follow(of: dict[Node, Group], edge: Edge) -> None:
    first, second = of[edge.a], of[edge.b]
    if first is second or is_crowd(len(first.members), len(second.members)) or _are_apart(of, edge):
        return
    _join(of, edge)
    of[edge.a].followed.append(edge)


def is_crowd(one: int, other: int) -> bool:
    """Whether two customers, each of so many identifiers, are too many to be one."""
    return one + other > MOST_IDENTIFIERS


def _are_apart(of: dict[Node, Group], edge: Edge, since: tuple[Key, Statement] | None = None) -> bool:
    first, second = of[edge.a], of[edge.b]
    if first is second:
        return False
    fewer = min(first.apart, second.apart, key=len)
    return any(
        {id(of[word.a]), id(of[word.b])} == {id(first), id(second)}
        and (since is None or (word.said is not None and word.said > since))
        for word in fewer
    )


def _join(of: dict[Node, Group], edge: Edge) -> None:
    large, small = of[edge.a], of[edge.b]
    if large is small:
        return
    if len(large.members) < len(small.members):
        large, small = small, large
    for node in small.members:
        of[node] = large
    large.members += small.members
    large.followed += small.followed
    large.claims = union(large.claims, small.claims)
    large.apart += small.apart


def claims_of(node: Node) -> frozenset[str]:
    """What makes its owner a known person: an e-mail, an id of a CRM or of a tool. None of a browser or a phone."""
    if node.is_alias:
        return _claims(_ANYBODY)
    if node.kind == "crm_id":
        system, colon, _ = node.value.partition(":")
        return _claims(f"crm {system if colon else ''}")
    return _claims("" if node.kind in WEAK else node.kind)


@lru_cache(maxsize=4096)
def _claims(claim: str) -> frozenset[str]:
    return frozenset({claim} if claim else ())


@lru_cache(maxsize=4096)
def union(one: frozenset[str], other: frozenset[str]) -> frozenset[str]:
    """Both sets of claims; the same object for the same ones, as there are few."""
    return one | other


def clash(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether both are known, and by the same kind of name: two people, as far as a browser or a phone can tell."""
    if not one or not other:
        return False
    return _ANYBODY in one or _ANYBODY in other or not one.isdisjoint(other)

"""Who is one customer: the same whatever the order, and however often it is said, and as the rules alone say it."""

import random
from collections.abc import Sequence
from itertools import combinations
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey import linking
from journey.identities import Conflict, Identities
from journey.identity import Identifier, identifiers_of
from journey.linking import LINKED, SEEN, STRENGTHS, UNLINKED, Statement
from schemas.touchpoint import Customer

Link = tuple[Customer, int, str, str, Statement]
POOL = {
    "customer_id": ["user-1", "user-2"],
    "crm_id": ["1", "2", "hub:1", "hub:2"],
    "email": ["a@x.example", "b@x.example", "c@x.example"],
    "phone": ["+4930123456", "+4930123457"],
    "anonymous_id": ["b-1", "b-2", "b-3"],
}
MOST = st.sampled_from([2, 3, 4, 5, 200])
IDS = {kind: [Identifier(kind, value).derived_id for value in values] for kind, values in POOL.items()}


@st.composite
def links(
    draw: st.DrawFn, most: int = 14, statements: Sequence[Statement] = (SEEN, SEEN, SEEN, LINKED, UNLINKED)
) -> list[Link]:
    """Touchpoints that name two or more identifiers of a few people, each at a place in time of its own."""
    made = []
    for number in range(draw(st.integers(1, most))):
        kinds = draw(st.sets(st.sampled_from(list(POOL)), min_size=2, max_size=3))
        named = {kind: draw(st.sampled_from(POOL[kind])) for kind in kinds}
        if "customer_id" in named and draw(st.booleans()):
            named["customer_id"] = draw(st.sampled_from([one for kind in IDS for one in IDS[kind]]))
        at = draw(st.integers(0, 6))
        made.append((Customer(**named), at, "ex", f"t{number}", draw(st.sampled_from(statements))))
    return made


def told(given_links: Sequence[Link]) -> Identities:
    identities = Identities()
    for link in given_links:
        identities.link(*link)
    return identities


def everybody(identities: Identities) -> dict[str, str]:
    return {one: identities.customer_of(one) for kind in IDS for one in IDS[kind]}


class Naive:
    """The rules written down once more, slowly: sets of ids, everything looked up anew at each step."""

    def __init__(self, given_links: Sequence[Link], most: int = 200) -> None:
        self.most = most
        self.names: dict[str, Identifier] = {}
        self.seen: dict[frozenset[str], tuple[int, str, str]] = {}
        self.said: dict[frozenset[str], tuple[tuple[int, str, str], Statement]] = {}
        for customer, at, source, touchpoint_id, statement in given_links:
            named = identifiers_of(customer)
            for one in named:
                known = self.names.get(one.derived_id)
                if known is None or known.value == one.derived_id:
                    self.names[one.derived_id] = one
            pairs = combinations(named, 2) if statement == UNLINKED else [(named[0], other) for other in named[1:]]
            for one, other in pairs:
                pair = frozenset({one.derived_id, other.derived_id})
                if len(pair) == 2:
                    self._note(pair, (at, source, touchpoint_id), statement)
        self.parts = [{one} for one in self.names]
        self._run()

    def _note(self, pair: frozenset[str], key: tuple[int, str, str], statement: Statement) -> None:
        if statement == SEEN:
            self.seen[pair] = min(key, self.seen.get(pair, key))
        else:
            self.said[pair] = max((key, statement), self.said.get(pair, (key, statement)))

    def _part(self, one: str) -> set[str]:
        return next(part for part in self.parts if one in part)

    def _apart(self, pair: frozenset[str], since: tuple[int, str, str] | None = None) -> bool:
        first, second = (self._part(one) for one in pair)
        return first is not second and any(
            len(word & first) == 1 and len(word & second) == 1 and (since is None or (key, said) > (since, LINKED))
            for word, (key, said) in self.said.items()
            if said == UNLINKED
        )

    def _join(self, pair: frozenset[str]) -> None:
        first, second = (self._part(one) for one in pair)
        if first is not second:
            self.parts = [part for part in self.parts if part not in (first, second)] + [first | second]

    def _known_by(self, part: set[str]) -> set[str]:
        found = set()
        for one in part:
            kind, value = self.names[one]
            if kind == "crm_id":
                found.add("crm " + value.split(":")[0] if ":" in value else "crm")
            elif kind == "email" or (kind == "customer_id" and value != one):
                found.add(kind)
            elif kind == "customer_id":
                found.add("?")
        return found

    def _clash(self, pair: frozenset[str]) -> bool:
        first, second = (self._known_by(self._part(one)) for one in pair)
        return bool(first and second and (first & second or "?" in first | second))

    def _is_crowd(self, pair: frozenset[str]) -> bool:
        first, second = (self._part(one) for one in pair)
        return first is not second and len(first) + len(second) > self.most

    def _is_weak(self, pair: frozenset[str]) -> bool:
        return any(self.names[one].kind in ("phone", "anonymous_id") for one in pair)

    def _run(self) -> None:
        for key, pair in sorted((key, sorted(pair)) for pair, (key, said) in self.said.items() if said == LINKED):
            if not self._apart(frozenset(pair), key):
                self._join(frozenset(pair))
        in_time = [frozenset(pair) for _, pair in sorted((key, sorted(pair)) for pair, key in self.seen.items())]
        for pair in in_time:
            if not self._is_weak(pair) and not self._apart(pair) and not self._is_crowd(pair):
                self._join(pair)
        for pair in in_time:
            if self._is_weak(pair) and not self._apart(pair) and not self._clash(pair) and not self._is_crowd(pair):
                self._join(pair)

    def customer_of(self, one: str) -> str:
        if one not in self.names:
            return one
        return min(self._part(one), key=lambda each: (STRENGTHS[self.names[each].kind], self.names[each].value, each))

    def conflicts(self) -> set[tuple[str, str, str]]:
        """Pairs that a weak identifier would have joined, and the earliest ones that customers were too large for."""
        refused = {
            pair: "two_known" if self._is_weak(pair) and self._clash(pair) else "too_many"
            for pair in self.seen
            if pair not in self.said and self._part(min(pair)) is not self._part(max(pair)) and not self._apart(pair)
        }
        of_large = [
            [(self.seen[pair], sorted(pair)) for pair, why in refused.items() if why == "too_many" and pair & part]
            for part in self.parts
            if 2 * len(part) > self.most
        ]
        told = [frozenset(min(found)[1]) for found in of_large if found]
        return {(*sorted(pair), why) for pair, why in refused.items() if why == "two_known" or pair in told}


def pairs_of(conflicts: Sequence[Conflict]) -> set[tuple[str, str, str]]:
    return {(*sorted((one.shared.derived_id, one.refused)), one.reason) for one in conflicts}


@given(links(), MOST)
@settings(max_examples=250, deadline=None)
def test_kept_up_to_date_link_by_link_it_is_what_the_rules_say_of_all_links_together(
    given_links: list[Link], most: int
) -> None:
    with patch.object(linking, "MOST_IDENTIFIERS", most):
        identities, naive = told(given_links), Naive(given_links, most)
    assert everybody(identities) == {one: naive.customer_of(one) for kind in IDS for one in IDS[kind]}
    assert pairs_of(identities.conflicts()) == naive.conflicts()


@given(links(most=40, statements=(SEEN,)), MOST)
@settings(max_examples=150, deadline=None)
def test_links_of_tools_alone_end_as_the_rules_say(given_links: list[Link], most: int) -> None:
    with patch.object(linking, "MOST_IDENTIFIERS", most):
        identities, naive = told(given_links), Naive(given_links, most)
    assert everybody(identities) == {one: naive.customer_of(one) for kind in IDS for one in IDS[kind]}
    assert max(len(identities.identifiers(identities.customer_of(one))) for one in everybody(identities)) <= most
    assert pairs_of(identities.conflicts()) == naive.conflicts()


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_any_order_and_any_repetition_ends_the_same(data: st.DataObject) -> None:
    given_links = data.draw(links())
    again = data.draw(st.permutations(given_links + data.draw(st.lists(st.sampled_from(given_links), max_size=5))))
    with patch.object(linking, "MOST_IDENTIFIERS", data.draw(MOST)):
        first, second = told(given_links), told(again)
    assert everybody(first) == everybody(second)
    assert first.conflicts() == second.conflicts()


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_the_changes_told_on_the_way_add_up_to_the_outcome(data: st.DataObject) -> None:
    identities, owners, standing = Identities(), dict[str, str](), dict[tuple[str, str], Conflict]()
    with patch.object(linking, "MOST_IDENTIFIERS", data.draw(MOST)):
        for link in data.draw(links()):
            identities.add(identifiers_of(link[0]), link[1:4], link[4])
            if data.draw(st.booleans()):
                continue
            take(identities, owners, standing)
        take(identities, owners, standing)
    assert {one: owners.get(one, one) for one in everybody(identities)} == everybody(identities)
    assert set(standing.values()) == set(identities.conflicts())


def take(identities: Identities, owners: dict[str, str], standing: dict[tuple[str, str], Conflict]) -> None:
    changes = identities.changes()
    for one in changes.assignments:
        assert one.former == owners.get(one.id, one.id) != one.to
        owners[one.id] = one.to
    for conflict in changes.settled:
        del standing[conflict.about]
    for conflict in changes.conflicts:
        standing[conflict.about] = conflict
    assert identities.changes().assignments == []


@given(links(statements=(SEEN,)))
@settings(max_examples=100, deadline=None)
def test_two_people_with_different_e_mails_never_become_one_by_weak_identifiers(given_links: list[Link]) -> None:
    weak = [
        (customer.model_copy(update={"customer_id": None, "crm_id": None}), *rest)
        for customer, *rest in given_links
        if customer.email or customer.phone or customer.anonymous_id
    ]
    identities = told(weak)
    owners = [identities.customer_of(one) for one in IDS["email"]]
    assert len(set(owners)) == len(owners)


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_an_edge_taken_back_from_the_state_means_what_it_meant(data: st.DataObject) -> None:
    given_links = data.draw(links())
    cut = data.draw(st.integers(0, len(given_links)))
    state = {}
    with patch.object(linking, "MOST_IDENTIFIERS", data.draw(MOST)):
        before = Identities()
        for link in given_links[:cut]:
            for edge in before.link(*link).edges:
                state[edge.a.id, edge.b.id] = (edge.a.named, edge.b.named, edge.seen, edge.said)
        restored, expected = Identities(), told(given_links)
        for edge_state in data.draw(st.permutations(list(state.values()))):
            restored.recall(*edge_state)
        restored.changes()
        for link in given_links[cut:]:
            restored.link(*link)
    assert everybody(restored) == everybody(expected)
    assert restored.conflicts() == expected.conflicts()


def test_what_an_issued_id_stands_for_is_kept_though_nothing_else_is_named_with_it() -> None:
    browser = Identifier("anonymous_id", "b-1")
    [edge] = Identities().link(*link(0, customer_id=browser.derived_id, anonymous_id="b-1")).edges
    restored = Identities()
    restored.recall(edge.a.named, edge.b.named, edge.seen, edge.said)
    assert restored.named(browser.derived_id) == browser


def link(at: int, statement: Statement = SEEN, **named: str) -> Link:
    return Customer(**named), at, "web", f"w{at}", statement


def owner(identities: Identities, kind: str, value: str) -> str:
    return identities.customer_of(Identifier(kind, value).derived_id)


def test_the_browser_came_first_and_belongs_to_the_person_who_signed_in() -> None:
    identities = Identities()
    changes = identities.link(*link(5, anonymous_id="b-1", email="jo@acme.example"))
    jo = Identifier("email", "jo@acme.example").derived_id
    browser = Identifier("anonymous_id", "b-1")
    (assigned,) = changes.assignments
    assert (assigned.id, assigned.to, assigned.former, assigned.at) == (browser.derived_id, jo, browser.derived_id, 5)
    assert identities.identifiers(jo) == [Identifier("email", "jo@acme.example"), browser]
    assert identities.conflicts() == []


def test_a_shared_browser_does_not_merge_two_known_people_and_says_so_by_name() -> None:
    identities = told([link(9, anonymous_id="b-2", email="a@acme.example")])
    changes = identities.link(*link(10, anonymous_id="b-2", email="b@acme.example"))
    a, b = (Identifier("email", f"{name}@acme.example").derived_id for name in "ab")
    assert changes.assignments == []
    assert changes.conflicts == [Conflict(Identifier("anonymous_id", "b-2"), a, b, (10, "web", "w10"))]
    assert owner(identities, "anonymous_id", "b-2") == a
    assert identities.customer_of(b) == b


def test_a_browser_whose_earlier_owner_is_heard_of_late_goes_to_that_owner() -> None:
    identities = told([link(10, anonymous_id="b-2", email="b@acme.example")])
    changes = identities.link(*link(9, anonymous_id="b-2", email="a@acme.example"))
    a, b = (Identifier("email", f"{name}@acme.example").derived_id for name in "ab")
    assert [(one.to, one.former) for one in changes.assignments] == [(a, b)]
    assert [(one.kept_by, one.refused) for one in changes.conflicts] == [(a, b)]


def test_merges_are_transitive_and_the_strongest_identifier_names_the_customer() -> None:
    identities = told(
        [
            link(1, anonymous_id="b-1", phone="+4930123456"),
            link(2, phone="+4930123456", email="a@x.example"),
            link(3, email="a@x.example", crm_id="77"),
        ]
    )
    top = Identifier("crm_id", "77").derived_id
    assert owner(identities, "anonymous_id", "b-1") == top == owner(identities, "email", "a@x.example")


def test_a_crm_id_names_one_person_with_two_e_mails() -> None:
    identities = told([link(1, crm_id="7", email="a@x.example"), link(2, crm_id="7", email="b@x.example")])
    assert owner(identities, "email", "a@x.example") == owner(identities, "email", "b@x.example")
    assert identities.conflicts() == []


def test_ids_of_two_crm_systems_may_be_one_person_and_two_ids_of_one_system_are_two_for_a_browser() -> None:
    one = told([link(1, crm_id="hub:1", anonymous_id="b"), link(2, crm_id="sf:9", anonymous_id="b")])
    assert owner(one, "crm_id", "hub:1") == owner(one, "crm_id", "sf:9")
    two = told([link(1, crm_id="hub:1", anonymous_id="b"), link(2, crm_id="hub:2", anonymous_id="b")])
    assert owner(two, "crm_id", "hub:1") != owner(two, "crm_id", "hub:2")


def test_a_strong_link_of_later_takes_back_what_a_shared_browser_had_joined() -> None:
    given_links = [link(1, crm_id="1", anonymous_id="b"), link(2, email="a@x.example", anonymous_id="b")]
    identities = told(given_links)
    assert owner(identities, "email", "a@x.example") == Identifier("crm_id", "1").derived_id
    changes = identities.link(*link(3, crm_id="1", email="c@x.example"))
    left = {one.id: (one.former, one.to) for one in changes.assignments}
    email = Identifier("email", "a@x.example").derived_id
    assert left[email] == (Identifier("crm_id", "1").derived_id, email)
    assert [one.refused for one in changes.conflicts] == [email]


def test_a_person_may_join_and_set_apart_and_the_last_word_counts() -> None:
    identities = told([link(1, email="a@x.example", anonymous_id="b")])
    changes = identities.link(*link(2, UNLINKED, email="a@x.example", anonymous_id="b"))
    assert [one.to for one in changes.assignments] == [Identifier("anonymous_id", "b").derived_id]
    assert identities.conflicts() == []
    identities.link(*link(3, email="a@x.example", anonymous_id="b"))
    assert owner(identities, "anonymous_id", "b") == Identifier("anonymous_id", "b").derived_id
    identities.link(*link(4, LINKED, email="a@x.example", anonymous_id="b"))
    assert owner(identities, "anonymous_id", "b") == Identifier("email", "a@x.example").derived_id


def test_what_a_person_joined_in_steps_is_set_apart_by_a_later_word_on_its_ends() -> None:
    first = Identifier("email", "a@x.example").derived_id
    joined = [
        link(1, LINKED, customer_id=first, email="b@x.example"),
        link(2, LINKED, customer_id=Identifier("email", "b@x.example").derived_id, email="c@x.example"),
    ]
    identities = told(joined)
    assert owner(identities, "email", "c@x.example") == first
    identities.link(*link(3, UNLINKED, customer_id=first, email="c@x.example"))
    assert owner(identities, "email", "b@x.example") == first
    assert owner(identities, "email", "c@x.example") != first


def test_a_customer_id_of_ours_is_the_identifier_that_it_stands_for_once_that_is_known() -> None:
    a, b = (Identifier("email", f"{name}@x.example").derived_id for name in "ab")
    identities = told([link(1, customer_id=a, anonymous_id="b-1")])
    changes = identities.link(*link(2, email="b@x.example", anonymous_id="b-1"))
    assert [one.refused for one in changes.conflicts] == [b]
    identities.link(*link(3, email="a@x.example", phone="+4930123456"))
    assert identities.identifiers(a)[0] == Identifier("email", "a@x.example")


@pytest.mark.parametrize("in_order", [True, False])
def test_a_kiosk_that_thousands_signed_in_at_stays_affordable(in_order: bool) -> None:
    signed_in = [link(number, email=f"p{number}@x.example", anonymous_id="kiosk") for number in range(3000)]
    if not in_order:
        first, rest = signed_in[0], signed_in[1:]
        random.Random(1).shuffle(rest)
        signed_in = [first, *rest]
    identities = told(signed_in)
    assert len(identities.conflicts()) == 2999
    for number in range(1000):
        identities.link(*link(5000 + number, crm_id=str(number), email=f"p{number}@x.example"))
    assert owner(identities, "anonymous_id", "kiosk") == Identifier("crm_id", "0").derived_id

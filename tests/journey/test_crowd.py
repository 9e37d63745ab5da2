"""Customers who have as many identifiers as they may: tools join no more, a person may, and the earliest stay."""

import random
from unittest.mock import patch

import pytest

from journey import linking
from journey.identities import Conflict, Identities
from journey.identity import Identifier, identifiers_of
from journey.linking import LINKED, UNLINKED
from tests.journey.test_identities import Link, link, told


def visits(number: int) -> list[Link]:
    return [link(at, email="bot@x.example", anonymous_id=f"v{at}") for at in range(number)]


@pytest.mark.parametrize("order", ["in order", "newest first", "in any order"])
def test_a_bot_with_a_new_browser_at_every_visit_is_a_customer_of_so_many_and_one_conflict(order: str) -> None:
    given_links = visits(20_000)
    if order == "newest first":
        given_links.reverse()
    if order == "in any order":
        random.Random(1).shuffle(given_links)
    identities, said = Identities(), 0
    for start in range(0, len(given_links), 100):
        for customer, *key, statement in given_links[start : start + 100]:
            identities.add(identifiers_of(customer), tuple(key), statement)
        said += len(identities.changes().conflicts)
    bot = Identifier("email", "bot@x.example").derived_id
    assert set(identities.identifiers(bot)[1:]) == {Identifier("anonymous_id", f"v{at}") for at in range(199)}
    (one,) = identities.conflicts()
    browser = Identifier("anonymous_id", "v199")
    assert one == Conflict(browser, browser.derived_id, bot, (199, "web", "w199"), "too_many")
    assert said <= 200


def test_a_crm_id_that_everybody_got_stops_at_so_many_e_mails() -> None:
    identities = told([link(at, crm_id="0", email=f"e{at}@x.example") for at in range(400)])
    everyone = Identifier("crm_id", "0").derived_id
    assert len(identities.identifiers(everyone)) == linking.MOST_IDENTIFIERS
    assert [(one.shared.value, one.refused, one.reason) for one in identities.conflicts()] == [
        ("e199@x.example", everyone, "too_many")
    ]


def test_a_person_may_join_more_and_then_no_tool_does() -> None:
    words = [link(at, LINKED, email="a@x.example", anonymous_id=f"v{at}") for at in range(4)]
    with patch.object(linking, "MOST_IDENTIFIERS", 3):
        identities = told([*words, link(9, email="a@x.example", phone="+4930123456")])
    a = Identifier("email", "a@x.example").derived_id
    assert len(identities.identifiers(a)) == 5
    assert [(one.shared.kind, one.refused, one.reason) for one in identities.conflicts()] == [("phone", a, "too_many")]


def test_who_is_joined_by_a_person_takes_the_place_of_the_last_one_and_who_is_set_apart_makes_room() -> None:
    a = Identifier("email", "a@x.example").derived_id
    with patch.object(linking, "MOST_IDENTIFIERS", 3):
        identities = told([link(at, email="a@x.example", anonymous_id=f"v{at}") for at in (1, 2, 3, 4)])
        identities.link(*link(9, LINKED, email="a@x.example", anonymous_id="v4"))
        assert [one.value for one in identities.identifiers(a)] == ["a@x.example", "v1", "v4"]
        identities.link(*link(10, UNLINKED, email="a@x.example", anonymous_id="v1"))
    assert [one.value for one in identities.identifiers(a)] == ["a@x.example", "v2", "v4"]
    assert [one.shared.value for one in identities.conflicts()] == ["v3"]


def test_an_earlier_visit_heard_of_late_takes_the_place_of_the_last_one() -> None:
    with patch.object(linking, "MOST_IDENTIFIERS", 3):
        identities = told([link(at, email="a@x.example", anonymous_id=f"v{at}") for at in (1, 2, 3)])
        changes = identities.link(*link(0, email="a@x.example", anonymous_id="v0"))
    a, taken, gone = (Identifier(*one).derived_id for one in (
        ("email", "a@x.example"), ("anonymous_id", "v0"), ("anonymous_id", "v2"),
    ))  # fmt: skip
    assert {one.id: one.to for one in changes.assignments} == {taken: a, gone: gone}
    assert [one.shared.value for one in changes.conflicts] == ["v2"]
    assert [one.shared.value for one in changes.settled] == ["v3"]


def test_who_becomes_known_is_a_person_of_its_own_and_the_next_one_is_told() -> None:
    with patch.object(linking, "MOST_IDENTIFIERS", 2):
        identities = told([link(at, email="a@x.example", anonymous_id=f"v{at}") for at in (1, 2, 3)])
        assert [(one.shared.value, one.reason) for one in identities.conflicts()] == [("v2", "too_many")]
        identities.link(*link(9, email="b@x.example", anonymous_id="v2"))
    assert {(one.shared.value, one.reason) for one in identities.conflicts()} == {
        ("v2", "two_known"), ("v3", "too_many"),
    }  # fmt: skip

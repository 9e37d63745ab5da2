"""Who is who on a running instance, by people's words; and an account's overlap decided by the command."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from journey.account import account_id_of
from journey.identity import customer_id_of
from tests.instance import ask, refused, running, say
from tests.process import eventually

NOW = datetime.now(UTC)
JO, HOME, KIM, LEE = "jo@acme.example", "jo@home.example", "kim@acme.example", "lee@other.example"
NEVER = "0b0e7f4e-93d2-5a76-8f2a-6a7d1c1f9a10"
BEN = ("--as", "sales/ben")
KNOWN = {"links": 3, "merged": 4, "people": 4, "overlaps": 1, "merges": 1}
_COUNTS = """
    SELECT
        (SELECT count() FROM v_identity_links) AS links,
        (SELECT uniqExact(derived_id) FROM v_identities) AS merged,
        (SELECT uniqExact(value) FROM v_identifiers WHERE kind = 'email') AS people,
        (SELECT count() FROM v_overlaps WHERE kind = 'account') AS overlaps,
        (SELECT count() FROM v_merges) AS merges
"""
pytestmark = pytest.mark.timeout(300)


def own_id(email: str) -> str:
    return customer_id_of("email", email)


def touchpoint(number: int, who: dict[str, str], **given: object) -> str:
    said = {
        "id": f"t-{number}",
        "source": "ex",
        "type": "page.viewed",
        "team": "marketing",
        "direction": "inbound",
        "occurred_at": (NOW - timedelta(hours=20 - number)).isoformat(),
        "customer": who,
    }
    return json.dumps({**said, **given})


def sent(number: int, team: str, who: str, subject: str) -> str:
    return touchpoint(number, {"email": who}, type="email.sent", team=team, direction="outbound", subject=subject)


TOLD = [
    touchpoint(1, {"email": JO, "anonymous_id": "b-1"}),
    touchpoint(2, {"email": JO, "crm_id": "hubspot:17"}),
    touchpoint(3, {"email": HOME, "crm_id": "hubspot:17"}),
    touchpoint(4, {"email": LEE}),
    sent(5, "marketing", KIM, "pricing"),
    sent(6, "sales", JO, "pricing"),
]


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory, free_ports: Any) -> Iterator[Path]:
    """An instance that knows four people."""
    with running(tmp_path_factory.mktemp("identity") / "data", max(free_ports(1)[0], 20_000)) as data:
        say(data, "emit", text="\n".join(TOLD))
        # It waits until the writer has made its tables, and all is in them.
        say(data, "verify")
        eventually(lambda: ask(data, "sql", _COUNTS) == [KNOWN], 60)
        yield data


def identifiers(told: dict[str, Any]) -> set[tuple[str, str]]:
    return {(row["kind"], row["value"]) for row in told["identifiers"]}


def test_a_person_of_two_e_mails_is_shown_with_every_identifier(instance: Path) -> None:
    told = ask(instance, "identity", "show", HOME)
    assert list(told) == ["customer_id", "derived_ids", "identifiers", "links", "conflicts", "merges"]
    assert told["customer_id"] == customer_id_of("crm_id", "hubspot:17")
    assert identifiers(told) == {("email", JO), ("email", HOME), ("crm_id", "hubspot:17"), ("anonymous_id", "b-1")}
    assert {tuple(row) for row in told["identifiers"]} == {("kind", "value", "first_seen_at", "last_seen_at")}
    assert {tuple(row) for row in told["links"]} == {("at", "source", "id", "statement", "identifiers", "holds")}
    assert [(row["id"], row["statement"], row["holds"]) for row in told["links"]] == [
        ("t-1", "seen", True), ("t-2", "seen", True), ("t-3", "seen", True),
    ]  # fmt: skip
    for name in ("b-1", "hubspot:17", "JO@acme.example", told["customer_id"], customer_id_of("email", JO)):
        assert ask(instance, "identity", "show", name) == told
    page = say(instance, "identity", "show", "b-1")
    assert all(value in page for _, value in identifiers(told))
    assert "nothing links it with another identifier" in say(instance, "identity", "show", KIM)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("show", "nobody@x.example"), 1, ["nobody is known by 'nobody@x.example'", "rejected list"]),
        (("show", NEVER), 1, [f"nobody is known by '{NEVER}'", "status"]),
        (("link", JO, NEVER, *BEN), 1, [f"B: no identifier '{NEVER}' is known", "status"]),
        (("link", "nobody@x.example", JO, *BEN), 1, ["A: no identifier 'nobody@x.example' is known", "name it first"]),
        (("unlink", JO, "nobody@x.example", *BEN), 1, ["IDENTIFIER: no identifier 'nobody@x.example'"]),
        (("unlink", NEVER, JO, *BEN), 1, [f"CUSTOMER: no identifier '{NEVER}'"]),
        (("link", JO, " JO@Acme.example", *BEN), 1, ["A and B:", "are the same identifier", f"identity show {JO}"]),
        (("unlink", customer_id_of("email", LEE), LEE, *BEN), 1, ["CUSTOMER and IDENTIFIER:", "the same identifier"]),
        (("link", *map(own_id, (LEE, KIM)), *BEN), 1, [own_id(LEE), "are both customer_ids", "by an e-mail"]),
        (("link", JO, LEE), 2, ["Missing option '--as'"]),
        (("link", JO, LEE, "--as", "Sales!"), 2, ["'Sales!' names no team", "sales/jo"]),
        (("link", JO, LEE, "--as", "support/ann"), 2, ["--as", "no team 'support'", "marketing, sales"]),
        (("link", JO, LEE, *BEN, "--wait", "-1"), 2, ["--wait", "-1"]),
    ],
)
def test_wrong_input_is_told_with_its_remedy_and_nothing_is_written(
    instance: Path, arguments: tuple[str, ...], code: int, words: list[str]
) -> None:
    told = refused(instance, "identity", *arguments, code=code)
    assert [word for word in words if word not in told] == [], told
    assert "Traceback" not in told
    assert len(ask(instance, "identity", "show", JO)["links"]) == 3


def test_two_are_linked_by_a_persons_word_and_set_apart_by_another(instance: Path) -> None:
    jo, lee = customer_id_of("crm_id", "hubspot:17"), own_id(LEE)
    alone = ask(instance, "identity", "unlink", JO, LEE, *BEN)
    assert alone["before"] == alone["after"] == {f"email:{JO}": jo, f"email:{LEE}": lee}
    assert identifiers(ask(instance, "identity", "show", LEE)) == {("email", LEE)}

    linked = ask(instance, "identity", "link", LEE, JO, *BEN)
    assert list(linked) == ["touchpoint", "before", "after"]
    assert linked["touchpoint"].items() >= {
        "source": "throughline", "type": "identity.linked", "team": "sales", "actor": "ben",
    }.items()  # fmt: skip
    assert linked["before"] == {f"email:{LEE}": lee, f"email:{JO}": jo}
    assert linked["after"] == {f"email:{LEE}": jo, f"email:{JO}": jo}
    told = ask(instance, "identity", "show", LEE)
    assert told["customer_id"] == jo
    assert {("email", JO), ("email", HOME), ("email", LEE)} < identifiers(told)
    assert lee in {row["customer_id"] for row in told["merges"]}
    assert "are one customer as before" in say(instance, "identity", "link", JO, LEE, *BEN)

    apart = ask(instance, "identity", "unlink", JO, LEE, *BEN)
    assert apart["after"] == {f"email:{JO}": jo, f"email:{LEE}": lee}
    told = ask(instance, "identity", "show", LEE)
    assert (told["customer_id"], identifiers(told), told["merges"]) == (lee, {("email", LEE)}, [])
    assert ("email", LEE) not in identifiers(ask(instance, "identity", "show", JO))


def test_an_overlap_of_an_account_is_decided(instance: Path) -> None:
    acme = account_id_of("acme.example")
    (found,) = ask(instance, "overlaps", "--kind", "account")
    assert (found["customer_id"], found["who"], found["status"]) == (acme, "acme.example", "open")
    decided = ask(instance, "overlaps", "resolve", found["id"][:10], "--as", "sales/jo", "--reason", "sales goes first")
    assert (decided["id"], decided["status"], decided["resolution"]) == (found["id"], "resolved", "decision")
    assert ask(instance, "overlaps", "--kind", "account") == []
    (kept,) = ask(instance, "overlaps", "--kind", "account", "--status", "resolved")
    assert (kept["id"], kept["resolution"], kept["resolved_at"]) == (found["id"], "decision", decided["resolved_at"])
    (row,) = ask(instance, "sql", "SELECT id, customer_id, status, resolution FROM v_overlaps WHERE kind = 'account'")
    assert row == {"id": found["id"], "customer_id": acme, "status": "resolved", "resolution": "decision"}
    assert "there is no overlap 'ffff'" in refused(instance, "overlaps", "resolve", "ffff", "--as", "sales")
    say(instance, "verify")

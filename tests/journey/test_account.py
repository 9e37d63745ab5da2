"""Which account a touchpoint's customer is of, in every spelling of it."""

import pytest

from journey.account import account_id_of, account_of, domain_of, free_domains, matters
from journey.identity import customer_id_of, resolve
from schemas.touchpoint import Customer, Touchpoint

FREE = free_domains("agency-clients.example, Bücher.example")


def of(**identifiers: str) -> str | None:
    resolved = resolve(Customer(**identifiers))
    assert resolved is not None
    return account_of(resolved[1], FREE)


@pytest.mark.parametrize(
    "given",
    ["acme.example", " ACME.example ", "www.acme.example", "https://www.acme.example/contact", "acme.example:443"],
)
def test_every_spelling_of_a_domain_is_one_account(given: str) -> None:
    assert of(email="jo@other.example", account=given) == "acme.example"


def test_a_crm_account_id_is_kept_as_it_is() -> None:
    assert of(crm_id="4711", account=" 0015g00000XyZ ") == "0015g00000XyZ"
    assert of(crm_id="4711", account="Acme Inc.") == "Acme Inc."


def test_without_a_named_account_the_domain_of_the_e_mail_is_it() -> None:
    assert of(email="Jo@ACME.example") == "acme.example"


def test_an_internationalised_domain_is_one_account_in_both_forms() -> None:
    assert of(email="jo@xn--mller-kva.example") == of(email="jo@MÜLLER.example") == "müller.example"
    assert of(crm_id="1", account="xn--mller-kva.example") == "müller.example"


@pytest.mark.parametrize(
    "domain",
    ["gmail.com", "GoogleMail.com", "gmx.de", "web.de", "proton.me", "qq.com", "hey.com", "privaterelay.appleid.com",
     "mailinator.com", "agency-clients.example", "xn--bcher-kva.example"],
)  # fmt: skip
def test_free_mail_names_no_account_and_neither_does_what_the_operator_adds(domain: str) -> None:
    assert of(email=f"jo@{domain}") is None
    assert of(crm_id="1", account=domain) is None


def test_a_free_mail_domain_that_a_tool_names_as_account_gives_way_to_the_e_mail() -> None:
    assert of(email="jo@acme.example", account="gmail.com") == "acme.example"


def test_without_e_mail_and_account_there_is_none() -> None:
    assert of(phone="+49301234567") is None
    assert account_of(Customer(crm_id="1", email="no e-mail at all"), FREE) is None


@pytest.mark.parametrize("text", ["", "acme", "jo@acme.example", "a..b", "-.example", "two words.example"])
def test_what_is_no_domain_is_none(text: str) -> None:
    assert domain_of(text) is None


def test_the_key_of_an_account_is_derived_from_it_and_is_no_customers() -> None:
    assert account_id_of("acme.example") == "2ed7a154-5899-5001-b779-a1a5e33977e9"
    assert account_id_of("acme.example") != customer_id_of("email", "acme.example")


@pytest.mark.parametrize(
    ("kind", "direction", "subject", "expected"),
    [
        ("email.sent", "outbound", "pricing", True),
        ("call.logged", "outbound", None, False),
        ("page.viewed", "inbound", "pricing", False),
        ("owner.claimed", "internal", "pricing", True),
        ("owner.released", "internal", None, True),
        ("overlap.resolved", "internal", None, True),
        ("lead.accepted", "internal", None, True),
        ("deal.created", "internal", None, True),
    ],
)
def test_what_matters_to_an_account(kind: str, direction: str, subject: str | None, expected: bool) -> None:
    given = {"id": "1", "source": "ex", "type": kind, "team": "sales", "direction": direction, "subject": subject}
    found = Touchpoint.model_validate(
        {**given, "occurred_at": "2026-01-05T10:00:00Z", "customer": {"email": "jo@acme.example"}}
    )
    assert matters(found) is expected

"""Identifiers normalised: one person spelled in two ways has one id, and what identifies nobody is told."""

from uuid import UUID, uuid5

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from journey.identity import NAMESPACE, customer_id_of, identifiers_of, normalise, resolve
from schemas.touchpoint import Customer


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("email", "Jo@Acme.example", " jo@acme.example "),
        ("phone", "+1 415 555 2671", "(415) 555-2671"),
        ("crm_id", "sf:1", " sf:1 "),
    ],
)
def test_two_spellings_are_one_identifier(kind: str, one: str, other: str) -> None:
    assert normalise(kind, one) == normalise(kind, other) is not None


@pytest.mark.parametrize(
    ("kind", "value"), [("email", "nobody"), ("phone", "ring me"), ("phone", "12"), ("crm_id", " ")]
)
def test_what_cannot_be_an_identifier_is_none(kind: str, value: str) -> None:
    assert normalise(kind, value) is None
    assert resolve(Customer(**{kind: value})) is None


def test_the_strongest_identifier_that_can_be_used_decides() -> None:
    strong, weak = Customer(email="a@b.example", anonymous_id="b-1"), Customer(email="no mail", anonymous_id="b-1")
    alone = Customer(anonymous_id="b-1")
    assert resolve(strong) != resolve(alone)
    found, without_mail = resolve(weak), resolve(alone)
    assert found and without_mail and found[0] == without_mail[0]
    assert found[1].email == "no mail", "kept as it came"


def test_a_customer_id_of_ours_is_taken_as_it_is_and_another_text_stands_for_one() -> None:
    own = "5b0a4c1e-7f5d-5f5e-9a57-6a3c1d0e8b21"
    found = resolve(Customer(customer_id=own.upper(), email="a@b.example"))
    assert found and found[0] == own
    other = resolve(Customer(customer_id="number 7"))
    assert other and UUID(other[0]).version == 5


def test_identifiers_are_told_strongest_first() -> None:
    customer = Customer(customer_id="number 7", anonymous_id="b-1", email="A@b.example", phone="ring me")
    named = identifiers_of(customer)
    assert named == (("customer_id", "number 7"), ("email", "a@b.example"), ("anonymous_id", "b-1"))
    found = resolve(customer)
    assert found and named[0].derived_id == found[0]
    assert identifiers_of(Customer(customer_id=str(UUID(int=7))))[0].value == str(UUID(int=7))


@given(st.text(), st.text())
def test_a_derived_id_is_the_standards_own(kind: str, value: str) -> None:
    assert customer_id_of(kind, value) == str(uuid5(NAMESPACE, f"{kind}:{value}"))


LOCAL = st.one_of(st.emails().map(lambda mail: mail.rpartition("@")[0]), st.text("aZ9._+-'!é @", max_size=70))
HOST = st.one_of(st.emails().map(lambda mail: mail.rpartition("@")[2]), st.text("aZ9.-é_@", max_size=70))


@given(LOCAL, HOST)
@example("Jo.Doe+news", "Mail.Example.COM")
@example("jo", "xn--bcher-kva.example")
@example("jo", "localhost")
@example("jo", "ab--c.example")
@example("jo", "[127.0.0.1]")
@example("a" * 65, "b.example")
@example("jo", ".".join(["a" * 30] * 3))
def test_an_email_is_what_the_library_says(local: str, host: str) -> None:
    written = f"{local}@{host}".strip()
    try:
        checked = validate_email(written, check_deliverability=False, globally_deliverable=False).normalized.lower()
    except EmailNotValidError:
        checked = None
    assert normalise("email", written) == checked

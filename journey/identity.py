"""Who a touchpoint belongs to: identifiers normalised, and the customer_id that each of them stands for."""

import hashlib
import re
import uuid
from functools import lru_cache
from typing import NamedTuple

import phonenumbers
from email_validator import EmailNotValidError, ValidatedEmail, validate_email

from schemas.touchpoint import Customer, Identified

NAMESPACE = uuid.UUID("5b0a4c1e-7f5d-5f5e-9a57-6a3c1d0e8b21")
# A library takes 40 us for a domain and 20 us for a phone; what comes again is not parsed again.
_REMEMBERED = 262_144
# Local parts that mean themselves in every case: words of the commonest signs, with dots between them.
_PLAIN = re.compile(r"[a-z0-9_+-]{1,32}(?:\.[a-z0-9_+-]{1,10}){0,2}")
_SHORT = 100
STRONGEST_FIRST = ("crm_id", "email", "phone", "anonymous_id")


class Identifier(NamedTuple):
    """One identifier, its value normalised."""

    kind: str
    value: str

    @property
    def derived_id(self) -> str:
        """The customer_id that it stands for as long as nothing links it to another one."""
        return issued(self.value) if self.kind == "customer_id" else customer_id_of(self.kind, self.value)


def normalise(kind: str, value: str, region: str = "US") -> str | None:
    """The form in which two spellings of one identifier are equal; None where it cannot be one.

    E-mails are lower-cased (mailboxes that differ only by case are one person in every CRM we know), phones become
    E.164 with `region` for national numbers, ids are stripped.
    """
    stripped = value.strip()
    if not stripped:
        return None
    if kind == "email":
        return _email(stripped)
    if kind == "phone":
        return _phone(stripped, region)
    return stripped


def _email(stripped: str) -> str | None:
    # Most are a word and a domain that others have as well, and then the domain is all there is to be checked.
    if len(stripped) <= _SHORT and stripped.isascii():
        local, _, host = stripped.lower().rpartition("@")
        if _PLAIN.fullmatch(local):
            domain = domain_of_mail(host)
            return None if domain is None else f"{local}@{domain}"
    return _email_of_any_form(stripped)


@lru_cache(maxsize=_REMEMBERED)
def domain_of_mail(host: str) -> str | None:
    """The form in which two spellings of a domain that may have mailboxes are equal; None where it cannot be one."""
    checked = _checked(f"x@{host}")
    return checked.domain.lower() if checked else None


@lru_cache(maxsize=_REMEMBERED)
def _email_of_any_form(stripped: str) -> str | None:
    checked = _checked(stripped)
    return checked.normalized.lower() if checked else None


def _checked(address: str) -> ValidatedEmail | None:
    try:
        return validate_email(address, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        return None


@lru_cache(maxsize=_REMEMBERED)
def _phone(stripped: str, region: str) -> str | None:
    try:
        parsed = phonenumbers.parse(stripped, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


@lru_cache(maxsize=_REMEMBERED)
def customer_id_of(kind: str, value: str) -> str:
    """The customer_id of a never-seen identifier: UUIDv5 of `kind:value`, the same on every worker."""
    # What uuid.uuid5 does (RFC 9562, 5.5), in a fifth of its time.
    name = f"{kind}:{value}".encode()
    text = hashlib.sha1(NAMESPACE.bytes + name, usedforsecurity=False).hexdigest()
    return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{'89ab'[int(text[16], 16) & 3]}{text[17:20]}-{text[20:32]}"


def resolve(customer: Customer, region: str = "US") -> tuple[str, Customer] | None:
    """The customer_id of a touchpoint's identifiers and the identifiers normalised; None where none can be used."""
    named = identifiers_of(customer, region)
    return (named[0].derived_id, spelled(customer, named)) if named else None


def spelled(customer: Customer, named: tuple[Identifier, ...]) -> Customer:
    """The customer with these identifiers of it as they are normalised; one that cannot be used is kept as it came."""
    other = {kind: value for kind, value in named if kind != "customer_id" and value != getattr(customer, kind)}
    return customer.model_copy(update=other) if other else customer


def identifiers_of(customer: Identified, region: str = "US") -> tuple[Identifier, ...]:
    """The identifiers that can be used, normalised, the strongest first: it alone decides the derived id."""
    found = []
    if customer.customer_id:
        found.append(Identifier("customer_id", _own_form(customer.customer_id)))
    for kind in STRONGEST_FIRST:
        raw = getattr(customer, kind)
        normal = normalise(kind, raw, region) if raw else None
        if normal is not None:
            found.append(Identifier(kind, normal))
    return tuple(found)


def issued(given: str) -> str:
    """A customer_id as we issue it: a UUID; any other text stands for one, as an identifier of its own kind."""
    try:
        return str(uuid.UUID(given))
    except ValueError:
        return customer_id_of("customer_id", given.strip())


def _own_form(given: str) -> str:
    try:
        return str(uuid.UUID(given))
    except ValueError:
        return given.strip()

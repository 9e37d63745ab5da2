"""Who is simulated: companies, the people in them, what each is like. Names and numbers are from reserved ranges."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from gateway.simulation import names
from gateway.simulation.chance import Dice, Weighted

Entry = Literal["unaware", "researching", "shopping", "customer"]
Phase = Literal["prospect", "offered", "worked", "deal", "quoted", "customer"]


@dataclass(frozen=True, slots=True)
class Country:
    """Where a company is: its clock, its money, and the ranges of telephone numbers kept free for fiction."""

    code: str
    offset_hours: int
    currency: str
    dial: str
    ranges: tuple[str, ...]


# Reserved for drama by the national regulators; the last digits count up. US: 555-01xx in any area code.
COUNTRIES = {
    "US": Country("US", -5, "USD", "+1", tuple(f"{area}55501" for area in range(201, 990))),
    "GB": Country("GB", 0, "GBP", "+44", ("2079460", "1614960", "1214960", "1134960", "1174960", "1314960", "7700900")),
    "DE": Country("DE", 1, "EUR", "+49", ("3023125", "6990009", "4066969", "2214710", "8999998")),
    "FR": Country("FR", 1, "EUR", "+33", ("19900", "26191", "35301", "46571", "53649", "63998")),
    "AU": Country("AU", 10, "AUD", "+61", ("25550", "35550", "75550", "85550")),
}
_SUBSCRIBER_DIGITS = {"US": 2, "GB": 3, "DE": 3, "FR": 4, "AU": 4}
_COUNTRY = Weighted({"US": 38.0, "GB": 20.0, "DE": 22.0, "FR": 12.0, "AU": 8.0})
_SIZE = Weighted({12: 26.0, 35: 24.0, 80: 20.0, 220: 15.0, 900: 10.0, 4500: 5.0})
_COLLEAGUES = Weighted({1: 40.0, 2: 24.0, 3: 16.0, 4: 10.0, 6: 6.0, 9: 4.0})
_ADDRESS = ("{first}.{last}", "{first}.{last}", "{initial}.{last}", "{first}", "{initial}{last}")

# persona -> (weight, likelihood to move on against the average, seniorities)
PERSONAS = {
    "champion": (30.0, 1.25, ("manager", "manager", "director")),
    "practitioner": (34.0, 0.95, ("specialist", "specialist", "manager")),
    "economic_buyer": (16.0, 1.15, ("director", "vp", "chief")),
    "technical_evaluator": (14.0, 1.0, ("specialist", "manager", "director")),
    "student": (6.0, 0.45, ("student",)),
}
_PERSONA = Weighted({name: weight for name, (weight, _, _) in PERSONAS.items()})
_ENTRY: Weighted[Entry] = Weighted({"unaware": 73.0, "researching": 13.0, "shopping": 8.0, "customer": 6.0})


@dataclass(slots=True)
class Account:
    """A company: what its people share."""

    name: str
    domain: str
    size: int
    country: Country
    people: "list[Person]" = field(default_factory=list)


@dataclass(slots=True)
class Person:
    """One customer: identifiers, traits, and how far the simulated story has come."""

    number: int
    account: Account
    email: str
    phone: str
    browsers: tuple[str, ...]
    persona: str
    seniority: str
    drive: float
    entry: Entry
    listed: bool
    known: bool
    unsubscribed: bool = False
    suppressed: bool = False
    phase: Phase = "prospect"
    rep: str = ""
    purchases: int = 0

    def deal_value(self, dice: Dice) -> dict[str, str]:
        """What a deal with this person's company is worth: seats for the size of it, in its currency."""
        hundreds = max(12, round(dice.around(self.account.size**0.75 * 4, 0.5)))
        return {"amount": f"{hundreds * 100}.00", "currency": self.account.country.currency}

    def traits(self) -> dict[str, object]:
        """What a form or the CRM knows of the person."""
        return {
            "seniority": self.seniority,
            "persona": self.persona,
            "company_size": self.account.size,
            "country": self.account.country.code,
        }


def populate(dice: Dice, customers: int, run: str) -> Iterator[Person]:
    """`customers` people, grouped into companies; `run` tells the browsers of two simulations apart."""
    number = 0
    domains: set[str] = set()
    while number < customers:
        account = _company(dice, domains)
        taken: set[str] = set()
        for _ in range(min(dice.choose(_COLLEAGUES), customers - number)):
            person = _person(dice, number, account, taken, run)
            account.people.append(person)
            yield person
            number += 1


def _company(dice: Dice, domains: set[str]) -> Account:
    leading, trailing = dice.pick(names.LEADING), dice.pick(names.TRAILING)
    country = COUNTRIES[dice.choose(_COUNTRY)]
    domain = f"{leading}-{trailing}.example"
    if domain in domains:
        domain = f"{leading}-{trailing}-{len(domains)}.example"
    domains.add(domain)
    return Account(f"{leading.title()} {trailing.title()}", domain, dice.choose(_SIZE), country)


def _person(dice: Dice, number: int, account: Account, taken: set[str], run: str) -> Person:
    first, last = dice.pick(names.FIRST), dice.pick(names.LAST)
    local = dice.pick(_ADDRESS).format(first=first, last=last, initial=first[0])
    if local in taken:
        local = f"{local}{number}"
    taken.add(local)
    persona = dice.choose(_PERSONA)
    _, drive, seniorities = PERSONAS[persona]
    browsers = tuple(f"b-{run}-{number}-{device}" for device in range(2 if dice.happens(0.3) else 1))
    listed = dice.happens(0.5)
    return Person(
        number=number,
        account=account,
        email=f"{local}@{account.domain}",
        phone=_phone(account.country, number),
        browsers=browsers,
        persona=persona,
        seniority=dice.pick(seniorities),
        drive=drive,
        entry=dice.choose(_ENTRY),
        listed=listed,
        # Somebody on the list has clicked in a mail before: the website knows the browser.
        known=listed and dice.happens(0.85),
    )


def _phone(country: Country, number: int) -> str:
    digits = _SUBSCRIBER_DIGITS[country.code]
    block, line = divmod(number, 10**digits)
    return f"{country.dial}{country.ranges[block % len(country.ranges)]}{line:0{digits}d}"

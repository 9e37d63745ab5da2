"""A policy tried on a handful of touchpoints: who is who, each journey folded as it would be live, and what it says."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from journey.account import account_id_of, account_of, matters
from journey.condition import AMOUNT_SCALE
from journey.correction import arrive, begin
from journey.fact import Correction, Fact, TooLate
from journey.identities import Conflict, Identities
from journey.identity import Identifier, identifiers_of, resolve
from journey.linking import SEEN, STATEMENTS
from journey.rebuild import fold_history
from journey.rules import Rules
from journey.state import Journey
from journey.touch import Touch
from schemas.touchpoint import Touchpoint

_RETOLD = (Correction, TooLate)


@dataclass
class Tried:
    """One customer, or account, at the end: the journey, the facts that stand, and what arrivals did besides.

    `told` are (source, id) of its touchpoints.
    """

    customer_id: str
    identifiers: list[Identifier]
    journey: Journey
    facts: list[Fact]
    corrected: bool
    told: frozenset[tuple[str, str]]
    duplicates: int = 0
    too_late: int = 0


@dataclass
class Trial:
    """What a policy makes of touchpoints; `accounts` by the account's name.

    `unusable` are the numbers, from 0, of those whose identifiers cannot be used; `ahead` counts those after `now`.
    """

    rules: Rules
    now: int
    customers: list[Tried] = field(default_factory=list)
    accounts: dict[str, Tried] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    unusable: list[int] = field(default_factory=list)
    without_customer: int = 0
    ahead: int = 0


@dataclass(frozen=True)
class _Arrival:
    """A touchpoint with what its own identifiers say."""

    touchpoint: Touchpoint
    touch: Touch
    derived_id: str
    identifiers: tuple[Identifier, ...]


def attempt(
    touchpoints: Sequence[Touchpoint], rules: Rules, now: int, region: str = "US", free: frozenset[str] = frozenset()
) -> Trial:
    """Fold touchpoints, in their order of arrival, as the product would; then what is due by `now` (epoch ms).

    Who belongs together is known from all of them at once. A touchpoint that is too late to correct its journey in
    place has the journey folded anew from all of its touchpoints. `free` domains of e-mails name no account.
    """
    trial, identities, arrivals = Trial(rules, now), Identities(), list[_Arrival]()
    for number, touchpoint in enumerate(touchpoints):
        if touchpoint.customer is None:
            trial.without_customer += 1
            continue
        resolved = resolve(touchpoint.customer, region)
        if resolved is None:
            trial.unusable.append(number)
            continue
        touch, (derived_id, customer) = touch_of(touchpoint, rules), resolved
        identities.link(customer, touch.at, touch.source, touch.id, STATEMENTS.get(touch.type, SEEN))
        arrivals.append(_Arrival(touchpoint, touch, derived_id, identifiers_of(customer, region)))
        trial.ahead += touch.at > now
    _fold_customers(trial, arrivals, identities)
    _fold_accounts(trial, arrivals, identities, free)
    trial.conflicts = identities.conflicts()
    return trial


def _fold_customers(trial: Trial, arrivals: list[_Arrival], identities: Identities) -> None:
    touches: dict[str, list[Touch]] = {}
    named: dict[str, dict[Identifier, None]] = {}
    for arrival in arrivals:
        customer_id = identities.customer_of(arrival.derived_id)
        of = arrival.derived_id if arrival.derived_id != customer_id else None
        touches.setdefault(customer_id, []).append(arrival.touch.but(of=of))
        own = [one for one in arrival.identifiers if identities.customer_of(one.derived_id) == customer_id]
        named.setdefault(customer_id, {}).update(dict.fromkeys(own))
    for customer_id, told in touches.items():
        trial.customers.append(_tried(customer_id, list(named[customer_id]), told, trial.rules, trial.now))


def _fold_accounts(trial: Trial, arrivals: list[_Arrival], identities: Identities, free: frozenset[str]) -> None:
    touches: dict[str, list[Touch]] = {}
    for arrival in arrivals:
        customer = arrival.touchpoint.customer
        account = account_of(customer, free) if customer else None
        if account and matters(arrival.touchpoint):
            person = identities.customer_of(arrival.derived_id)
            touches.setdefault(account, []).append(arrival.touch.but(of=person))
    for account, told in touches.items():
        trial.accounts[account] = _tried(account_id_of(account), [], told, trial.rules.accounts, trial.now)


def touch_of(touchpoint: Touchpoint, rules: Rules) -> Touch:
    """The touch for the fold, with the properties that the policy reads."""
    value, read = touchpoint.value, rules.names_read
    return Touch(
        round(touchpoint.occurred_at.timestamp() * 1000),
        touchpoint.source,
        touchpoint.id,
        touchpoint.type,
        touchpoint.team,
        touchpoint.direction,
        touchpoint.channel,
        touchpoint.subject,
        touchpoint.actor,
        touchpoint.campaign,
        touchpoint.content,
        {name: content for name, content in touchpoint.properties.items() if name in read} or None,
        amount=None if value is None else int(value.amount * AMOUNT_SCALE),
        currency=None if value is None else value.currency,
    )


def _tried(customer_id: str, named: list[Identifier], touches: list[Touch], rules: Rules, now: int) -> Tried:
    journey, published, duplicates = begin(rules), dict[str, Fact](), 0
    for touch in touches:
        outcome = arrive(journey, customer_id, [touch], 0, rules)
        duplicates += outcome.duplicates
        _publish(outcome.facts, published)
    _publish(arrive(journey, customer_id, [], now, rules).facts, published)
    corrected, too_late = journey.corrections > 0, journey.too_late
    if too_late:
        journey, facts = fold_history(touches, customer_id, rules, now)
        rebuilt = {fact.id: fact for fact in facts}
        corrected = corrected or any(rebuilt.get(key) != fact for key, fact in published.items())
        published = rebuilt
    told = frozenset((touch.source, touch.id) for touch in touches)
    return Tried(customer_id, named, journey, list(published.values()), corrected, told, duplicates, too_late)


def _publish(facts: Iterable[Fact], published: dict[str, Fact]) -> None:
    for fact in facts:
        if fact.deleted:
            published.pop(fact.id, None)
        elif not isinstance(fact, _RETOLD):
            published[fact.id] = fact

"""What a rebuild would change: journeys folded anew from history, held against the facts that are stored."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from console.analyst import Analyst, QuestionError
from console.parity import COMPARED, plain, text
from journey.fact import Fact, TooLate
from journey.rebuild import fold_history
from journey.rules import Rules
from streams.history import account_histories, histories

_AT_ONCE = 200
_MOST_TOLD = 20
# In a history nothing is too late.
_TABLES = {kind: compared for kind, compared in COMPARED.items() if kind != TooLate.__name__}


@dataclass
class Change:
    """Of one kind of fact: how many would be published for the first time, read otherwise, or be taken back."""

    published: int = 0
    changed: int = 0
    taken_back: int = 0


@dataclass
class Comparison:
    """What was folded, and by table what would differ. `told` are the first differences in words."""

    customers: int = 0
    touchpoints: int = 0
    differing: int = 0
    changes: dict[str, Change] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    def differs(self, table: str, how: str, key: str, customer_id: str) -> None:
        """Count one difference, and keep the first ones."""
        change = self.changes.setdefault(table, Change())
        setattr(change, how, getattr(change, how) + 1)
        if len(self.told) < _MOST_TOLD:
            self.told.append(f"{table} {key} of {customer_id} would be {how.replace('_', ' ')}")


@dataclass(frozen=True)
class Everybody:
    """Whom a rebuild concerns: customers by their present ids, and accounts."""

    customers: Sequence[str]
    accounts: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.customers) + len(self.accounts)


def compare(analyst: Analyst, everybody: Everybody, rules: Rules) -> Iterator[Comparison]:
    """Fold everybody anew, some at a time, and hold them against ClickHouse; gives the same comparison as it grows.

    Deadlines are done as of now, as sweeps do them. Nothing is changed.
    """
    found = Comparison()
    for some in _portions(everybody.customers):
        members = members_of(analyst, some)
        told = histories(analyst.client, members, rules.names_read)
        _hold(analyst, {one: _fold(touches, one, rules, found) for one, touches in told}, found)
        yield found
    for some in _portions(everybody.accounts):
        told = account_histories(analyst.client, some, rules.names_read)
        _hold(analyst, {one: _fold(touches, one, rules.accounts, found) for one, touches in told}, found)
        yield found


def members_of(analyst: Analyst, customers: Sequence[str]) -> dict[str, list[str]]:
    """The derived ids that belong to each customer; its own first."""
    try:
        rows = analyst.ask(
            "SELECT customer_id, derived_id FROM v_identities WHERE customer_id IN {customers:Array(String)}"
            " AND derived_id != customer_id ORDER BY derived_id",
            {"customers": list(customers)},
        )
    # The writer makes the views when it starts: until then nobody was merged.
    except QuestionError:
        rows = []
    members = {customer_id: [customer_id] for customer_id in customers}
    for row in rows:
        members[row["customer_id"]].append(row["derived_id"])
    return members


def _fold(touches: Iterable[Any], customer_id: str, rules: Rules, found: Comparison) -> list[Fact]:
    journey, facts = fold_history(touches, customer_id, rules, time.time_ns() // 1_000_000)
    found.customers += 1
    found.touchpoints += journey.head.seen
    return facts


def _hold(analyst: Analyst, folded: Mapping[str, list[Fact]], found: Comparison) -> None:
    differing: set[str] = set()
    for kind, (table, fields) in _TABLES.items():
        facts = {fact.id: fact for said in folded.values() for fact in said if type(fact).__name__ == kind}
        columns = ", ".join(fields)
        rows = analyst.table(
            f"SELECT id, {columns} FROM {table} FINAL WHERE customer_id IN {{customers:Array(String)}}",  # noqa: S608
            {"customers": list(folded)},
        )[1]
        for key, *values in rows:
            fact = facts.pop(key, None)
            if fact is None or list(plain(fact, fields)) != [text(value) for value in values]:
                differing.add(values[0])
                found.differs(table, "taken_back" if fact is None else "changed", key, values[0])
        for key, fact in facts.items():
            differing.add(fact.customer_id)
            found.differs(table, "published", key, fact.customer_id)
    found.differing += len(differing)


def _portions(everybody: Sequence[str]) -> Iterator[list[str]]:
    left = iter(everybody)
    while some := list(islice(left, _AT_ONCE)):
        yield some

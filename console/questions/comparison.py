"""The whole history replayed under the policy in force and under a draft, customer by customer. Touches nothing."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from console.analyst import Analyst
from console.questions.people import names_of
from journey.comparison import Comparison, Count
from streams.history import account_histories, histories

Row = dict[str, Any]
_AT_ONCE = 1000
_NAMES = 500


def history_size(analyst: Analyst) -> int:
    """How many touchpoints there are to replay."""
    return int(analyst.ask("SELECT count() AS rows FROM touchpoints")[0]["rows"])


def compare(analyst: Analyst, comparison: Comparison, told: Callable[[int], None]) -> None:
    """Let a comparison take every customer, then every account. `told` gets the number of touchpoints read, in bits."""
    for members in _batches(_customers(analyst)):
        for customer_id, touches in histories(analyst.client, dict(members), comparison.names_read, told):
            comparison.take(customer_id, touches)
    accounts = analyst.ask("SELECT DISTINCT account_id FROM touchpoints WHERE account_id != ''")
    for batch in _batches(iter(row["account_id"] for row in accounts)):
        for account_id, touches in account_histories(analyst.client, batch, comparison.names_read):
            comparison.take(account_id, touches, account=True)


def result(analyst: Analyst, comparison: Comparison) -> Row:
    """The comparison as `throughline policy diff --json` prints it."""
    return {
        "touchpoints": comparison.touchpoints,
        "customers": comparison.customers,
        "counts": [_count(count) for count in comparison.counts],
        "changed": len(comparison.changed),
        "customers_changed": _changed(analyst, comparison),
    }


def _changed(analyst: Analyst, comparison: Comparison) -> list[Row]:
    names: dict[str, str] = {}
    for batch in _batches(iter([one.customer_id for one in comparison.changed]), _NAMES):
        names.update(names_of(analyst, batch))
    return [
        {
            "customer_id": one.customer_id,
            "who": names.get(one.customer_id),
            "stages": {track: {"before": was, "after": would} for track, (was, would) in one.stages.items()},
            "changes": [_count(count) for count in one.counts],
        }
        for one in comparison.changed
    ]


def _count(count: Count) -> Row:
    return {
        "kind": count.kind,
        "name": count.name,
        "before": count.before,
        "after": count.after,
        "difference": count.difference,
    }


def _customers(analyst: Analyst) -> Iterator[tuple[str, list[str]]]:
    """Every customer with its derived ids."""
    sql = "SELECT derived_id, customer_id FROM v_identities WHERE derived_id != customer_id"
    belongs = {row["derived_id"]: row["customer_id"] for row in analyst.ask(sql)}
    members: dict[str, list[str]] = {}
    for row in analyst.ask("SELECT DISTINCT customer_id FROM touchpoints WHERE customer_id != '' ORDER BY 1"):
        derived = row["customer_id"]
        members.setdefault(belongs.get(derived, derived), []).append(derived)
    yield from members.items()


def _batches(things: Iterator[Any], size: int = _AT_ONCE) -> Iterator[list[Any]]:
    while batch := list(islice(things, size)):
        yield batch

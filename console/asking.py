"""Asking for rebuilds: a control record to each customer's partition, no faster than they are done."""

import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from console.analyst import Analyst
from console.comparison import Everybody
from console.lag import KafkaView
from console.workspace import UnreachableError
from schemas.settings import Run
from schemas.topic import REBUILDS, TOUCHPOINTS
from streams.control import Ask, output_of
from streams.history import MATTERS
from streams.placement import partition_of

_AT_ONCE, _MOST_WAITING = 500, 1000
_POLL_SECONDS = 0.5


def everybody_of(analyst: Analyst) -> Everybody:
    """All customers, and all accounts that anything was said to. By id: neighbours are read together."""
    customers = analyst.table("SELECT DISTINCT customer_id FROM v_touchpoints WHERE customer_id != '' ORDER BY 1")[1]
    accounts = analyst.table(
        f"SELECT DISTINCT account_id FROM touchpoints WHERE account_id != '' AND ({MATTERS}) ORDER BY 1"  # noqa: S608
    )[1]
    return Everybody([row[0] for row in customers], [row[0] for row in accounts])


def ask_for(run: Run, view: KafkaView, everybody: Everybody, told: Callable[[int, int], None]) -> None:
    """Ask for every one's rebuild. Of many, a portion at a time: the next when most of those before are done.

    So what came too late meanwhile does not queue behind a million. `told(asked, waiting)` hears of each portion.
    Raises UnreachableError where Kafka does not take them.
    """
    left = iter([*everybody.customers, *everybody.accounts])
    asked = 0
    for some in _portions(left):
        _send(run, some)
        asked += len(some)
        told(asked, waiting(run, view))
        while asked < len(everybody) and (behind := waiting(run, view)) > _MOST_WAITING:
            told(asked, behind)
            time.sleep(_POLL_SECONDS)


def waiting(run: Run, view: KafkaView) -> int:
    """How many rebuilds wait, or are on their way to and from the journeys."""
    return view.left(f"{run.group}.rebuilder", REBUILDS) + view.left(f"{run.group}.worker", TOUCHPOINTS)


def _send(run: Run, customers: list[str]) -> None:
    from kafka import KafkaProducer
    from kafka.errors import KafkaError

    try:
        producer = KafkaProducer(bootstrap_servers=run.kafka, acks="all", allow_auto_create_topics=False)
        try:
            if len(producer.partitions_for(TOUCHPOINTS)) != run.partitions:
                raise UnreachableError("there are more partitions since this instance was started: start it anew")
            sent = [_sent(producer, customer_id, run.partitions) for customer_id in customers]
            producer.flush(timeout=60)
            for confirmation in sent:
                confirmation.get(timeout=60)
        finally:
            producer.close(timeout=10)
    except KafkaError as error:
        raise UnreachableError(f"Kafka at {run.kafka} did not take the requests ({error!r})") from None


def _sent(producer: Any, customer_id: str, partitions: int) -> Any:
    key, value, headers = output_of(Ask(customer_id=customer_id))
    return producer.send(
        TOUCHPOINTS, value=value, key=key, headers=headers, partition=partition_of(customer_id, partitions)
    )


def _portions(left: Iterator[str]) -> Iterator[list[str]]:
    while some := list(islice(left, _AT_ONCE)):
        yield some

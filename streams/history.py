"""Customers' histories as ClickHouse has them: their touchpoints in event order, as the fold sees them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import msgspec
from clickhouse_connect.driver.client import Client

from journey.account import KINDS
from journey.saying import instant
from journey.touch import Touch
from streams.touches import touch_of
from streams.wire import WireMoney, WireTouchpoint

# A derived id is in the table for ever, whomever it belongs to: `place` says whose history a touchpoint is part of.
_HISTORY = """
    SELECT place, derived_id, source, id, type, team, direction, channel, subject, actor, campaign, content,
        toUnixTimestamp64Milli(occurred_at) AS at, value_amount, value_currency, properties
    FROM
    (
        SELECT customer_id AS derived_id, source, id, type, team, direction, channel, subject, actor, campaign, content,
            occurred_at, value_amount, value_currency, properties,
            transform({key}, %(derived)s, %(places)s, toUInt32(0)) AS place
        FROM touchpoints FINAL
        WHERE {key} IN %(derived)s AND {wanted}
        {once}
    )
    ORDER BY place, occurred_at, source, id
"""
# One touchpoint that came under two identifiers of one customer counts once: the one received first.
_ONCE = "ORDER BY received_at, partition, offset LIMIT 1 BY place, source, id"
# What journey.account.matters says, of rows.
MATTERS = " OR ".join(["direction = 'outbound' AND subject != ''", *(f"startsWith(type, '{kind}')" for kind in KINDS)])
# Small blocks: a reader that takes its time still reads often enough for the server to go on.
_BLOCK_ROWS = 8192
_properties = msgspec.json.Decoder(dict[str, Any]).decode

Members = Mapping[str, Sequence[str]]
Told = Callable[[int], None]


def _unheard(_: int) -> None:
    """Nobody wants to know how many touchpoints were read."""


def histories(
    client: Client, members: Members, read: frozenset[str], told: Told = _unheard
) -> Iterator[tuple[str, Iterator[Touch]]]:
    """Each customer of `members` (customer_id -> its derived ids) with its touchpoints, distinct and in event order.

    A derived id belongs to one customer. `read` are the names that the policy reads. Nothing is held: the touchpoints
    of a customer must be taken before the next customer. `told` gets the number of touchpoints read, bit by bit, and
    may take its time.
    """
    shared = any(len(derived) > 1 for derived in members.values())
    sql = _HISTORY.format(key="customer_id", wanted="1", once=_ONCE if shared else "")
    return _stream(client, sql, members, read, told)


def account_histories(
    client: Client, accounts: Iterable[str], read: frozenset[str], told: Told = _unheard
) -> Iterator[tuple[str, Iterator[Touch]]]:
    """Each account (its account_id) with what its people's touchpoints say to it, as `histories` tells of customers."""
    sql = _HISTORY.format(key="account_id", wanted=f"({MATTERS})", once=_ONCE)
    return _stream(client, sql, {account_id: [account_id] for account_id in accounts}, read, told)


def _stream(
    client: Client, sql: str, members: Members, read: frozenset[str], told: Told
) -> Iterator[tuple[str, Iterator[Touch]]]:
    customers = list(members)
    derived = [(one, place) for place, customer_id in enumerate(customers) for one in members[customer_id]]
    parameters = {"derived": [one for one, _ in derived], "places": [place for _, place in derived]}
    with client.query_row_block_stream(sql, parameters, settings=_small_blocks(client)) as blocks:
        grouped = groupby(_rows(blocks, told), itemgetter(0))
        found = next(grouped, None)
        for place, customer_id in enumerate(customers):
            if found is not None and found[0] == place:
                yield customer_id, _touches(found[1], customer_id, read)
                found = next(grouped, None)
            else:
                yield customer_id, iter(())


def _small_blocks(client: Client) -> dict[str, Any]:
    """The analyst may not change settings."""
    known = client.server_settings.get("max_block_size")
    return {} if known is not None and known.readonly else {"max_block_size": _BLOCK_ROWS}


def apart(requests: Iterable[tuple[str, Sequence[str]]]) -> list[dict[str, list[str]]]:
    """Customers with their derived ids, each time as many as share none, as `histories` wants them."""
    groups: list[dict[str, list[str]]] = []
    taken: list[set[str]] = []
    for customer_id, members in requests:
        derived = list(dict.fromkeys([customer_id, *members]))
        place = next((place for place, others in enumerate(taken) if others.isdisjoint(derived)), len(groups))
        if place == len(groups):
            groups.append({})
            taken.append(set())
        groups[place][customer_id] = derived
        taken[place].update(derived)
    return groups


def _rows(blocks: Iterable[Sequence[Any]], told: Told) -> Iterator[Any]:
    for block in blocks:
        told(len(block))
        yield from block


def _touches(rows: Iterable[Any], customer_id: str, read: frozenset[str]) -> Iterator[Touch]:
    """Rows as the journey stage would have read them from their records: absent texts are empty in a table."""
    for row in rows:
        (
            _,
            derived_id,
            source,
            touchpoint_id,
            kind,
            team,
            direction,
            channel,
            *texts,
            at,
            amount,
            currency,
            properties,
        ) = row
        subject, actor, campaign, content = (text or None for text in texts)
        wire = WireTouchpoint(
            id=touchpoint_id,
            source=source,
            type=kind,
            team=team,
            occurred_at=instant(at),
            direction=direction,
            channel=channel,
            customer_id=customer_id,
            subject=subject,
            actor=actor,
            campaign=campaign,
            content=content,
            properties=_properties(properties) if properties != "{}" else None,
            derived_id=derived_id,
            value=None if amount is None else WireMoney(amount, currency),
        )
        yield touch_of(wire, read)

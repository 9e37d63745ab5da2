"""What else a traffic may have: records that are no touchpoints, of any size, repeats at the edges of what is told
apart, and one customer who has nearly all of it."""

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from schemas.topic import RAW
from tests.faults.traffic import Traffic, make, now

Shape = Callable[[Traffic], Traffic]
_POISON: tuple[bytes, ...] = (
    b"", b"{", b"null", b"[]", b"\xff\xfe\x00", b'{"id": 1}', b'"text"', b"0" * 2000, b'{"schema_version": "x"}',
    b'{"id":"p","source":"s","type":"email.sent","team":"nobody","occurred_at":"2026-01-01T00:00:00Z",'
    b'"customer":{"email":"a@b.example"}}',
    b'{"id":"p","source":"s","type":"email.sent","team":"sales","occurred_at":"2099-01-01T00:00:00Z",'
    b'"customer":{"email":"a@b.example"}}',
)  # fmt: skip
_SIZES = (1, 2, 100, 4_000, 32 * 1024, 32 * 1024 + 1, 100_000, 1_000_000, 4_000_001, 10_000_000)
# A touchpoint has 32 KiB at most; what is put into one leaves room for what it is itself.
_FILLINGS = (1, 1000, 10_000, 28_000)
# How long a repeat counts once for sure, by when things happened.
_TOLD_APART = timedelta(days=28)
_COPIES = 9
# Of customers whom no other schedule has.
_HOT_SEED = 1_000_000_000


def plain(traffic: Traffic) -> Traffic:
    """As it is."""
    return traffic


def poisoned(traffic: Traffic) -> Traffic:
    """Records among it that are no touchpoints."""
    chance = Random(traffic.seed)
    return _with_bad(traffic, chance, [chance.choice(_POISON) for _ in range(len(traffic.records) // 10)])


def sized(traffic: Traffic) -> Traffic:
    """Records of 1 B to 10 MB among it that are no touchpoints, and touchpoints up to the largest there may be."""
    chance = Random(traffic.seed)
    records = []
    for name, value in traffic.records:
        touch = json.loads(value)
        if chance.random() < 0.1:
            touch["properties"]["filling"] = "x" * chance.choice(_FILLINGS)
        records.append((name, json.dumps(touch).encode()))
    bad = [chance.randbytes(size) for size in _SIZES]
    bad += [_overlong(records[chance.randrange(len(records))][1], size) for size in _SIZES if size > 32 * 1024]
    return _with_bad(replace(traffic, records=records), chance, bad)


def repeated(traffic: Traffic) -> Traffic:
    """Some touchpoints come ten times: at once, much later, and when they are nearly too old to be told apart."""
    chance = Random(traffic.seed)
    after: dict[int, list[tuple[str, bytes]]] = defaultdict(list)
    for places in _by_customer(traffic).values():
        times = [datetime.fromisoformat(json.loads(traffic.records[place][1])["occurred_at"]) for place in places]
        for number in range(len(places)):
            if chance.random() > 0.1:
                continue
            newest, edge = times[number], number
            while edge + 1 < len(places) and max(newest, times[edge + 1]) - times[number] < _TOLD_APART:
                edge += 1
                newest = max(newest, times[edge])
            for copy in range(_COPIES):
                at = (number, edge, chance.randint(number, edge))[copy % 3]
                after[places[at]].append(traffic.records[places[number]])
    records = [each for place, record in enumerate(traffic.records) for each in (record, *after.get(place, ()))]
    return replace(traffic, records=records)


def hot(traffic: Traffic) -> Traffic:
    """One customer has nine in ten of all touchpoints."""
    few = traffic.customers[: max(1, len(traffic.customers) // 20)]
    kept = {name for customer in few for name in (customer.email, customer.anonymous)}
    rest = [
        traffic.records[place] for name, places in _by_customer(traffic).items() if name in kept for place in places
    ]
    heavy = make(traffic.seed + _HOT_SEED, 1, now(), most=12 * len(rest), late=0.0, least=9 * len(rest))
    records, chance = list(heavy.records), Random(traffic.seed)
    places = sorted((chance.randrange(len(records)) for _ in rest), reverse=True)
    for place, record in zip(places, reversed(rest), strict=True):
        records.insert(place, record)
    return Traffic(traffic.seed, [*few, *heavy.customers], records)


def _by_customer(traffic: Traffic) -> dict[str, list[int]]:
    """Places of each customer's records, in sending order; one person's two identifiers are two here."""
    found: dict[str, list[int]] = defaultdict(list)
    for place, (_, value) in enumerate(traffic.records):
        customer = json.loads(value)["customer"]
        found[customer.get("email") or customer["anonymous_id"]].append(place)
    return found


def _overlong(value: bytes, size: int) -> bytes:
    touch = json.loads(value)
    touch["id"], touch["properties"]["filling"] = f"{touch['id']}-overlong", "x" * size
    return json.dumps(touch).encode()


def _with_bad(traffic: Traffic, chance: Random, bad: list[bytes]) -> Traffic:
    records = list(traffic.records)
    for value in bad:
        records.insert(chance.randrange(len(records) + 1), (chance.choice(RAW), value))
    return replace(traffic, records=records, poison=len(bad))

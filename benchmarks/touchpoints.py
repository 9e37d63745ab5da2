"""The data that is measured on: accepted touchpoints of many customers, the same bytes for the same seed.

Customers come one after the other, stay for days or weeks, and move from marketing's hands into sales'. Records are in
the order of their arrival; some come late, some twice. Lighter than gateway.simulation, which writes raw touchpoints
at a tenth of the pace.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import NamedTuple

from benchmarks.kinds import PHASES
from journey.identity import customer_id_of

DAY_MS = 24 * 3600 * 1000
DAYS = 90
BEGINS_MS = int(datetime(2025, 1, 6, tzinfo=UTC).timestamp() * 1000)
LATE_SHARE, LATEST_MS = 0.05, 6 * DAY_MS
REPEATED_SHARE, REPEATED_AMONG = 0.02, 5000
_SHORTEST_DAYS, _LONGEST_DAYS = 5, 60


@dataclass(frozen=True)
class Volume:
    """How much data: `touchpoints` records of `customers`, repeated ones included."""

    touchpoints: int
    customers: int
    seed: int = 1


class Record(NamedTuple):
    """One record of journey.touchpoints. `customer` is a number from 0."""

    customer: int
    customer_id: str
    value: bytes


def records(volume: Volume) -> Iterator[Record]:
    """Every record in the order of arrival; as many as the volume says."""
    random = Random(volume.seed)
    ids = [customer_id_of("email", _email(number)) for number in range(volume.customers)]
    counts = _counts(volume, random)
    done = [0] * volume.customers
    recent: list[Record] = []
    for number, (arrived_ms, customer) in enumerate(_arrivals(volume, counts, random)):
        if random.random() < REPEATED_SHARE and recent:
            yield recent[int(random.random() * len(recent))]
            continue
        occurred_ms = arrived_ms
        if random.random() < LATE_SHARE:
            occurred_ms -= int(random.random() * LATEST_MS)
        phase = PHASES[len(PHASES) * done[customer] // counts[customer]]
        done[customer] += 1
        kind = phase[int(random.random() * len(phase))]
        record = Record(
            customer,
            ids[customer],
            f'{{"schema_version":1,"customer_id":"{ids[customer]}","received_at":"{moment(arrived_ms)}",'
            f'"origin":"touchpoints.{kind.team}/0/{number}","id":"{kind.source}-{number:x}","source":"{kind.source}",'
            f'"customer":{{"email":"{_email(customer)}"}},"occurred_at":"{moment(occurred_ms)}",'
            f"{kind.fields}}}".encode(),
        )
        if len(recent) < REPEATED_AMONG:
            recent.append(record)
        else:
            recent[number % REPEATED_AMONG] = record
        yield record


def _email(customer: int) -> str:
    return f"person-{customer}@company-{customer // 7}.example"


def moment(ms: int) -> str:
    """RFC 3339, to the millisecond."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _counts(volume: Volume, random: Random) -> list[int]:
    """How many records each customer has: one at least, most of them few, some many."""
    more = volume.touchpoints - volume.customers
    shares = [random.expovariate(1) for _ in range(volume.customers)]
    scale = more / sum(shares)
    counts = [1 + int(share * scale) for share in shares]
    for _ in range(volume.touchpoints - sum(counts)):
        counts[random.randrange(volume.customers)] += 1
    return counts


def _arrivals(volume: Volume, counts: list[int], random: Random) -> Iterator[tuple[int, int]]:
    """(epoch ms, customer) in order. Both in one whole number: two million tuples would be sorted slowly."""
    arrivals = []
    for customer, count in enumerate(counts):
        days = _SHORTEST_DAYS + random.random() * (_LONGEST_DAYS - _SHORTEST_DAYS)
        begins = random.random() * (DAYS - days)
        for _ in range(count):
            at = BEGINS_MS + int((begins + random.random() * days) * DAY_MS)
            arrivals.append(at * volume.customers + customer)
    arrivals.sort()
    return (divmod(arrival, volume.customers) for arrival in arrivals)

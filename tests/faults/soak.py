"""`python -m tests.faults.soak --events N --seed S`: trouble after trouble while millions of touchpoints come.

The rules' second reading takes a thousandth of a second a touchpoint, so it is asked of a sample of the customers. Of
all of them it is counted whether each touchpoint sent is there once, in ClickHouse and in the journeys, by sums that
the sender has kept; and `throughline verify` compares what the product holds with itself.
"""

import argparse
import asyncio
import json
import logging
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from math import inf
from pathlib import Path
from random import Random
from typing import Any

import httpx
from kafka.errors import KafkaError

from console.analyst import Analyst
from console.catching_up import Patience
from console.lag import KafkaView
from console.parity import Scene
from console.verification import verify
from schemas import topic
from schemas.settings import DEFAULT_POLICY, ClickHouseRun, Settings
from tests.faults import oracle
from tests.faults.cells import CELLS
from tests.faults.house import ANALYST_PASSWORD, GROUP, PARTITIONS, PASSWORD, House, end_when_told, house, neighbours
from tests.faults.oracle import TABLES, Verdict, World
from tests.faults.plants import PLANTS, planted
from tests.faults.processes import waited
from tests.faults.shapes import plain
from tests.faults.stream import BAD, Pump, Sent, Stream
from tests.faults.tallies import OURS, Ask, count, count_journeys, named
from tests.faults.traffic import Sender, Traffic, make, now
from tests.faults.trouble import Cell, Log

# Trouble that leaves the parts as they were, whatever the traffic is.
TROUBLES = tuple(
    cell
    for cell in CELLS
    if cell.quick
    and cell.shape is plain
    and not (cell.gateway or cell.disks or cell.last)
    and cell.name not in ("calm", "wrong settings", "input re-created", "workers 1, 2, 3, 1")
    and not cell.name.startswith(("clickhouse:", "rebuilder of"))
)
_WHOLE_SECONDS = 180.0
_LOOK_AGAIN_SECONDS, _ON_THEIR_WAY_SECONDS, _TOLD = 5.0, 5.0, 5
_MOST_FOLDED = 100_000
_SAMPLES = f"customer_id IN (SELECT customer_id FROM v_touchpoints WHERE NOT {OURS})"
_WHICH = {"touchpoints": f"NOT {OURS}", "raw": f"NOT {OURS}", "alerts": "1"}
# What the oracle asks, of the sample's customers.
_OF_SAMPLE = {
    name: f"SELECT * FROM ({sql}) WHERE {_WHICH.get(name, _SAMPLES)}"
    for name, sql in TABLES.items()
    if name != "rejected"
}
_REJECTED = f"{TABLES['rejected']} WHERE position(value, '{BAD}') = 0"


@dataclass
class Outcome:
    """What came of one soak. `healed` is the seconds from the last record sent until everything was right."""

    sent: Sent
    seconds: float
    healed: float
    verdict: Verdict
    troubles: Counter[str] = field(default_factory=Counter)
    again: int = 0
    verified: str = ""


def run(house: House, stream: Stream, sample: Traffic, given: argparse.Namespace) -> Outcome:
    """Send everything while trouble comes, heal, and judge."""
    pace, patience = given.pace, given.patience
    pump = Pump(house, stream, pace, given.seconds)
    beside = Sender(house, sample, max(1.0, len(sample.records) * pace / stream.events))
    log, chance, troubles = Log(), Random(stream.seed), Counter[str]()
    began = time.monotonic()
    pump.start()
    beside.start()
    while not pump.done:
        cell = chance.choice(TROUBLES)
        time.sleep(chance.uniform(0, 2 * given.calm))
        _trouble(house, cell, chance, log)
        troubles[cell.name] += 1
        say(f"{stream.sent.records:,} records in {time.monotonic() - began:.0f} s; {cell.name}: {log.lines[-1]}")
    pump.wait()
    beside.wait(patience)
    since = time.monotonic()
    verdict = settled(house, stream, sample, patience)
    healed = time.monotonic() - since
    verified = asyncio.run(_verified(house, patience, verdict))
    for wrong in log.wrongs:
        verdict.say("diverged", wrong)
    return Outcome(stream.sent, since - began, healed, verdict, troubles, pump.again, verified)


def _trouble(house: House, cell: Cell, chance: Random, log: Log) -> None:
    try:
        cell.does(house, chance, log)
    finally:
        house.heal()
    log.expect(waited(lambda: house.owned_by(house.workers), _WHOLE_SECONDS), "every partition has its worker again")


def settled(house: House, stream: Stream, sample: Traffic, patience: float) -> Verdict:
    """What is wrong once nothing is, or when patience ends: the counts first, the rest once they are right."""
    deadline = time.monotonic() + patience
    while True:
        verdict = Verdict()
        try:
            with httpx.Client(timeout=600) as client:
                ask = partial(oracle.ask, client, house.clickhouse_url)
                count(ask, stream.sent, verdict)
                if verdict.ok or time.monotonic() > deadline:
                    _look_into(house, ask, stream.sent, sample, verdict)
        except (httpx.HTTPError, KafkaError) as error:
            verdict.say("diverged", f"nothing can be read: {error}")
        if verdict.ok or time.monotonic() > deadline:
            return verdict
        say(f"not yet: {verdict.told[:2]}")
        time.sleep(_LOOK_AGAIN_SECONDS)


def journeys_of(bootstrap: str) -> list[bytes]:
    """The packed journeys on journey.state."""
    return _journeys(_newest(bootstrap))


def _journeys(states: Iterable[Any]) -> list[bytes]:
    return [each.value for each in states if each.value is not None and each.key[:1] != b"\0"]


def _newest(bootstrap: str) -> list[Any]:
    """The newest record of each key of journey.state and partition."""
    newest: dict[tuple[int, bytes], Any] = {}
    for record in oracle.read(bootstrap, topic.STATE):
        newest[record.partition, record.key] = record
    return list(newest.values())


def _look_into(house: House, ask: Ask, sent: Sent, sample: Traffic, verdict: Verdict) -> None:
    """Every journey's count, and all that is said of the sample's customers."""
    states = _newest(house.bootstrap)
    touches = sum(len(customer.touches) for customer in sample.customers)
    count_journeys(_journeys(states), sent.touchpoints + touches, verdict)
    # Time goes on, and of a million customers somebody is always due: alerts that come while we look are not judged.
    alerts = oracle.dump(house.bootstrap, topic.ALERTS)
    time.sleep(_ON_THEIR_WAY_SECONDS)
    rows = {name: ask(sql) for name, sql in _OF_SAMPLE.items()}
    received = house.receiver.ids() if house.receiver else []
    meanwhile = _ids(oracle.dump(house.bootstrap, topic.ALERTS)) - _ids(alerts)
    rows["alerts"] = [row for row in rows["alerts"] if row["id"] not in meanwhile]
    whose = {row["customer_id"].encode() for row in rows["touchpoints"]}
    topics = {
        topic.STATE: [record for record in states if record.key in whose],
        topic.ALERTS: alerts,
        topic.REJECTED: [
            each for each in oracle.read(house.bootstrap, topic.REJECTED) if BAD.encode() not in each.value
        ],
    }
    rows["rejected"] = ask(_REJECTED)
    found = oracle.judge(World(rows, topics, [one for one in received if one not in meanwhile]), [sample], now())
    for kind in ("lost", "doubled", "diverged"):
        if number := getattr(found, kind):
            verdict.say(kind, f"of the sample: {found.told[0]}", number)


def _ids(alerts: Iterable[Any]) -> set[str]:
    return {json.loads(record.value)["id"] for record in alerts}


async def _verified(house: House, patience: float, verdict: Verdict) -> str:
    """What `throughline verify` says; what it finds wrong is in the verdict then."""
    clickhouse = ClickHouseRun(
        url=house.clickhouse_url, database="throughline", user="throughline", password=PASSWORD,
        readonly_user="analyst", readonly_password=ANALYST_PASSWORD,
    )  # fmt: skip
    view, analyst = KafkaView(house.bootstrap), Analyst(clickhouse)
    try:
        began = time.monotonic()
        scene = Scene(house.bootstrap, PARTITIONS, DEFAULT_POLICY.read_text(), (), clickhouse)
        waits = Patience(view, analyst, GROUP, lambda _: None, patience)
        found = await verify(scene, analyst, waits, lambda *_: None, _MOST_FOLDED)
    finally:
        view.close()
        analyst.close()
    if not found.ok:
        verdict.say("diverged", f"verify: {found.behind or found.told[:_TOLD]}", max(1, found.differences))
        verdict.lost += found.lost
        verdict.doubled += found.doubled
    return (
        f"{found.touchpoints:,} touchpoints of {found.customers:,} customers counted and {found.folded_touchpoints:,} "
        f"folded anew in {time.monotonic() - began:.0f} s, {'all right' if found.ok else 'WRONG'}"
    )


def main() -> int:
    """Exit 1 where anything was lost, doubled or diverged; the logs are kept then."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=__doc__)
    parser.add_argument("--events", type=int, default=100_000, help="how many records to send")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pace", type=float, default=6_000, help="most records a second")
    parser.add_argument("--customers", type=int, default=100, help="of the sample, whose every fact is recomputed")
    parser.add_argument("--patience", type=float, default=600, help="seconds for everything to be right again")
    parser.add_argument("--seconds", type=float, default=inf, help="send no longer than this")
    parser.add_argument("--calm", type=float, default=10, help="seconds between two troubles, on average")
    parser.add_argument("--plant", default="", help="with this bug of tests.faults.plants, which has to be found")
    given = parser.parse_args()
    end_when_told()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    folder, wall = Path(tempfile.mkdtemp(prefix="throughline-soak-")), now()
    plant = next((planted(each) for each in PLANTS if given.plant and given.plant in each.name), ("", ""))
    stream = Stream(given.seed, given.events, wall)
    # Before the stream's story: what is newer would have time do to everybody else what is not due yet.
    sample = make(given.seed, given.customers, stream.begins)
    chunk_records = Settings.model_fields["chunk_records"].default
    with house(folder, neighbours, plant=plant, chunk_records=chunk_records, brief=False) as built:
        outcome = run(built, stream, sample, given)
        if not outcome.verdict.ok:
            with httpx.Client(timeout=600) as client:
                ask = partial(oracle.ask, client, built.clickhouse_url)
                again = islice(Stream(given.seed, given.events, wall), stream.sent.records)
                outcome.verdict.told += named(ask, stream.sent, again)
    print(table(outcome))
    if not outcome.verdict.ok:
        print(*outcome.verdict.told, f"logs: {folder}", sep="\n")
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    return 0


def table(outcome: Outcome) -> str:
    """What was sent, what was done meanwhile, and what came of it."""
    sent, verdict = outcome.sent, outcome.verdict
    return "\n".join(
        [
            f"{sent.records:,} records in {outcome.seconds:,.0f} s: {sent.touchpoints:,} touchpoints of "
            f"{sent.people:,} customers, {sent.repeats:,} repeated, {sent.poison:,} to be refused; "
            f"batches sent again: {outcome.again}",
            f"{outcome.troubles.total()} troubles: "
            + ", ".join(f"{name} {number}" for name, number in sorted(outcome.troubles.items())),
            f"lost {verdict.lost}, doubled {verdict.doubled}, diverged {verdict.diverged}; right after "
            f"{outcome.healed:.0f} s",
            f"verify: {outcome.verified}",
        ]
    )


def say(what: str) -> None:
    """Progress, for whoever watches."""
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

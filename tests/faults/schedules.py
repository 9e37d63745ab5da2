"""One schedule: traffic, trouble meanwhile, everything healed, and what the oracle says when it has settled."""

import time
from dataclasses import dataclass, field
from random import Random

import httpx
from kafka.errors import KafkaError

from tests.faults.cells import Cell, Log
from tests.faults.house import House
from tests.faults.oracle import Verdict, judge, look
from tests.faults.traffic import Sender, Traffic, make, now, poisoned

_SENDING_SECONDS = 240.0
_LOOK_AGAIN_SECONDS = 1.0


@dataclass
class Outcome:
    """What came of one schedule. `healed` is the seconds from the end of trouble and traffic until all was right;
    `reached` whether the trouble came about: a place of the code may never have been passed.
    """

    cell: str
    seed: int
    events: int
    healed: float
    verdict: Verdict
    reached: bool = True
    log: list[str] = field(default_factory=list)


def run(house: House, cell: Cell, seed: int, customers: int, before: list[Traffic], patience: float) -> Outcome:
    """Do it. `before` are the traffics that the house has had; this one's is added."""
    chance, log = Random(seed), Log()
    traffic = make(seed, customers, now())
    if cell.poison:
        traffic = poisoned(traffic)
    sender = Sender(house, traffic, cell.pace, by_gateway=cell.gateway)
    sender.start()
    try:
        cell.does(house, chance, log)
    finally:
        house.heal()
    sender.wait(_SENDING_SECONDS)
    log.say(f"{sender.sent} records sent, {sender.repeated} times again")
    before.append(traffic)
    since = time.monotonic()
    verdict = settled(house, before, patience)
    return Outcome(cell.name, seed, len(traffic.records), time.monotonic() - since, verdict, log.reached, log.lines)


def settled(house: House, rounds: list[Traffic], patience: float) -> Verdict:
    """The oracle's verdict once nothing is wrong, or the last one when patience ends."""
    deadline = time.monotonic() + patience
    while True:
        verdict = _verdict(house, rounds)
        if verdict.ok or time.monotonic() > deadline:
            return verdict
        time.sleep(_LOOK_AGAIN_SECONDS)


def _verdict(house: House, rounds: list[Traffic]) -> Verdict:
    try:
        return judge(look(house), rounds, now())
    except (httpx.HTTPError, KafkaError) as error:
        blind = Verdict()
        blind.say("diverged", f"nothing can be read: {error}")
        return blind

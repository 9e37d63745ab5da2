"""One schedule: traffic, trouble meanwhile, everything healed, and what the oracle says when it has settled."""

import json
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import httpx
from kafka.errors import KafkaError

from tests.faults.house import House
from tests.faults.oracle import Verdict, arriving, judge, look
from tests.faults.traffic import Sender, Traffic, make, now
from tests.faults.trouble import Cell, Log

_SENDING_SECONDS = 900.0
_LOOK_AGAIN_SECONDS = 1.0
# Healing that takes longer is looked into: what every part said of itself meanwhile is kept.
SLOW_SECONDS = 30.0


@dataclass
class Outcome:
    """What came of one schedule. `healed` is the seconds from the end of trouble and traffic until all was right;
    `reached` whether the trouble came about: a place of the code may never have been passed. `kept` is the folder of
    the parts' logs where it healed slowly.
    """

    cell: str
    seed: int
    events: int
    healed: float
    verdict: Verdict
    reached: bool = True
    log: list[str] = field(default_factory=list)
    kept: Path | None = None


def run(house: House, cell: Cell, seed: int, customers: int, before: list[Traffic], patience: float) -> Outcome:
    """Do it. `before` are the traffics that the house has had; this one's is added."""
    chance, log = Random(seed), Log()
    traffic = cell.shape(make(seed, customers, now()))
    sender = Sender(house, traffic, cell.pace, by_gateway=cell.gateway)
    house.sender = sender
    sender.start()
    try:
        cell.does(house, chance, log)
    finally:
        house.heal()
    sender.wait(_SENDING_SECONDS)
    log.say(f"{sender.sent} records sent, {sender.repeated} times again")
    before.append(traffic)
    since = time.monotonic()
    looks: list[str] = []
    verdict = settled(house, before, patience, lambda so_far: looks.append(_healing(house, so_far)))
    healed = time.monotonic() - since
    for wrong in log.wrongs:
        verdict.say("diverged", wrong)
    kept = _keep(house, cell, seed, [*log.lines, *looks]) if healed > SLOW_SECONDS else None
    return Outcome(cell.name, seed, len(traffic.records), healed, verdict, log.reached, log.lines, kept)


def settled(
    house: House, rounds: list[Traffic], patience: float, meanwhile: Callable[[Verdict], None] = lambda _: None
) -> Verdict:
    """The oracle's verdict once nothing is wrong, or the last one when patience ends. `meanwhile` sees the others."""
    deadline = time.monotonic() + patience
    while True:
        hasty = time.monotonic() < deadline
        verdict = _verdict(house, rounds, hasty)
        if verdict.ok or not hasty:
            return verdict
        meanwhile(verdict)
        time.sleep(_LOOK_AGAIN_SECONDS)


def _healing(house: House, verdict: Verdict) -> str:
    """What is wrong yet, and how each part says it is."""
    counts = f"lost {verdict.lost}, doubled {verdict.doubled}, diverged {verdict.diverged}: {verdict.told[:2]}"
    pages = (f"    {name} {json.dumps(page)}" for name, page in house.pages().items())
    # A machine that has too much to do heals slowly too.
    return "\n".join([f"{now():%H:%M:%S} load {os.getloadavg()[0]:.1f}, {counts}", *pages])


def _keep(house: House, cell: Cell, seed: int, lines: list[str]) -> Path:
    """A copy of every part's log, and how healing went, beside the house's folder, which goes when all is right."""
    kept = house.folder.with_name(f"{house.folder.name}-slow-{seed}")
    kept.mkdir(exist_ok=True)
    (kept / "healing.txt").write_text("\n".join([cell.name, *lines]) + "\n")
    for path in (house.folder / "logs").glob("*.log"):
        shutil.copy(path, kept)
    return kept


def _verdict(house: House, rounds: list[Traffic], hasty: bool) -> Verdict:
    """All that is wrong; of what is soon looked at again the first that is."""
    try:
        if hasty and not (so_far := arriving(house.clickhouse_url, rounds)).ok:
            return so_far
        return judge(look(house), rounds, now(), hasty=hasty)
    except (httpx.HTTPError, KafkaError) as error:
        blind = Verdict()
        blind.say("diverged", f"nothing can be read: {error}")
        return blind

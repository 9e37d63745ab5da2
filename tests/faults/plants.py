"""`python -m tests.faults.plants`: bugs planted into the real parts, each of which the oracle has to catch.

An oracle that has never said no proves nothing by saying yes.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from tests.faults.cells import CELLS
from tests.faults.house import end_when_told, house, neighbours
from tests.faults.schedules import run
from tests.faults.traffic import Traffic

_EVERY = """
import itertools
_turns = itertools.count(1)
def every(number):
    return next(_turns) % number == 0
"""


class Plant(NamedTuple):
    """A bug: what is patched in which part before it starts, and the trouble in which it shows."""

    name: str
    part: str
    code: str
    cell: str = "calm"


PLANTS = (
    Plant("one event dropped", "worker", """
from streams.acceptance import Acceptance
keep = Acceptance._write
Acceptance._write = lambda self, *rest: None if every(60) else keep(self, *rest)
"""),
    Plant("one event doubled", "worker", """
import journey.correction as correction
correction.is_known = lambda *_: False
correction.is_forgotten = lambda *_: True
"""),
    Plant("order swapped", "worker", """
import journey.correction as correction
def as_it_comes(journey, customer_id, touches, now, rules, outcome):
    named = [(touch.key, correction.name_of(touch), touch) for touch in touches]
    correction._fold_in(journey, customer_id, named, now, rules, outcome)
correction._refold = as_it_comes
"""),
    Plant("commit skipped", "worker", """
from streams.lane import Lane
commit = Lane._commit
async def skipping(self, effects, position):
    if self.stage.name == "journey" and position is not None and every(9):
        self.stage.settle(effects)
    else:
        await commit(self, effects, position)
Lane._commit = skipping
""", "kill worker"),
    Plant("stale key after a rebalance", "worker", """
from streams.lane import Lane
from streams.journeys import JourneyStage
restore = JourneyStage.restore
def half(self, records):
    restore(self, [record for record in records if record.key.startswith(b"\\x00") or not every(3)])
JourneyStage.restore = half
""", "rolling restart"),
    Plant("late event dropped", "worker", """
from streams.folding import Folding
ask = Folding._ask
Folding._ask = lambda self, customer_id, journey, reason: None if reason == "too_late" else ask(
    self, customer_id, journey, reason)
"""),
    Plant("rejected one lost", "worker", """
from streams.intake import IntakeStage
from schemas import topic
from streams.effects import Effects
write = Effects.write
Effects.write = lambda self, name, *rest: None if name == topic.REJECTED and every(5) else write(self, name, *rest)
""", "poison"),
    Plant("alert twice", "worker", """
from schemas import topic
from streams.effects import Effects
write = Effects.write
def twice(self, name, *rest):
    write(self, name, *rest)
    if name == topic.ALERTS:
        write(self, name, *rest)
Effects.write = twice
"""),
    Plant("token reused", "writer", """
from sinks.clickhouse.insertion import Insertion
insert = Insertion._insert
Insertion._insert = lambda self, *rest: None if every(11) else insert(self, *rest)
"""),
    Plant("tombstone lost", "worker", """
from streams.folding import Folding
say = Folding._say
def without(self, key, version, outcome):
    outcome.facts = [fact for fact in outcome.facts if not fact.deleted]
    say(self, key, version, outcome)
Folding._say = without
"""),
    Plant("wrong customer merged", "worker", """
from dataclasses import replace
from streams.resolver import ResolverStage
assign, last = ResolverStage._assign, []
def wrong(self, one, *rest):
    last.append(one.to)
    if len(last) % 3 == 0:
        one = replace(one, to=last[-2])
    assign(self, one, *rest)
ResolverStage._assign = wrong
"""),
    Plant("zombie overwrites", "worker", """
import os
from streams.transaction import Transactions
begin = Transactions.__init__
def unfenced(self, bootstrap, name):
    begin(self, bootstrap, f"{name}.{os.getpid()}")
Transactions.__init__ = unfenced
""", "zombie"),
)  # fmt: skip
_MOST_SCHEDULES = 5
_MODULES = {"worker": "streams.worker", "writer": "sinks.writer"}


def planted(plant: Plant) -> tuple[str, str]:
    """The kind of part that has the bug, and what it runs instead."""
    return plant.part, f"{_EVERY}{plant.code}\nfrom {_MODULES[plant.part]} import main\nmain()\n"


def caught(plant: Plant, seed: int) -> list[str]:
    """What the oracle says of parts with the bug; nothing where it did not catch it.

    Some bugs show in a moment only that trouble may not meet: then there is another schedule, of the next seed.
    """
    folder = Path(tempfile.mkdtemp(prefix="throughline-plant-"))
    cell = next(each for each in CELLS if each.name == plant.cell)
    rounds: list[Traffic] = []
    with house(folder, neighbours, plant=planted(plant)) as built:
        for number in range(seed, seed + _MOST_SCHEDULES):
            told = run(built, cell, number, 150, rounds, 30).verdict.told
            if told:
                break
    shutil.rmtree(folder, ignore_errors=True)
    return told


def main() -> int:
    """Exit 1 where a bug was not caught."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.plants", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="plants whose name holds this")
    given = parser.parse_args()
    end_when_told()
    missed = 0
    for plant in PLANTS:
        if given.only not in plant.name:
            continue
        told = caught(plant, given.seed)
        missed += not told
        print(f"{plant.name}: {'caught: ' + told[0][:150] if told else 'MISSED'}", flush=True)
    print(f"{len(PLANTS)} planted, {missed} missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

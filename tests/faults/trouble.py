"""What a cell is: a kind of trouble that is done to the parts while touchpoints come, and the log of what was done."""

import time
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from tests.faults.house import House
from tests.faults.shapes import Shape, plain

Trouble = Callable[[House, Random, "Log"], None]


class Log:
    """What the nemesis did, and when: seconds since it began. `reached` is whether its trouble came about; `wrongs`
    is what it saw that must not be, beside what the oracle sees.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.wrongs: list[str] = []
        self.reached = True
        self._since = time.monotonic()

    def say(self, what: str) -> None:
        self.lines.append(f"{time.monotonic() - self._since:6.1f} {what}")

    def expect(self, holds: bool, what: str) -> None:
        """Note that something is wrong unless it holds."""
        self.say(what if holds else f"NOT: {what}")
        if not holds:
            self.wrongs.append(what)


class Cell(NamedTuple):
    """A kind of trouble. `quick` ones are cheap enough for every change; `gateway` sends through it; `shape` is what
    else the traffic has; `pace` is records a second; `disks` has the parts' folders on disks of their own, small ones;
    after a `last` one the parts are of no more use.
    """

    name: str
    does: Trouble
    quick: bool = True
    gateway: bool = False
    shape: Shape = plain
    pace: float = 400.0
    disks: bool = False
    last: bool = False


def calm(house: House, chance: Random, log: Log) -> None:
    """Nothing is done."""
    log.say("nothing")

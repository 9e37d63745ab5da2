"""Trouble of releases: parts of the next one run beside those of this one, forwards and back again."""

import signal
import time
from random import Random

from schemas.topic import STATE
from streams.position import POSITION_KEY
from streams.stored import VERSION
from tests.faults.house import House
from tests.faults.oracle import dump
from tests.faults.processes import waited
from tests.faults.trouble import Log

# The next release: it packs journeys as one version more, and reads both; its answers have a field more.
_NEXT = """
import streams.stored as stored
import streams.control as control
stored.VERSION += 1
refuse = stored.refuse_other_version
stored.refuse_other_version = lambda value: value[0] & 0x7F == stored.VERSION - 1 or refuse(value)
output_of = control.output_of
def with_a_field_more(one):
    key, value, headers = output_of(one)
    return key, value[:-1] + b',"of_the_next_release":1}', headers
control.output_of = with_a_field_more
"""
# A later one still: it tells journeys something that nobody before has heard of.
_UNKNOWN_CONTROL = """
import streams.control as control
headers_of = control.headers_of
control.headers_of = lambda kind: headers_of(b"of_the_next_release" if kind == b"rebuilt" else kind)
"""

# What a worker of the later release makes of it.
_HEARS = """
import streams.control as control
kind_of = control.kind_of
control.kind_of = lambda headers: b"rebuilt" if kind_of(headers) == b"of_the_next_release" else kind_of(headers)
"""


def rebuilder_skewed(house: House, chance: Random, log: Log) -> None:
    """The rebuilder alone is of the next release, and is rolled back: workers ask again for what they cannot read."""
    part = house.parts["rebuilder"]
    before = part.command
    log.say("the rebuilder is of the next release")
    _become(house, "rebuilder", _NEXT, "streams.rebuilder")
    time.sleep(chance.uniform(6, 10))
    log.say("the rebuilder is rolled back")
    part.command = before
    part.signal(signal.SIGTERM)


def workers_skewed(house: House, chance: Random, log: Log) -> None:
    """One worker is upgraded, and ends: the other one refuses what it cannot read, and goes on when it is upgraded."""
    first, second = chance.sample(house.workers, 2)
    time.sleep(chance.uniform(0.5, 1.5))
    log.say(f"{first} is of the next release")
    _become(house, first, _NEXT, "streams.worker")
    log.expect(waited(lambda: _is_written_by_next(house), 60), f"{first} writes as the next release does")
    log.say(f"{first} is down, {second} takes over")
    house.parts[first].hold()
    log.expect(waited(lambda: "upgrade every worker" in _last_log(house, second)), f"{second} refuses, and says why")
    if chance.random() < 0.5:
        # Rolled back to a release that reads nothing of the next one's: it refuses, and nothing is lost by it.
        log.say(f"{first} is rolled back for a while")
        command = house.parts[first].command
        house.parts[first].command = house.parts[second].command
        house.parts[first].release()
        time.sleep(5)
        house.parts[first].hold()
        house.parts[first].command = command
    house.parts[first].release()
    log.say(f"{second} is of the next release")
    _become(house, second, _NEXT, "streams.worker")


def control_unknown(house: House, chance: Random, log: Log) -> None:
    """The rebuilder of a later release says what no worker here has heard of: they refuse until they are upgraded."""
    log.say("the rebuilder is of a later release")
    _become(house, "rebuilder", _UNKNOWN_CONTROL, "streams.rebuilder")
    refused = waited(lambda: any("upgrade every worker" in _last_log(house, name) for name in house.workers))
    log.expect(refused, "a worker refuses, and says why")
    log.say("the rebuilder is rolled back, the workers are of the later release")
    house.parts["rebuilder"].command = [house.parts["rebuilder"].command[0], "-m", "streams.rebuilder"]
    house.parts["rebuilder"].signal(signal.SIGKILL)
    for name in house.workers:
        _become(house, name, _HEARS, "streams.worker")


def _is_written_by_next(house: House) -> bool:
    return any(
        record.value[0] & 0x7F > VERSION for record in dump(house.bootstrap, STATE) if record.key != POSITION_KEY
    )


def _become(house: House, name: str, code: str, module: str) -> None:
    """From its next start on, which is now, the part runs this code before its own."""
    part = house.parts[name]
    part.command = [part.command[0], "-X", "rules=sources", "-c", f"{code}\nfrom {module} import main\nmain()\n"]
    part.signal(signal.SIGTERM)


def _last_log(house: House, name: str) -> str:
    return house.log(name).read_text(errors="replace")[-20_000:]

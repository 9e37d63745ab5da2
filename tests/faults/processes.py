"""Trouble of processes: killed, told to end, put to sleep, restarted, at random or at named places of their code."""

import os
import resource
import signal
import time
from collections.abc import Callable
from random import Random

from tests.faults.house import House
from tests.faults.trouble import Log, Trouble

_ZOMBIE_SECONDS = 14.0
_DAY_SECONDS = 86_400


def kill(*names: str) -> Trouble:
    """kill -9 of these parts, one after the other, some times."""

    def does(house: House, chance: Random, log: Log) -> None:
        for _ in range(chance.randint(1, 3)):
            time.sleep(chance.uniform(0.1, 2.5))
            name = chance.choice([*names]) if names else chance.choice(house.workers)
            log.say(f"kill -9 {name}")
            house.parts[name].signal(signal.SIGKILL)

    return does


def crash(place: str) -> Trouble:
    """The part ends at a named place of its code, once it has passed it some times."""

    def does(house: House, chance: Random, log: Log) -> None:
        part = place.split(".", maxsplit=1)[0]
        # Passed once a second, an alert or a start, where chunks and requests pass theirs all the time.
        seldom = part in ("writer", "notifier") or place in ("worker.in_restore", "worker.in_revoke")
        most = 3 if seldom else 8
        name = chance.choice(house.workers) if part == "worker" else part
        crashes = house.parts[name].crashes
        house.parts[name].crash_at = f"{place}:{chance.randrange(most)}"
        log.say(f"{name} is to end at {house.parts[name].crash_at}")
        house.parts[name].signal(signal.SIGKILL)
        deadline = time.monotonic() + 15
        while house.parts[name].crashes == crashes and time.monotonic() < deadline:
            if place == "worker.in_revoke":
                # Only a rebalance revokes: another worker leaves in order, and comes back. One that is killed is back
                # within its session, and nobody else hears of it.
                other = next(each for each in house.workers if each != name)
                house.parts[other].signal(signal.SIGTERM)
                time.sleep(4)
            time.sleep(0.3)
        log.reached = house.parts[name].crashes > crashes
        log.say(f"{name} {'ended' if log.reached else 'never ended'} there")

    return does


def term(house: House, chance: Random, log: Log) -> None:
    """SIGTERM, SIGTERM again, then SIGKILL."""
    name = chance.choice([*house.workers, "writer", "rebuilder"])
    for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGKILL):
        log.say(f"{number.name} {name}")
        house.parts[name].signal(number)
        time.sleep(chance.uniform(0, 0.6))


def zombie(house: House, chance: Random, log: Log) -> None:
    """A worker sleeps past its session, and wakes when another one has its partitions."""
    time.sleep(chance.uniform(1, 3))
    name = chance.choice(house.workers)
    log.say(f"SIGSTOP {name}")
    house.parts[name].signal(signal.SIGSTOP)
    time.sleep(_ZOMBIE_SECONDS)
    log.say(f"SIGCONT {name}")
    house.parts[name].signal(signal.SIGCONT)


def away(part: str, least: float, most: float) -> Trouble:
    """A part is down for a while."""

    def does(house: House, chance: Random, log: Log) -> None:
        time.sleep(chance.uniform(0, 1.5))
        seconds = chance.uniform(least, most)
        log.say(f"{part} is down for {seconds:.1f} s")
        house.parts[part].hold()
        time.sleep(seconds)
        house.parts[part].release()
        log.say(f"{part} may start")

    return does


def rebalances(house: House, chance: Random, log: Log) -> None:
    """Workers leave in order and come back: two, one, two."""
    name = chance.choice(house.workers)
    log.say(f"{name} leaves")
    house.parts[name].held = True
    house.parts[name].signal(signal.SIGTERM)
    time.sleep(chance.uniform(2, 6))
    log.say(f"{name} comes back")
    house.parts[name].release()


def scaling(house: House, chance: Random, log: Log) -> None:
    """One worker, two, three, one: each step begins when the one before has every partition."""
    first, *others = house.workers
    for names, leave in (([first], others), ([first, *others], ()), ([first, *others, house.spare], ())):
        for name in leave:
            house.parts[name].held = True
            house.parts[name].signal(signal.SIGTERM)
        for name in names:
            house.parts[name].release()
        log.expect(waited(lambda names=names: house.owned_by(names)), f"{', '.join(names)} have everything")
        time.sleep(chance.uniform(0, 1))
    for name in (*others, house.spare):
        house.parts[name].held = True
        house.parts[name].signal(signal.SIGTERM)
    log.expect(waited(lambda: house.owned_by([first])), f"{first} has everything")


def third(house: House, chance: Random, log: Log) -> None:
    """A third worker comes, and one of the three is killed now and then."""
    house.parts[house.spare].release()
    log.say(f"{house.spare} comes")
    for _ in range(chance.randint(2, 4)):
        time.sleep(chance.uniform(1.5, 4))
        name = chance.choice([*house.workers, house.spare])
        log.say(f"kill -9 {name}")
        house.parts[name].signal(signal.SIGKILL)


def broker_killed(during: str) -> Trouble:
    """kill -9 of the broker while workers commit, rebalance or restore."""

    def does(house: House, chance: Random, log: Log) -> None:
        for _ in range(2):
            name = chance.choice(house.workers)
            if during == "rebalance":
                house.parts[name].signal(signal.SIGTERM)
            elif during == "restore":
                house.parts[name].signal(signal.SIGKILL)
                time.sleep(1)
                log.reached &= waited(lambda name=name: _is_restoring(house, name))
            time.sleep(chance.uniform(0, 0.8 if during != "restore" else 0.05))
            log.say(f"kill -9 kafka, {name} in {during}")
            house.parts["kafka"].signal(signal.SIGKILL)
            time.sleep(chance.uniform(4, 7))

    return does


def _is_restoring(house: House, name: str) -> bool:
    page = house.pages()[name]
    return isinstance(page, dict) and page["lanes"] > 0 and not page["ready"]


def waited(holds: Callable[[], bool], seconds: float = 40) -> bool:
    """Whether it comes to hold within so long."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def clock(how: str) -> Trouble:
    """A worker's clock is a day ahead, a day behind, or jumps to and fro."""

    def does(house: House, chance: Random, log: Log) -> None:
        if not house.clocks.there:
            log.reached = False
            log.say("no C compiler is here to make wrong clocks")
            return
        name = chance.choice(house.workers)
        jumps = [{"ahead": _DAY_SECONDS, "behind": -_DAY_SECONDS}.get(how, chance.randint(-_DAY_SECONDS, _DAY_SECONDS))]
        if how == "jumping":
            jumps += [chance.randint(-_DAY_SECONDS, _DAY_SECONDS) for _ in range(8)]
        for seconds in jumps:
            log.say(f"{name} is {seconds} s ahead")
            house.clocks.set(name, seconds)
            time.sleep(chance.uniform(0.5, 2) if how == "jumping" else 6)
            if chance.random() < 0.4:
                log.say(f"kill -9 {name}")
                house.parts[name].signal(signal.SIGKILL)
                time.sleep(4)

    return does


def descriptors(house: House, chance: Random, log: Log) -> None:
    """A part may open two files more than it has open, and loses its connections meanwhile."""
    name = chance.choice([*house.workers, "writer", "rebuilder", "notifier", "gateway"])
    process = house.parts[name].process
    assert process is not None
    most = len(os.listdir(f"/proc/{process.pid}/fd")) + 2
    try:
        before = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (most, before[1]))
        log.say(f"{name} may open {most} files")
        house.kafka_proxy.cut()
        time.sleep(chance.uniform(0.5, 2))
        house.kafka_proxy.heal()
        time.sleep(chance.uniform(3, 8))
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, before)
        log.say(f"{name} may open {before[0]}")
    except (ProcessLookupError, PermissionError) as error:
        log.reached = False
        log.say(f"{name}: {error}")


def rolling(house: House, chance: Random, log: Log) -> None:
    """Every worker is restarted, one after the other."""
    for name in house.workers:
        log.say(f"SIGTERM {name}")
        house.parts[name].signal(signal.SIGTERM)
        time.sleep(chance.uniform(2, 5))


def everything(house: House, chance: Random, log: Log) -> None:
    """Parts are killed at random, several at a time."""
    for _ in range(chance.randint(3, 6)):
        names = chance.sample([*house.workers, "writer", "rebuilder", "gateway", "notifier"], chance.randint(1, 3))
        log.say(f"kill -9 {' '.join(names)}")
        for name in names:
            house.parts[name].signal(signal.SIGKILL)
        time.sleep(chance.uniform(0.3, 2.5))

"""A long stream of touchpoints whose every id is known without being kept: how many there are, and their hashes' sum.

Customers come one after the other, some of them nameless at first. A few touchpoints come late, some twice; some
records are none. The same seed is the same stream.
"""

import asyncio
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from xxhash import xxh64_intdigest

from benchmarks.kinds import PHASES
from console.lag import KafkaView
from schemas.topic import RAW, TOUCHPOINTS
from sinks.waiting import at_most
from tests.faults.house import GROUP, PARTITIONS, House

MARK = "soak-"
BAD = f"{MARK}bad-"
_ACTIVE, _MEAN = 5_000, 10
_NAMELESS, _LATE, _TOO_LATE, _AGAIN, _POISON = 0.03, 0.05, 0.0002, 0.02, 0.001
# An hour of the story in a second or so: faster, and whoever is held up for a moment would be weeks late.
_MOST_DAYS, _RECORDS_A_DAY, _ENDED_DAYS = 20, 50_000, 2
_LATEST_MS, _TOO_LATE_MS = 6 * 86_400_000, 40 * 86_400_000
_RECENT = 5_000
_TICK_SECONDS, _LOOK_SECONDS, _CONFIRM_SECONDS = 0.25, 2.0, 60.0
# So much may wait for the product before the stream waits for it.
_MOST_WAITING = 60_000
SHARES = 256


class Sum(NamedTuple):
    """How many touchpoints, and the sum of their hashes modulo 2^64: equal ones are of the same touchpoints."""

    count: int = 0
    hash: int = 0


@dataclass
class Sent:
    """What a stream has been: distinct touchpoints by the highest byte of their hash, who they are of, and the rest."""

    records: int = 0
    repeats: int = 0
    poison: int = 0
    people: int = 0
    shares: list[Sum] = field(default_factory=lambda: [Sum()] * SHARES)

    @property
    def touchpoints(self) -> int:
        """Distinct ones."""
        return sum(share.count for share in self.shares)

    def add(self, source: str, touchpoint_id: str) -> None:
        """One more that is distinct."""
        token = token_of(source, touchpoint_id)
        share = self.shares[token >> 56]
        self.shares[token >> 56] = Sum(share.count + 1, (share.hash + token) % 2**64)


def token_of(source: str, touchpoint_id: str) -> int:
    """As `xxHash64(concat(source, '\\0', id))` is in ClickHouse."""
    return int(xxh64_intdigest(f"{source}\0{touchpoint_id}".encode()))


class Person:
    """Who has `left` of `most` touchpoints still to come; `nameless` until half of them have."""

    def __init__(self, number: int, most: int, nameless: bool) -> None:
        self.number, self.most, self.left, self.nameless = number, most, most, nameless

    def identifiers(self, seed: int) -> str:
        """Both of them at the moment in which they turn out to be one person's."""
        email = f'"email":"p{self.number}@soak-{seed}-{self.number // 7}.example"'
        anonymous = f'"anonymous_id":"soak-{seed}-{self.number}"'
        if not self.nameless:
            return email
        # Whoever has one touchpoint alone never gets a name.
        if self.left > self.most // 2 or self.most == 1:
            return anonymous
        self.nameless = False
        return f"{email},{anonymous}"


class Stream:
    """`events` records, repeated and refused ones included; `sent` tells of those that were taken from it."""

    def __init__(self, seed: int, events: int, wall: datetime) -> None:
        self.seed, self.events, self.sent = seed, events, Sent()
        self._chance = Random(seed)
        self._numbered = 0
        self._days = 1 + min(_MOST_DAYS, events // _RECORDS_A_DAY)
        # A twentieth of the story is under way at once: what one topic is behind another is then seldom between two
        # touchpoints of one customer, and makes few corrections.
        self._active = max(_ACTIVE, events // 20)
        self.begins = wall - timedelta(days=self._days + _ENDED_DAYS)
        self._begins_ms = int(self.begins.timestamp() * 1000)

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        """(topic, value), in the order of arrival."""
        chance, sent, recent = self._chance, self.sent, list[tuple[str, bytes]]()
        active = [self._person() for _ in range(self._active)]
        for number in range(self.events):
            sent.records += 1
            lot = chance.random()
            if lot < _AGAIN and recent:
                sent.repeats += 1
                yield recent[int(chance.random() * len(recent))]
            elif lot < _AGAIN + _POISON:
                sent.poison += 1
                yield RAW[number % 2], f'{{"id":"{BAD}{self.seed}-{number:x}","team":"nobody"}}'.encode()
            else:
                slot = int(chance.random() * self._active)
                found = self._touchpoint(number, active[slot])
                if not active[slot].left:
                    active[slot] = self._person()
                if len(recent) < _RECENT:
                    recent.append(found)
                else:
                    recent[number % _RECENT] = found
                yield found

    def _person(self) -> Person:
        chance = self._chance
        most = 1 + int(chance.expovariate(1 / _MEAN))
        self._numbered += 1
        return Person(self._numbered, most, chance.random() < _NAMELESS)

    def _touchpoint(self, number: int, person: Person) -> tuple[str, bytes]:
        chance = self._chance
        if person.left == person.most:
            self.sent.people += 1
        phase = PHASES[len(PHASES) * (person.most - person.left) // person.most]
        kind = phase[int(chance.random() * len(phase))]
        at_ms = self._begins_ms + self._days * 86_400_000 * number // self.events
        if chance.random() < _LATE:
            at_ms -= int(chance.random() * (_TOO_LATE_MS if chance.random() < _TOO_LATE / _LATE else _LATEST_MS))
        at = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
        touchpoint_id = f"{MARK}{self.seed}-{number:x}"
        value = (
            f'{{"id":"{touchpoint_id}","source":"{kind.source}","customer":{{{person.identifiers(self.seed)}}},'
            f'"occurred_at":"{at}",{kind.fields}}}'
        )
        person.left -= 1
        self.sent.add(kind.source, touchpoint_id)
        return f"touchpoints.{kind.team}", value.encode()


class Pump:
    """Sends a stream in the background, in batches: at most so many records a second, never far ahead of the workers.

    Each batch is sent again until it is confirmed.
    """

    def __init__(self, house: House, stream: Stream, pace: float, seconds: float) -> None:
        """After so many seconds nothing more is taken from the stream."""
        self.again = 0
        self.error: BaseException | None = None
        self._house, self._stream, self._pace = house, stream, pace
        self._producer: Any = None
        self._waiting, self._until = 0, time.monotonic() + seconds
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def done(self) -> bool:
        """Everything is confirmed, or nothing more will be: `error` says why."""
        return not self._thread.is_alive()

    def wait(self) -> None:
        """Until everything is confirmed. Raises what ended it before that."""
        self._thread.join()
        if self.error is not None:
            raise self.error

    def _run(self) -> None:
        try:
            asyncio.run(self._send())
        except BaseException as error:
            self.error = error

    async def _send(self) -> None:
        looking = asyncio.create_task(self._look())
        try:
            records, over = iter(self._stream), False
            while not over and time.monotonic() < self._until:
                began = time.monotonic()
                while self._waiting > _MOST_WAITING:
                    await asyncio.sleep(_TICK_SECONDS)
                placed: dict[tuple[str, int], list[bytes]] = {}
                for number in range(max(1, int(self._pace * _TICK_SECONDS))):
                    found = next(records, None)
                    if found is None:
                        over = True
                        break
                    placed.setdefault((found[0], number % PARTITIONS), []).append(found[1])
                await self._confirm(placed)
                await asyncio.sleep(max(0.0, began + _TICK_SECONDS - time.monotonic()))
        finally:
            looking.cancel()
            await self._close()

    async def _confirm(self, placed: dict[tuple[str, int], list[bytes]]) -> None:
        while placed:
            try:
                if self._producer is None:
                    self._producer = AIOKafkaProducer(bootstrap_servers=self._house.bootstrap, acks="all")
                    await self._producer.start()
                for place, values in list(placed.items()):
                    await asyncio.wait_for(self._write(*place, values), _CONFIRM_SECONDS)
                    del placed[place]
            except (KafkaError, OSError, TimeoutError):
                self.again += 1
                await self._close()
                await asyncio.sleep(1)

    async def _write(self, name: str, partition: int, values: list[bytes]) -> None:
        sent, batch = [], self._producer.create_batch()
        for value in values:
            while batch.append(timestamp=None, key=None, value=value) is None:
                sent.append(await self._producer.send_batch(batch, name, partition=partition))
                batch = self._producer.create_batch()
        sent.append(await self._producer.send_batch(batch, name, partition=partition))
        await asyncio.gather(*sent)

    async def _close(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await at_most(10, producer.stop())

    async def _look(self) -> None:
        while True:
            self._waiting = await asyncio.to_thread(self._left)
            await asyncio.sleep(_LOOK_SECONDS)

    def _left(self) -> int:
        """Records that workers have not taken in; too many where the broker does not say."""
        try:
            view = KafkaView(self._house.bootstrap)
            try:
                return view.left(f"{GROUP}.worker", *RAW) + view.left(f"{GROUP}.worker", TOUCHPOINTS)
            finally:
                view.close()
        # Whatever the client raises of a broker that is half there: it is looked at again.
        except Exception:
            return _MOST_WAITING + 1

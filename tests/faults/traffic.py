"""Seeded touchpoints of many customers, and their way in: straight to the raw topics, or through the gateway.

What was sent and confirmed is noted: only that can be lost. What was not confirmed may have arrived or not.
"""

import asyncio
import json
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

import httpx
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from tests.faults.house import WRITE_KEY, House
from tests.reference.line import DAY, Touch
from tests.reference.random_journeys import arrivals, journey

_HTTP_BATCH, _LIVE = 40, 0.2


@dataclass
class Customer:
    """One person: what was made for them, by the identifiers that name them (the last ones link all)."""

    email: str
    anonymous: str
    touches: list[Touch] = field(default_factory=list)


@dataclass
class Traffic:
    """A round's customers and records in sending order: (topic, value)."""

    seed: int
    customers: list[Customer]
    records: list[tuple[str, bytes]]
    poison: int = 0


def make(seed: int, customers: int, wall: datetime, most: int = 60, late: float = 0.2, least: int = 0) -> Traffic:
    """Journeys that end at `wall` or some days before; the share `late` of them arrives in no order at all.

    Each has from `least` to `most` touchpoints.
    """
    chance = Random(seed)
    made: list[Customer] = []
    queues: list[list[tuple[str, bytes]]] = []
    for number in range(customers):
        touches, _ = journey(chance, most)
        while len(touches) < least:
            touches, _ = journey(chance, most)
        customer = Customer(f"p{seed}-{number}@mail-{seed}-{number}.example", f"b-{seed}-{number}")
        until_now = wall - _moment(touches[-1])
        # Some are of this very moment, so that there is something to alert people of.
        whole_weeks = timedelta(weeks=until_now // timedelta(weeks=1) - chance.randrange(4))
        shift = until_now if chance.random() < _LIVE else whole_weeks
        arriving = arrivals(chance, touches)
        if chance.random() < late:
            arriving = chance.sample(arriving, len(arriving))
        told: dict[tuple[str, str], Touch] = {}
        known_at = chance.randrange(len(touches)) if chance.random() < 0.3 else 0
        queue = []
        for place, touch in enumerate(arriving):
            key = touch["source"], touch["id"]
            if key not in told:
                told[key] = _placed(touch, customer, shift, anonymous=place < known_at)
            queue.append((f"touchpoints.{touch['team']}", json.dumps(told[key]).encode()))
        if known_at:
            link = _link(touches[0], customer, shift)
            told["web", link["id"]] = link
            queue.append(("touchpoints.marketing", json.dumps(link).encode()))
        customer.touches = list(told.values())
        made.append(customer)
        queues.append(queue)
    records: list[tuple[str, bytes]] = []
    while queues:
        queue = chance.choice(queues)
        # Some at once of one customer, as tools send them.
        for _ in range(min(len(queue), chance.randint(1, 4))):
            records.append(queue.pop(0))
        if not queue:
            queues.remove(queue)
    return Traffic(seed, made, records, 0)


def _placed(touch: Touch, customer: Customer, shift: timedelta, anonymous: bool) -> Touch:
    who = {"anonymous_id": customer.anonymous} if anonymous else {"email": customer.email}
    return {**touch, "customer": who, "occurred_at": _written(_moment(touch) + shift)}


def _link(first: Touch, customer: Customer, shift: timedelta) -> Touch:
    """A page view that names both identifiers, long before everything else, where it moves little."""
    return {
        "id": f"link-{customer.anonymous}", "source": "web", "type": "page.viewed", "team": "marketing",
        "customer": {"email": customer.email, "anonymous_id": customer.anonymous},
        "occurred_at": _written(_moment(first) + shift - timedelta(milliseconds=DAY)),
        "direction": "inbound", "channel": "web", "properties": {},
    }  # fmt: skip


def _written(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _moment(touch: Touch) -> datetime:
    return datetime.fromisoformat(touch["occurred_at"])


class Sender:
    """Sends a traffic in the background, at a pace (records a second); `sent` counts what is confirmed.

    Each record is tried again until it is confirmed, so a broker or gateway that is away only delays it.
    """

    def __init__(self, house: House, traffic: Traffic, pace: float, by_gateway: bool = False) -> None:
        self.sent = 0
        self.repeated = 0
        self._house, self._traffic, self._pace, self._by_gateway = house, traffic, pace, by_gateway
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.error: BaseException | None = None

    def start(self) -> None:
        self._thread.start()

    def wait(self, seconds: float) -> None:
        """Until everything is confirmed."""
        self._thread.join(seconds)
        if self.error is not None:
            raise self.error
        assert not self._thread.is_alive(), f"{self.sent} of {len(self.records)} confirmed in {seconds} s"

    @property
    def done(self) -> bool:
        return not self._thread.is_alive()

    @property
    def records(self) -> list[tuple[str, bytes]]:
        """What it sends, in order."""
        return self._traffic.records

    def _run(self) -> None:
        try:
            if self._by_gateway:
                self._post()
            else:
                asyncio.run(self._produce())
        except BaseException as error:
            self.error = error

    async def _produce(self) -> None:
        records, at, started = self.records, 0, time.monotonic()
        while at < len(records):
            producer = AIOKafkaProducer(
                bootstrap_servers=self._house.bootstrap, enable_idempotence=True, max_request_size=12_000_000,
                linger_ms=5, request_timeout_ms=20_000,
            )  # fmt: skip
            try:
                await producer.start()
                while at < len(records):
                    piece = records[at : at + 100]
                    sent = [await producer.send(topic, value) for topic, value in piece]
                    await asyncio.wait_for(asyncio.gather(*sent), 60)
                    at += len(piece)
                    self.sent = at
                    await asyncio.sleep(max(0.0, started + at / self._pace - time.monotonic()))
            except (KafkaError, OSError, TimeoutError):
                self.repeated += 1
                await asyncio.sleep(1)
            finally:
                await producer.stop()

    def _post(self) -> None:
        records, at, started = self.records, 0, time.monotonic()
        headers = {"authorization": f"Bearer {WRITE_KEY}", "content-type": "application/x-ndjson"}
        with httpx.Client(timeout=30) as client:
            while at < len(records):
                piece = records[at : at + _HTTP_BATCH]
                body = b"\n".join(value for _, value in piece)
                try:
                    answer = client.post(f"{self._house.gateway_url}/v1/touchpoints", content=body, headers=headers)
                except httpx.TransportError:
                    answer = None
                if answer is None or answer.status_code != 200:
                    self.repeated += 1
                    time.sleep(0.5)
                    continue
                at += len(piece)
                self.sent = at
                time.sleep(max(0.0, started + at / self._pace - time.monotonic()))


def now() -> datetime:
    return datetime.now(UTC)

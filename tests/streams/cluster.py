"""Every partition of the journey stage in memory: what one writes to journey.touchpoints, another one reads."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from journey.rebuild import fold_history
from journey.rules import Rules
from journey.state import Journey
from journey.touch import Touch
from schemas import topic
from streams.control import (
    FORWARDED,
    HEADER,
    Adopt,
    Assign,
    Control,
    RebuildRequest,
    Rebuilt,
    Release,
    decode_request,
    output_of,
)
from streams.journeys import JourneyStage
from streams.placement import partition_of
from streams.policies import under
from streams.stored import pack, unpack
from streams.touches import touch_of
from streams.wire import decode
from tests.journey.telling import RULES
from tests.streams.records import Record

VOIDED = {"transition", "position", "handoff", "overlap", "clock", "stalled", "feedback", "deal"}


class Looked(NamedTuple):
    """A rebuild whose history is read: it promises everything below `upto`."""

    request: RebuildRequest
    upto: int
    touches: list[Touch]


class Cluster:
    """Partitions with their logs; `pending` are rebuilds that nobody has begun yet, `looked` those not told yet."""

    def __init__(self, partitions: int = 3, rules: Rules = RULES) -> None:
        self.rules = rules
        self.partitions = partitions
        self.stages = [JourneyStage(rules, number, partitions) for number in range(partitions)]
        self.logs: list[list[Record]] = [[] for _ in range(partitions)]
        self.read = [0] * partitions
        self.pending: list[RebuildRequest] = []
        self.looked: list[Looked] = []
        self.said: dict[str, dict[str, Any]] = {}
        self.alerts: list[dict[str, Any]] = []
        self.number = 0
        self.customers: dict[str, str] = {}

    def emit(self, derived_id: str, touch: Touch, fresh: bool = True) -> None:
        """A touchpoint as intake writes it; without `fresh`, by redirects that intake has not heard of."""
        customer_id = self.customers.get(derived_id, derived_id) if fresh else derived_id
        fields = {
            name: getattr(touch, name)
            for name in Touch.field_names()
            if getattr(touch, name) is not None and name != "of"
        }
        moment = datetime.fromtimestamp(fields.pop("at") / 1000, UTC)
        envelope = {
            **fields,
            "occurred_at": moment.isoformat(),
            "customer_id": customer_id,
            "derived_id": derived_id,
        }
        self._append(customer_id, json.dumps(envelope).encode(), [])

    def decide(self, customers: Mapping[str, str], at: int) -> None:
        """What the resolver says when derived ids belong to these customers from now on; absent ones to themselves."""
        self.number += 1
        before = dict(self.customers)
        changed = sorted(
            derived
            for derived in before.keys() | customers.keys()
            if before.get(derived, derived) != customers.get(derived, derived)
        )
        self.customers = dict(customers)
        ways = {derived: (before.get(derived, derived), customers.get(derived, derived)) for derived in changed}
        together = {
            derived: former != derived and customers.get(former, former) == to for derived, (former, to) in ways.items()
        }
        for derived, (former, _) in ways.items():
            if former != derived and not together[derived]:
                self.control(Release(customer_id=former, member=derived, number=self.number))
        for derived, (_, to) in ways.items():
            self.control(Assign(customer_id=derived, to=to, number=self.number, at=at, together=together[derived]))

    def control(self, control: Control) -> None:
        key, value, headers = output_of(control)
        self._append(key.decode(), value, headers)

    def adopt(self, yaml: str, since: int) -> None:
        """A policy from a day on, told to every partition."""
        self.rules = under(self.rules, [(since, yaml)])
        _, value, headers = output_of(Adopt(customer_id="", since=since, yaml=yaml))
        for partition in range(self.partitions):
            self._append("", value, headers, partition)

    def step(self, partition: int, most: int, now: int) -> bool:
        """Fold the next records of a partition; False where it has none."""
        records = self.logs[partition][self.read[partition] :][:most]
        if not records:
            return False
        stage = self.stages[partition]
        effects = stage.fold(records, now)
        self.read[partition] += effects.taken
        stage.settle(effects)
        self._deliver(effects.outputs)
        return True

    def rebuild(self, number: int = 0) -> None:
        """Do a pending rebuild at once."""
        self.look(number)
        self.answer(-1)

    def look(self, number: int = 0) -> None:
        """Begin a pending rebuild as the rebuilder does: everything that is on the logs is read, and told later."""
        request = self.pending.pop(number)
        partition = partition_of(request.customer_id, self.partitions)
        self.looked.append(Looked(request, len(self.logs[partition]), self._read(request)))

    def answer(self, number: int = 0, anew: bool = False) -> None:
        """Tell what a rebuild came to. With `anew`, its history is read only now: it holds more than is promised."""
        looked = self.looked.pop(number)
        request = looked.request
        touches = self._read(request) if anew else looked.touches
        journey, facts = fold_history(touches, request.customer_id, self.rules)
        self.control(
            Rebuilt(
                customer_id=request.customer_id,
                upto=looked.upto,
                members=request.members,
                reason=request.reason,
                rules=self.rules.digest,
                touchpoints=len(touches),
                journey=pack(journey),
                facts=facts,  # type: ignore[arg-type]
            )
        )

    def _read(self, request: RebuildRequest) -> list[Touch]:
        return list(self.history({request.customer_id, *request.members}, request.customer_id))

    def settle(self, now: int, most: int = 1000) -> None:
        """Run until nothing is left to do, then do what is due by `now`."""
        for _ in range(10_000):
            moved = any([self.step(partition, most, now) for partition in range(self.partitions)])
            if moved:
                continue
            for stage in self.stages:
                while effects := stage.sweep(now, now):
                    stage.settle(effects)
                    self._deliver(effects.outputs)
            if self.looked:
                self.answer()
            elif self.pending:
                self.rebuild()
            else:
                break

    def history(self, derived_ids: Iterable[str], customer_id: str) -> Iterable[Touch]:
        """Every touchpoint of these derived ids once, the first arrival of each, in no particular order."""
        wanted, seen = set(derived_ids), set()
        for log in self.logs:
            for record in log:
                if record.headers:
                    continue
                assert record.value is not None
                wire = decode(record.value)
                if (wire.derived_id or wire.customer_id) in wanted and (wire.source, wire.id) not in seen:
                    seen.add((wire.source, wire.id))
                    wire.customer_id = customer_id
                    yield touch_of(wire, self.rules.names_read)

    def journey(self, customer_id: str) -> Journey | None:
        packed = dict(self.stages[partition_of(customer_id, self.partitions)].packed()).get(customer_id)
        return None if packed is None else unpack(packed)

    def facts(self, customer_id: str) -> dict[str, bytes]:
        """What ClickHouse would show of a customer, without how it came about."""
        return {
            key: _content(fact)
            for key, fact in self.said.items()
            if fact["customer_id"] == customer_id and not fact["deleted"] and fact["fact"] in VOIDED
        }

    def _append(self, key: str, value: bytes, headers: list[Any], partition: int | None = None) -> None:
        if partition is None:
            partition = partition_of(key, self.partitions)
        log = self.logs[partition]
        log.append(Record(value, key.encode(), topic.TOUCHPOINTS, partition, len(log), headers=headers))

    def _deliver(self, outputs: Mapping[tuple[str, int], list[Any]]) -> None:
        to: dict[str, Callable[[Any, Any, Any], None]] = {
            topic.TOUCHPOINTS: lambda key, value, headers: self._append(key.decode(), value, headers),
            topic.REBUILDS: lambda key, value, headers: self.pending.append(decode_request(value)),
            topic.FACTS: lambda key, value, headers: self._hear(json.loads(value)),
            topic.ALERTS: lambda key, value, headers: self.alerts.append(json.loads(value)),
        }
        for (name, _), records in outputs.items():
            for record in records:
                to[name](*record)

    def _hear(self, fact: dict[str, Any]) -> None:
        if fact["fact"] in ("rebuilt", "merge"):
            for key, other in list(self.said.items()):
                older = other["customer_id"] == fact["customer_id"] and other["version"] < fact["version"]
                if older and other["fact"] in VOIDED:
                    del self.said[key]
        known = self.said.get(fact["id"])
        if known is None or known["version"] <= fact["version"]:
            self.said[fact["id"]] = fact


def _content(fact: dict[str, Any]) -> bytes:
    return msgspec.json.encode({name: fact[name] for name in sorted(fact) if name not in ("version", "recorded_at")})


def is_forwarded(record: Record) -> bool:
    return (HEADER, FORWARDED) in record.headers

"""The way of touchpoints without Kafka: intake, resolver, journeys and rebuilds by their own stages, in memory."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from journey.account import free_domains
from journey.rules import Rules
from schemas import topic
from schemas.settings import Settings
from streams.answer import answer
from streams.control import ACCOUNT, RebuildRequest, decode_request, kind_of, output_of
from streams.effects import Effects, Output
from streams.intake import IntakeStage
from streams.journeys import JourneyStage
from streams.placement import partition_of
from streams.record import Record
from streams.redirects import Redirects
from streams.resolver import ResolverStage
from streams.stage import Stage
from streams.touches import touch_of
from streams.wire import decode


class MemoryLine:
    """One instance's stages over one story. Offsets count from 0, without the markers of transactions."""

    def __init__(self, rules: Rules, settings: Settings) -> None:
        self._rules = rules
        self._partitions = settings.partitions
        self._redirects = Redirects(bootstrap="")
        free = free_domains(settings.free_mail)
        self._intakes = {
            raw: IntakeStage(
                raw, self._partitions, rules.future_ms, settings.phone_region, free, self._redirects.customer_of
            )
            for raw in (topic.RAW_MARKETING, topic.RAW_SALES)
        }
        self._resolver = ResolverStage(self._partitions, rules.label)
        self._journeys = [JourneyStage(rules, number, self._partitions) for number in range(self._partitions)]
        self._ends: defaultdict[tuple[str, int], int] = defaultdict(int)
        self._unread: defaultdict[tuple[str, int], list[Record]] = defaultdict(list)
        self._requests: dict[str, RebuildRequest] = {}
        self._histories: defaultdict[str, list[bytes]] = defaultdict(list)
        self._written: defaultdict[str, list[Record]] = defaultdict(list)

    def take(self, raw: Iterable[tuple[str, bytes | None, bytes | None]], wall_ms: int) -> None:
        """Take in what arrived at `wall_ms`, as (raw topic, key, value), and do all that follows from it and is due."""
        arrived: defaultdict[str, list[Record]] = defaultdict(list)
        for name, key, value in raw:
            arrived[name].append(self._record(name, 0, wall_ms, (key, value, [])))
        for name, records in arrived.items():
            self._fold(self._intakes[name], records, wall_ms)
        while self._step(wall_ms) or self._rebuild(wall_ms):
            pass

    def written(self) -> Iterator[tuple[str, Sequence[Record]]]:
        """(topic, records in order) of every topic since the last call."""
        written, self._written = self._written, defaultdict(list)
        yield from written.items()

    def _step(self, wall_ms: int) -> bool:
        unread, self._unread = self._unread, defaultdict(list)
        for (name, partition), records in unread.items():
            self._fold(self._resolver if name == topic.LINKS else self._journeys[partition], records, wall_ms)
        due = False
        for stage in self._journeys:
            while effects := stage.sweep(wall_ms, wall_ms):
                due = True
                self._settle(stage, effects, wall_ms)
        return bool(unread) or due

    def _rebuild(self, wall_ms: int) -> bool:
        requests, self._requests = self._requests, {}
        for request in requests.values():
            rules = self._rules.accounts if request.account else self._rules
            touches = []
            for derived_id in (request.customer_id, *request.members):
                for value in self._histories[derived_id]:
                    wire = decode(value)
                    wire.customer_id = request.customer_id
                    touches.append(touch_of(wire, rules.names_read))
            place = topic.TOUCHPOINTS, partition_of(request.customer_id, self._partitions)
            rebuilt = answer(request, touches, self._ends[place], rules)
            self._deliver({place: [output_of(rebuilt)]}, wall_ms)
        return bool(requests)

    def _fold(self, stage: Stage, records: Sequence[Record], wall_ms: int) -> None:
        self._settle(stage, stage.fold(records, wall_ms, None), wall_ms)

    def _settle(self, stage: Stage, effects: Effects, wall_ms: int) -> None:
        stage.settle(effects)
        self._deliver(effects.outputs, wall_ms)

    def _deliver(self, outputs: Mapping[tuple[str, int], Sequence[Output]], wall_ms: int) -> None:
        for (name, partition), told in outputs.items():
            records = [self._record(name, partition, wall_ms, output) for output in told]
            self._written[name] += records
            if name in (topic.LINKS, topic.TOUCHPOINTS):
                self._unread[name, partition] += records
            if name == topic.REDIRECTS:
                self._redirects.take(records)
            elif name == topic.TOUCHPOINTS:
                self._remember(records)
            elif name == topic.REBUILDS:
                requests = [decode_request(record.value or b"") for record in records]
                self._requests.update({request.customer_id: request for request in requests})

    def _record(self, name: str, partition: int, wall_ms: int, output: Output) -> Record:
        offset = self._ends[name, partition]
        self._ends[name, partition] = offset + 1
        return Record(name, partition, offset, wall_ms, *output)

    def _remember(self, records: Iterable[Record]) -> None:
        for record in records:
            if record.value is None or kind_of(record.headers) not in (b"", ACCOUNT):
                continue
            wire = decode(record.value)
            self._histories[wire.customer_id if record.headers else wire.derived_id].append(record.value)

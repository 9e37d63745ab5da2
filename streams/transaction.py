"""What a lane writes by: transactions one after the other, under an id that only the owner of an input partition has.

A lane knows all that belongs to a transaction when it begins. So it is written by one request to each broker and ended
by another one: nothing lingers, nothing runs in the background. Where the cluster takes partitions into a transaction
by what is written to them (KIP-890, transaction.version 2) that is all; else they are added by a request before.
"""

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Self

from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient, CoordinationType
from aiokafka.errors import KafkaError, ProducerFenced, for_code
from aiokafka.protocol.transaction import AddPartitionsToTxnRequest, EndTxnRequest, InitProducerIdRequest
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from streams import protocol
from streams.effects import Output
from streams.protocol import Place, Written

_BATCH_BYTES = 1024 * 1024
_REQUEST_BYTES = 4 * 1024 * 1024
_TIMEOUT_MS = 60_000
_BACKOFF_SECONDS = 0.1
# A transaction can begin once the broker has marked the one before as ended, a few milliseconds after it says so.
_ENDING_SECONDS = 0.002
_SOFTWARE = ("throughline", "1")
_MAGIC, _PLAIN, _NUMBERS = 2, 0, 2**31
_DUPLICATE, _FENCED, _CONCURRENT, _NOT_ATTEMPTED = 46, (47, 90), 51, 55


class Transactions:
    """Writes of one transactional id. Raises ProducerFenced when another one has started under it, else KafkaError.

    What can pass is tried again for as long as the caller waits: a broker that is away or has lost the lead, an answer
    that was lost; the broker knows what it has by its number. After an error start another one: that ends what is open.
    """

    def __init__(self, bootstrap: str, name: str) -> None:
        self._name, self._text = name, protocol.text(name)
        self._client = AIOKafkaClient(bootstrap_servers=bootstrap, client_id=name)
        self._coordinator: int | None = None
        self._by_writing = False
        self._producer_id, self._epoch = -1, -1
        self._numbers: dict[Place, int] = {}
        self._places: set[Place] = set()
        self._topics: set[str] = set()

    async def start(self) -> None:
        """Fence whoever writes under this id; what it had not committed is aborted when this returns."""
        await self._client.bootstrap()
        answer = await self._coordinated(lambda: InitProducerIdRequest(self._name, _TIMEOUT_MS), _code)
        self._producer_id, self._epoch = answer.producer_id, answer.producer_epoch
        self._by_writing = await self._coordinated(lambda: protocol.adds_by_writing(_SOFTWARE), lambda _: 0)

    async def close(self) -> None:
        """Let the connections go. What is not committed is aborted by who starts next, or by the broker in a minute."""
        await self._client.close()

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def partitions_of(self, topic: str) -> int:
        """How many partitions a topic has; 0 where it is not there."""
        await self._know({topic})
        return len(self._client.cluster.partitions_for_topic(topic) or ())

    async def write(self, outputs: Mapping[Place, Sequence[Output]], timestamp: int) -> dict[Place, Written]:
        """Write records of `timestamp` (epoch ms) to each topic and partition. Answers with the last batch of each."""
        left = {place: self._batches(place, records, timestamp) for place, records in outputs.items() if records}
        await self._know({topic for topic, _ in left})
        if not self._by_writing:
            await self._add(left.keys() - self._places)
        self._places |= left.keys()
        written: dict[Place, Written] = {}
        batches: dict[Place, bytearray] = {}
        # The next batch of a place is made when the one before is written.
        while True:
            for place in list(left.keys() - batches.keys()):
                if batch := next(left[place], None):
                    batches[place] = batch
                else:
                    del left[place]
            if not batches:
                return written
            done = await self._produce(batches)
            for place in done:
                del batches[place]
            written |= done

    async def commit(self) -> None:
        """Let what was written since the last commit stand: all of it, or it raises."""
        if not self._places:
            return
        if self._by_writing:
            ended = await self._coordinated(
                lambda: protocol.commit(self._text, self._producer_id, self._epoch), lambda answer: int(answer.code)
            )
            if ended.producer_id >= 0:
                self._producer_id, self._epoch = ended.producer_id, ended.epoch
                self._numbers.clear()
        else:
            await self._coordinated(lambda: EndTxnRequest(self._name, self._producer_id, self._epoch, True), _code)
        self._places.clear()

    def _batches(self, place: Place, records: Sequence[Output], timestamp: int) -> Iterator[bytearray]:
        """The records in as few batches as their bytes allow, numbered on from those before."""
        at = 0
        while at < len(records):
            number, first = self._numbers.get(place, 0), at
            builder = DefaultRecordBatchBuilder(
                _MAGIC, _PLAIN, True, self._producer_id, self._epoch, number, _BATCH_BYTES
            )
            append = builder.append
            for at in range(first, len(records)):
                key, value, headers = records[at]
                if append(at - first, timestamp, key, value, headers) is None:
                    break
            else:
                at = len(records)
            self._numbers[place] = (number + at - first) % _NUMBERS
            yield builder.build()

    async def _know(self, topics: set[str]) -> None:
        """Have the leaders of these topics' partitions looked up, once."""
        if not topics <= self._topics:
            self._topics |= topics
            await self._client.set_topics(set(self._topics))

    async def _produce(self, batches: Mapping[Place, bytearray]) -> dict[Place, Written]:
        """Write a batch to each place. Answers with those that are written; others may be tried again."""
        requests = list(self._requests(batches))
        if len(requests) == 1:
            answers = [await self._send(*requests[0])]
        else:
            answers = await asyncio.gather(*(self._send(*one) for one in requests))
        found = {place: written for answer in answers for place, written in answer.items()}
        done = {place: written for place, written in found.items() if written.code in (0, _DUPLICATE)}
        if len(done) < len(batches):
            for code in {found[place].code if place in found else None for place in batches.keys() - done.keys()}:
                await self._pause(code)
        return done

    def _requests(self, batches: Mapping[Place, bytearray]) -> Iterator[tuple[int, dict[Place, bytearray]]]:
        """What goes to which broker; what has no leader now goes nowhere."""
        open_: dict[int, dict[Place, bytearray]] = {}
        for place, batch in batches.items():
            leader = self._client.cluster.leader_for_partition(TopicPartition(*place))
            if leader is None or leader < 0:
                continue
            some = open_.setdefault(leader, {})
            if some and sum(map(len, some.values())) + len(batch) > _REQUEST_BYTES:
                yield leader, some
                some = open_[leader] = {}
            some[place] = batch
        yield from open_.items()

    async def _send(self, leader: int, batches: dict[Place, bytearray]) -> dict[Place, Written]:
        version = protocol.ADDED_BY_WRITING if self._by_writing else protocol.ADDED_BEFORE
        try:
            found: dict[Place, Written] = await self._client.send(
                leader, protocol.produce(version, self._text, batches)
            )
        except KafkaError as error:
            if not error.retriable:
                raise
            return {}
        return found

    async def _add(self, places: Collection[Place]) -> None:
        """Take partitions into the transaction."""
        topics: dict[str, list[int]] = {}
        for topic, partition in places:
            topics.setdefault(topic, []).append(partition)
        if topics:
            some = list(topics.items())
            await self._coordinated(
                lambda: AddPartitionsToTxnRequest(self._name, self._producer_id, self._epoch, some), _first_code
            )

    async def _coordinated(self, request: Callable[[], Any], code_of: Callable[[Any], int]) -> Any:
        """The coordinator's answer, when it is one that has no error code."""
        while True:
            code: int | None = None
            try:
                if self._coordinator is None:
                    self._coordinator = await self._client.coordinator_lookup(CoordinationType.TRANSACTION, self._name)
                answer = await self._client.send(self._coordinator, request())
                code = code_of(answer)
            except KafkaError as error:
                if not error.retriable:
                    raise
            if code == 0:
                return answer
            if code != _CONCURRENT:
                self._coordinator = None
            await self._pause(code)

    async def _pause(self, code: int | None) -> None:
        """Until it may be tried again; None is no answer. Raises where the code is of an error that stays."""
        if code in _FENCED:
            raise ProducerFenced
        if code == _CONCURRENT:
            await asyncio.sleep(_ENDING_SECONDS)
            return
        if code is not None and not (error := for_code(code)).retriable:
            raise error(f"{self._name}: Kafka's error code {code}")
        await asyncio.sleep(_BACKOFF_SECONDS)
        await self._client.force_metadata_update()


def _code(answer: Any) -> int:
    return int(answer.error_code)


def _first_code(answer: Any) -> int:
    codes = [code for _, partitions in answer.errors for _, code in partitions]
    return next((code for code in codes if code not in (0, _NOT_ATTEMPTED)), max(codes, default=0))


def transactional_id(group: str, stage: str, tp: TopicPartition) -> str:
    """The id under which the owner of an input partition writes: who starts under it fences who did before."""
    return f"{group}.{stage}.{tp.topic}.{tp.partition}"

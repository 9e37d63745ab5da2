"""Three requests of Kafka's protocol that aiokafka does not have, as bytes, for its connections to carry.

They are those of transactions that take partitions in by writing to them (KIP-890): Produce 12, EndTxn 5, and
ApiVersions 3, which says whether the cluster has them. Formats: https://kafka.apache.org/protocol.html
"""

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from struct import Struct
from typing import Any, NamedTuple

from aiokafka.protocol.api import RequestHeader_v2, ResponseHeader_v0, ResponseHeader_v1

_PRODUCE, _API_VERSIONS, _END_TXN = 0, 18, 26
# Of Produce: the first that is written as the twelfth is, and that one, which adds partitions to the transaction.
ADDED_BEFORE, ADDED_BY_WRITING = 9, 12
_FINALIZED, _TRANSACTION_VERSION, _BY_WRITING_FROM = 2, "transaction.version", 2
_SHORT, _TWO, _THREE, _INT = Struct(">h"), Struct(">hh"), Struct(">hhh"), Struct(">i")
_ACKS, _PRODUCER = Struct(">hi"), Struct(">qh?")
_WRITTEN, _ENDED = Struct(">ihqqq"), Struct(">ihqh")
_ALL, _NO_TAGS, _PRODUCE_MS = -1, b"\0", 30_000

Place = tuple[str, int]


class Written(NamedTuple):
    """What became of one batch: Kafka's error code (0: none), its first record's offset, when it was written.

    That is in epoch ms, and -1 where the records keep the times that they came with.
    """

    code: int
    offset: int
    at_ms: int


class Ended(NamedTuple):
    """How a transaction ended: Kafka's error code, and the producer id and epoch of the next one."""

    code: int
    producer_id: int
    epoch: int


class Request:
    """A request in its bytes, as a connection of aiokafka asks for it: it is request, struct and response at once."""

    def __init__(
        self, key: int, version: int, body: bytes, read: Callable[["Bytes"], Any], plain_answer: bool = False
    ) -> None:
        """`read` makes of the answer's bytes what it says; a `plain_answer` has no tags in its header."""
        self.API_KEY, self.API_VERSION, self.RESPONSE_TYPE = key, version, self
        self._body, self._read, self._plain_answer = body, read, plain_answer

    def prepare(self, versions: Mapping[int, tuple[int, int]]) -> "Request":
        """The request by what the broker can; that is asked for beforehand."""
        return self

    def build_request_header(self, correlation_id: int, client_id: str) -> RequestHeader_v2:
        """The header of a flexible request."""
        return RequestHeader_v2(self, correlation_id, client_id)

    def encode(self) -> bytes:
        """The body, once: it is not kept until the answer comes."""
        body, self._body = self._body, b""
        return body

    def parse_response_header(self, answer: BytesIO) -> ResponseHeader_v0 | ResponseHeader_v1:
        """Who is answered."""
        return (ResponseHeader_v0 if self._plain_answer else ResponseHeader_v1).decode(answer)

    def decode(self, answer: BytesIO) -> Any:
        """What the answer says."""
        return self._read(Bytes(answer.read()))


class Bytes:
    """An answer's bytes, read from the front."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, form: Struct) -> tuple[Any, ...]:
        """The next fields, of this form."""
        at = self._at
        self._at += form.size
        return form.unpack_from(self._data, at)

    def number(self) -> int:
        """The next unsigned variable-length number."""
        found = shift = 0
        while True:
            byte = self._data[self._at]
            self._at += 1
            found |= (byte & 127) << shift
            if byte < 128:
                return found
            shift += 7

    def text(self) -> str:
        """The next compact string; empty where it is null."""
        length = max(0, self.number() - 1)
        self._at += length
        return self._data[self._at - length : self._at].decode()

    def tags(self) -> dict[int, "Bytes"]:
        """The next tagged fields."""
        found = {}
        for _ in range(self.number()):
            tag, length = self.number(), self.number()
            found[tag] = Bytes(self._data[self._at : self._at + length])
            self._at += length
        return found

    def skip_tags(self) -> None:
        """Pass over the next tagged fields."""
        if self._data[self._at]:
            self.tags()
        else:
            self._at += 1

    def count(self) -> range:
        """Of the next compact array: once for each element."""
        return range(max(0, self.number() - 1))


def number(value: int) -> bytes:
    """An unsigned variable-length number."""
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    found.append(value)
    return bytes(found)


def text(value: str) -> bytes:
    """A compact string."""
    encoded = value.encode()
    return number(len(encoded) + 1) + encoded


def produce(version: int, name: bytes, batches: Mapping[Place, bytes | bytearray]) -> Request:
    """Write one batch to each place, for all replicas to have; `name` is the transactional id by `text`."""
    by_topic: dict[str, list[tuple[int, bytes | bytearray]]] = {}
    for (topic, partition), batch in batches.items():
        by_topic.setdefault(topic, []).append((partition, batch))
    parts: list[bytes | bytearray] = [name, _ACKS.pack(_ALL, _PRODUCE_MS), number(len(by_topic) + 1)]
    for topic, some in by_topic.items():
        parts += (text(topic), number(len(some) + 1))
        for partition, batch in some:
            parts += (_INT.pack(partition), number(len(batch) + 1), batch, _NO_TAGS)
        parts.append(_NO_TAGS)
    parts.append(_NO_TAGS)
    return Request(_PRODUCE, version, b"".join(parts), _written)


def _written(answer: Bytes) -> dict[Place, Written]:
    found: dict[Place, Written] = {}
    for _ in answer.count():
        topic = answer.text()
        for _ in answer.count():
            partition, code, offset, at_ms, _ = answer.take(_WRITTEN)
            found[topic, partition] = Written(code, offset, at_ms)
            for _ in answer.count():
                answer.take(_INT)
                answer.text()
                answer.skip_tags()
            answer.text()
            answer.skip_tags()
        answer.skip_tags()
    return found


def commit(name: bytes, producer_id: int, epoch: int) -> Request:
    """End a transaction so that it stands; `name` is the transactional id by `text`."""
    return Request(_END_TXN, 5, name + _PRODUCER.pack(producer_id, epoch, True) + _NO_TAGS, _ended)


def _ended(answer: Bytes) -> Ended:
    _, code, producer_id, epoch = answer.take(_ENDED)
    return Ended(code, producer_id, epoch)


def adds_by_writing(software: Sequence[str]) -> Request:
    """Ask whether transactions take partitions in by writing to them; `software` is our name and version."""
    return Request(_API_VERSIONS, 3, b"".join(map(text, software)) + _NO_TAGS, _features, plain_answer=True)


def _features(answer: Bytes) -> bool:
    if answer.take(_SHORT)[0]:
        return False
    for _ in answer.count():
        answer.take(_THREE)
        answer.skip_tags()
    answer.take(_INT)
    levels = answer.tags().get(_FINALIZED, Bytes(b"\0"))
    for _ in levels.count():
        name, (most, _) = levels.text(), levels.take(_TWO)
        levels.skip_tags()
        if name == _TRANSACTION_VERSION:
            return bool(most >= _BY_WRITING_FROM)
    return False

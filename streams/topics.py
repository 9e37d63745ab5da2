"""The product's topics as a cluster has them: how many partitions each has, and which one a name stands for.

Kafka gives each topic an id, and a re-created one another. aiokafka asks for metadata by a version of the protocol that
has no ids: here is one that does (KIP-516).
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from io import BytesIO

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    AbstractType,
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Schema,
    TaggedFields,
)

from schemas import topic

_NOTHING = bytes(16)


class WrongTopicsError(Exception):
    """A topic is missing or has another number of partitions than the settings say."""


def refuse_wrong(found: Mapping[str, int], partitions: int, topics: Sequence[topic.Topic] = topic.TOPICS) -> None:
    """Raise WrongTopicsError unless each of `topics` is `found`, with its number of partitions; names the fix."""
    wanted = {each.name: partitions if each.partitioned else 1 for each in topics}
    wrong = [
        f"{name} has {found.get(name, 0)} partitions instead of {count}"
        for name, count in wanted.items()
        if found.get(name, 0) != count
    ]
    if wrong:
        raise WrongTopicsError(
            "; ".join(wrong) + ". Create the topics, or set THROUGHLINE_PARTITIONS to what they have"
        )


class _Uuid(AbstractType[bytes]):  # type: ignore[misc]
    @classmethod
    def encode(cls, value: bytes) -> bytes:
        return value

    @classmethod
    def decode(cls, data: BytesIO) -> bytes:
        return data.read(16)


class _Response(Response):  # type: ignore[misc]
    API_KEY = 3
    API_VERSION = 12
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "brokers",
            CompactArray(
                ("node_id", Int32),
                ("host", CompactString("utf-8")),
                ("port", Int32),
                ("rack", CompactString("utf-8")),
                ("tags", TaggedFields),
            ),
        ),
        ("cluster_id", CompactString("utf-8")),
        ("controller_id", Int32),
        (
            "topics",
            CompactArray(
                ("error_code", Int16),
                ("name", CompactString("utf-8")),
                ("topic_id", _Uuid),
                ("is_internal", Boolean),
                (
                    "partitions",
                    CompactArray(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", CompactArray(Int32)),
                        ("isr", CompactArray(Int32)),
                        ("offline_replicas", CompactArray(Int32)),
                        ("tags", TaggedFields),
                    ),
                ),
                ("authorized_operations", Int32),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _RequestStruct(RequestStruct):  # type: ignore[misc]
    FLEXIBLE_VERSION = True
    API_KEY = 3
    API_VERSION = 12
    RESPONSE_TYPE = _Response
    SCHEMA = Schema(
        ("topics", CompactArray(("topic_id", _Uuid), ("name", CompactString("utf-8")), ("tags", TaggedFields))),
        ("allow_auto_topic_creation", Boolean),
        ("include_topic_authorized_operations", Boolean),
        ("tags", TaggedFields),
    )


class _Request(Request[_RequestStruct]):  # type: ignore[misc]
    API_KEY = 3

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    def build(self, request_struct_class: type[_RequestStruct]) -> _RequestStruct:
        wanted: list[tuple[bytes, str, dict[int, bytes]]] = [(_NOTHING, name, {}) for name in self._names]
        return request_struct_class(wanted, False, False, {})


async def topic_ids(bootstrap: str, names: Sequence[str]) -> dict[str, str]:
    """The id of each topic that is there, in hexadecimal; "" of a broker older than 2.8. Raises Kafka's errors."""
    client = AIOKafkaClient(bootstrap_servers=bootstrap)
    try:
        await client.bootstrap()
        answer = await client.send(client.get_random_node(), _Request(names))
    except NotImplementedError:
        return dict.fromkeys(names, "")
    finally:
        with suppress(KafkaError, OSError):
            await client.close()
    return {name: topic_id.hex() for error, name, topic_id, *_ in answer.topics if not error and topic_id != _NOTHING}

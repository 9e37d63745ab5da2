"""Which worker has which partition: each topic is shared out evenly, and what one has it keeps as far as that allows.

A partition that stays needs no restore. So members tell, when they join, what they have.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
from aiokafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment, ConsumerProtocolMemberMetadata

_VERSION = 0
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, list[int]]).decode
log = logging.getLogger(__name__)


class TopicMissingError(Exception):
    """A topic that is to be read is not there: nothing is assigned. The message names it."""


class StayingAssignor(AbstractPartitionAssignor):
    """Kafka's client has the group's leader assign; `is_member` tells whether what this process has still counts."""

    name = "throughline"

    def __init__(self, is_member: Callable[[], bool]) -> None:
        self._is_member = is_member
        self._has: dict[str, list[int]] = {}

    def metadata(self, topics: Iterable[str]) -> Any:
        """What this member says of itself when it joins."""
        has = self._has if self._is_member() else {}
        return ConsumerProtocolMemberMetadata(_VERSION, list(topics), _encode(has))

    def on_assignment(self, assignment: Any) -> None:
        """Remember what this member has been given."""
        self._has = {topic: list(partitions) for topic, partitions in assignment.assignment}

    def assign(self, cluster: Any, members: Mapping[str, Any]) -> dict[str, Any]:
        """What each member gets, by its id. Raises TopicMissingError in the group's leader, which leaves before anybody
        has an assignment.
        """
        has = {member: _decode(metadata.user_data or b"{}") for member, metadata in members.items()}
        given = share_out(partitions_of_all(cluster, members), has)
        return {
            member: ConsumerProtocolMemberAssignment(_VERSION, sorted(each.items()), b"")
            for member, each in given.items()
        }


def partitions_of_all(cluster: Any, members: Mapping[str, Any]) -> dict[str, list[int]]:
    """Every topic that a member subscribes to, with its partitions. Raises TopicMissingError."""
    wanted = sorted({name for metadata in members.values() for name in metadata.subscription})
    missing = [name for name in wanted if not cluster.partitions_for_topic(name)]
    if missing:
        log.error("%s: not there, so nothing is assigned", ", ".join(missing))
        raise TopicMissingError(", ".join(missing))
    return {name: sorted(cluster.partitions_for_topic(name)) for name in wanted}


def share_out(
    topics: Mapping[str, list[int]], has: Mapping[str, Mapping[str, list[int]]]
) -> dict[str, dict[str, list[int]]]:
    """Each member's partitions by topic. Of one topic no two members' numbers differ by more than one; who has one more
    is who has the fewest so far. `has` is what each member had before, {} where that is nothing.
    """
    given: dict[str, dict[str, list[int]]] = {member: {} for member in sorted(has)}
    load: Counter[str] = Counter()
    for topic, partitions in topics.items():
        left = set(partitions)
        least, more = divmod(len(partitions), len(given))
        had = {member: [one for one in has[member].get(topic, ()) if one in left] for member in given}
        order = sorted(given, key=lambda member: (load[member], len(had[member]) <= least, member))
        room = {member: least + (place < more) for place, member in enumerate(order)}
        for member in order:
            kept = [one for one in had[member] if one in left][: room[member]]
            left.difference_update(kept)
            given[member][topic] = kept
        free = sorted(left)
        for member in order:
            wanted = room[member] - len(given[member][topic])
            given[member][topic] = sorted(given[member][topic] + free[:wanted])
            free = free[wanted:]
            load[member] += len(given[member][topic])
    return given

"""Which worker reads which partition: Faust's own way, but never with a topic left out.

Faust assigns nothing of a topic that the broker does not know at that moment, and says so in a warning. Static members
that come back are given the same assignment again: such a topic would be read by nobody until the group changes.
"""

import logging
from collections.abc import Mapping
from typing import Any

from faust.assignor.partition_assignor import PartitionAssignor

log = logging.getLogger(__name__)


class TopicMissingError(Exception):
    """A topic that is to be read is not there: nothing is assigned. The message names it."""


class WholeAssignor(PartitionAssignor):  # type: ignore[misc]
    """Raises TopicMissingError in the group's leader, which leaves before anybody has an assignment."""

    def assign(self, cluster: Any, member_metadata: Any) -> Any:
        """Called by aiokafka in the leader, at each rebalance."""
        partitions_of_all(cluster, member_metadata)
        return super().assign(cluster, member_metadata)


def partitions_of_all(cluster: Any, members: Mapping[str, Any]) -> dict[str, list[int]]:
    """Every topic that a member subscribes to, with its partitions. Raises TopicMissingError."""
    wanted = sorted({name for metadata in members.values() for name in metadata.subscription})
    missing = [name for name in wanted if not cluster.partitions_for_topic(name)]
    if missing:
        log.error("%s: not there, so nothing is assigned", ", ".join(missing))
        raise TopicMissingError(", ".join(missing))
    return {name: sorted(cluster.partitions_for_topic(name)) for name in wanted}

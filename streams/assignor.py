"""Which worker reads which partition: Faust's own way, but never with a topic left out.

Faust assigns nothing of a topic that the broker does not know at that moment, and says so in a warning. Static members
that come back are given the same assignment again: such a topic would be read by nobody until the group changes.
"""

import logging
from typing import Any

from faust.assignor.partition_assignor import PartitionAssignor

log = logging.getLogger(__name__)


class TopicMissingError(Exception):
    """A topic that is to be read is not there: nothing is assigned. The message names it."""


class WholeAssignor(PartitionAssignor):  # type: ignore[misc]
    """Raises TopicMissingError in the group's leader, which leaves before anybody has an assignment."""

    def assign(self, cluster: Any, member_metadata: Any) -> Any:
        """Called by aiokafka in the leader, at each rebalance."""
        wanted = {name for metadata in member_metadata.values() for name in metadata.subscription}
        missing = sorted(name for name in wanted if not cluster.partitions_for_topic(name))
        if missing:
            log.error("%s: not there, so nothing is assigned", ", ".join(missing))
            raise TopicMissingError(", ".join(missing))
        return super().assign(cluster, member_metadata)

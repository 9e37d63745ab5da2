"""A group assigns every topic that is to be read, or nothing."""

import faust
import pytest
from aiokafka.cluster import ClusterMetadata

from streams.assignor import TopicMissingError, WholeAssignor


def test_a_topic_that_is_not_there_is_not_passed_over() -> None:
    assignor = WholeAssignor(faust.App("of-a-test", autodiscover=False))
    members = {"worker-1": assignor.metadata({"touchpoints.sales"})}
    with pytest.raises(TopicMissingError, match=r"touchpoints\.sales"):
        assignor.assign(ClusterMetadata(), members)

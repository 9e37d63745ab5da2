"""State and input that do not belong together: nobody may go on before an operator has decided."""

from aiokafka import TopicPartition

from streams.position import Position
from streams.stage import Stage


class LaneRefusedError(Exception):
    """State and input do not belong together: an operator must decide. The message says how."""


def refuse_strange(
    stage: Stage, tp: TopicPartition, position: Position, end: int, topic_id: str, partitions: int
) -> None:
    """Raise LaneRefusedError where a stage's state at `position` was made of another input than the one that is there
    (its `end` and `topic_id`), with another number of `partitions`, or under another policy.
    """
    lane = f"{stage.name} {tp.topic}/{tp.partition}"
    if position.offset > end:
        raise LaneRefusedError(
            f"{lane}: the state has read up to {position.offset}, but the input ends at {end}: the topic was "
            f"re-created. Restore it, or delete {stage.state_topic} to fold what is there from the start"
        )
    refuse_other_input(stage, tp, position.input, topic_id)
    if position.partitions not in (0, partitions):
        raise LaneRefusedError(
            f"{lane}: the state was made with {position.partitions} partitions, the topics have "
            f"{partitions}: `throughline repartition --partitions {partitions}` has not ended, run it again"
        )
    if position.policy not in ("", stage.policy):
        raise LaneRefusedError(
            f"{lane}: the state was made under another policy (digest {position.policy}, now {stage.policy}): "
            "start with the policy it was made under, and put this one in force by `throughline policy adopt`"
        )


def refuse_other_input(stage: Stage, tp: TopicPartition, made_of: str, found: str) -> None:
    """Raise LaneRefusedError where the state was made of a topic with another id; "" is one that nobody knows."""
    if made_of and found and made_of != found:
        raise LaneRefusedError(
            f"{stage.name} {tp.topic}/{tp.partition}: the state has read another {tp.topic} than the one that is "
            f"there: the topic was re-created. Restore it, or delete {stage.state_topic} to fold what is there from "
            "the start"
        )

"""Adopted policies on journey.policies: read on top of the first one; a new one goes to every partition at once."""

import time
from collections.abc import Sequence

import msgspec
from aiokafka import TopicPartition

from journey.rules import Rules
from schemas import topic
from streams.control import Adopt, output_of
from streams.effects import Output
from streams.policies import under
from streams.protocol import Place
from streams.reading import end_of, reader, stretch
from streams.topics import refuse_wrong
from streams.transaction import Transactions


class Adopted(msgspec.Struct):
    """A record of journey.policies: this text is in force from the event time `since` (epoch ms) on."""

    since: int
    yaml: str
    adopted_at: int
    by: str = ""
    schema_version: int = 1


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Adopted).decode


class OvertakenError(Exception):
    """Somebody has adopted another policy that is in force as late or later."""


class Agreement:
    """The policies in force, each from its day on: the first one, which a worker starts with, and the adopted ones."""

    def __init__(self, bootstrap: str, first: Rules) -> None:
        self._bootstrap = bootstrap
        self._first = first
        self._adopted: list[Adopted] = []
        self.rules = first

    async def read(self) -> Rules:
        """The rules with every policy adopted by now. Compiled only where there is a new one."""
        found = await adopted(self._bootstrap)
        if found != self._adopted:
            self._adopted = found
            self.rules = under(self._first, [(one.since, one.yaml) for one in found])
        return self.rules


async def adopted(bootstrap: str) -> list[Adopted]:
    """Every adopted policy, as partitions take them: one that would be in force before the last one is passed over."""
    tp = TopicPartition(topic.POLICIES, 0)
    found: list[Adopted] = []
    async with reader(bootstrap) as consumer:
        async for records in stretch(consumer, tp, None, await end_of(bootstrap, tp)):
            for record in records:
                one = _decode(record.value)
                if one.since > max((other.since for other in found), default=0):
                    found.append(one)
    return found


async def adopt(bootstrap: str, group: str, partitions: int, policy: Adopted) -> dict[TopicPartition, int]:
    """Write a policy to journey.policies and to every partition, in one transaction.

    Answers up to which offset each partition has to be read for the policy to be in force there. Raises OvertakenError
    where the last one adopted is in force as late: of two who adopt at once only one does. Raises WrongTopicsError.
    """
    key, value, headers = output_of(Adopt(customer_id="", since=policy.since, yaml=policy.yaml))
    # One id for all who adopt: whoever starts fences the one before, whose transaction is aborted.
    async with Transactions(bootstrap, f"{group}.adopt") as transactions:
        _refuse_overtaken(await adopted(bootstrap), policy)
        found = {topic.TOUCHPOINTS: await transactions.partitions_of(topic.TOUCHPOINTS)}
        refuse_wrong(found, partitions, [topic.BY_NAME[topic.TOUCHPOINTS]])
        places = [TopicPartition(topic.TOUCHPOINTS, partition) for partition in range(partitions)]
        outputs: dict[Place, Sequence[Output]] = {place: [(key, value, headers)] for place in places}
        outputs[topic.POLICIES, 0] = [(None, _encode(policy), [])]
        written = await transactions.write(outputs, time.time_ns() // 1_000_000)
        await transactions.commit()
    return {place: written[place].offset + 1 for place in places}


def _refuse_overtaken(found: Sequence[Adopted], policy: Adopted) -> None:
    if found and found[-1].since >= policy.since:
        raise OvertakenError

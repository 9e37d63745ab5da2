"""More partitions under state that is there, cut off at every step: a worker starts only when all of it is done."""

import asyncio
import json
from collections.abc import Callable

import pytest

from deploy.repartition import CannotRepartitionError, look, repartition
from schemas import topic
from streams.agreement import Adopted, Agreement, adopt
from streams.position import POLICIES_KEY, POSITION_KEY
from streams.refold import Refold, refold
from streams.repartition import Moved
from streams.stored import unpack
from tests.journey.policies import changed
from tests.journey.telling import RULES, ms
from tests.streams.conftest import WorkerProcess, until
from tests.streams.topics import accepted, emit, history, no_fact_stands_twice, read

AFTER = 3
NewWorker = Callable[[str], WorkerProcess]


class CutError(Exception):
    """What a kill is to the one who is killed."""


def repartitioned(bootstrap: str, after: int, cut_at: str = "") -> Moved:
    """Do it, or be cut off where a step tells of itself."""

    def told(step: str, count: int) -> None:
        if step == cut_at:
            raise CutError

    def written() -> None:
        told("written", 0)

    async def run() -> Moved:
        return await repartition(bootstrap, "throughline", RULES, await look(bootstrap, after), after, told, written)

    return asyncio.run(run())


def everything_folded(bootstrap: str, partitions: int, sent: int) -> Callable[[], bool]:
    def check() -> bool:
        taken = [record for record in read(bootstrap, topic.TOUCHPOINTS, partitions) if not record.headers]
        folded = sum(one.touchpoints for one in asyncio.run(folded_anew(bootstrap, partitions)))
        return len(taken) + len(read(bootstrap, topic.REJECTED, 1)) >= sent and folded == len(taken)

    return check


async def folded_anew(bootstrap: str, partitions: int) -> list[Refold]:
    """By the policies that are in force there."""
    return await refold(bootstrap, partitions, await Agreement(bootstrap, RULES).read(), lambda _: None)


def agrees(bootstrap: str, partitions: int) -> Callable[[], bool]:
    def check() -> bool:
        found = asyncio.run(folded_anew(bootstrap, partitions))
        return all((one.lost, one.doubled, one.differences) == (0, 0, []) for one in found)

    return check


def adopted_from_now_on(bootstrap: str, partitions: int) -> str:
    """Put a second policy in force for what happens after all that was taken in; its label."""
    since = 1 + max(ms(json.loads(record.value)["occurred_at"]) for record in accepted(bootstrap))
    second = Adopted(since, changed(lambda tree: tree.update(version=2)), since)
    asyncio.run(adopt(bootstrap, "throughline", partitions, second))
    return "default@2"


def judged_by(bootstrap: str, partition: int) -> set[str]:
    """The policies of the journeys of a partition."""
    newest = {
        record.key: record.value for record in read(bootstrap, topic.STATE, AFTER) if record.partition == partition
    }
    return {unpack(value).policy for key, value in newest.items() if value and key not in (POLICIES_KEY, POSITION_KEY)}


@pytest.mark.timeout(300)
def test_cut_off_at_every_step_and_run_again_it_loses_nothing_and_doubles_nothing(
    own_kafka: str, new_worker: NewWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = new_worker("worker-1")
    records = [record for record in history(20) if record.value is not None]
    half = len(records) // 2
    worker.start()
    emit(own_kafka, records[:half])
    until(everything_folded(own_kafka, 2, half), 90, worker.log)
    second = adopted_from_now_on(own_kafka, 2)
    with monkeypatch.context() as hurried, pytest.raises(CannotRepartitionError, match="worker-1 of the group"):
        hurried.setattr("deploy.repartition._LEAVE_SECONDS", 0.0)
        repartitioned(own_kafka, AFTER)
    assert worker.stop() == 0
    for place in ("fencing", "folding", "written", "moving"):
        with pytest.raises(CutError):
            repartitioned(own_kafka, AFTER, place)
    monkeypatch.setattr("tests.streams.conftest.PARTITIONS", AFTER)
    worker.start()
    assert worker.process is not None
    assert worker.process.wait(60) == 2
    assert "has not ended, run it again" in worker.log()
    with pytest.raises(CannotRepartitionError, match="Kafka takes none away"):
        repartitioned(own_kafka, 2)
    emit(own_kafka, records[half:])
    moved = repartitioned(own_kafka, AFTER)
    assert 0 < moved.moved <= moved.customers
    with pytest.raises(CannotRepartitionError, match="3 partitions already"):
        repartitioned(own_kafka, AFTER)
    worker.start()
    until(everything_folded(own_kafka, AFTER, len(records)), 120, worker.log)
    # A worker looks through its customers for those whom the second policy concerns, some in each second.
    until(agrees(own_kafka, AFTER), 60, lambda: asyncio.run(folded_anew(own_kafka, AFTER)))
    newer = [json.loads(record.value) for record in read(own_kafka, topic.TOUCHPOINTS, AFTER) if not record.headers]
    assert {one.get("generation", 0) for one in newer} == {0, 1}
    no_fact_stands_twice(own_kafka, AFTER)
    assert second in judged_by(own_kafka, AFTER - 1)

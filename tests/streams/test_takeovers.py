"""Workers that are killed, that sleep, that come and go: each touchpoint counts exactly once."""

import json
import re
import signal
from collections import Counter

import pytest

from deploy.kafka.topics import members_of
from schemas import topic
from tests.faults.offsets import commit
from tests.streams.conftest import WorkerProcess, until
from tests.streams.topics import NewWorker, accepted, emit, exactly_once, history, read, settled


@pytest.mark.timeout(300)
def test_killed_again_and_again_nothing_is_lost_and_nothing_counts_twice(own_kafka: str, new_worker: NewWorker) -> None:
    worker = new_worker("worker-1")
    records = [record for record in history(250) if record.value is not None]
    parts = [records[start::4] for start in range(4)]
    worker.start()
    for part, wait in zip(parts, (4.0, 2.5, 5.5, 0.0), strict=True):
        emit(own_kafka, part)
        if wait:
            try:
                until(lambda: False, wait)
            except AssertionError:
                worker.stop(signal.SIGKILL)
            worker.start()
    until(settled(worker, len(records)), 120, worker.log)
    outcomes = len(accepted(own_kafka)) + len(read(own_kafka, topic.REJECTED, 1))
    assert outcomes == len(records)
    origins = Counter(json.loads(record.value)["origin"] for record in accepted(own_kafka))
    assert max(origins.values()) == 1
    exactly_once(own_kafka)


@pytest.mark.timeout(300)
def test_a_worker_that_slept_through_its_session_cannot_write_over_its_successor(
    own_kafka: str, new_worker: NewWorker
) -> None:
    sleeper, heir = new_worker("worker-1"), new_worker("worker-2")
    records = [record for record in history(120) if record.value is not None]
    sleeper.start()
    emit(own_kafka, records[::2])
    until(lambda: len(read(own_kafka, topic.TOUCHPOINTS)) > 50, 60, sleeper.log)
    assert sleeper.process is not None
    sleeper.process.send_signal(signal.SIGSTOP)
    heir.start()
    emit(own_kafka, records[1::2])
    until(settled(heir, len(records)), 90, heir.log)
    sleeper.process.send_signal(signal.SIGCONT)
    more = [record for record in history(20, seed=9) if record.value is not None]
    emit(own_kafka, more)

    def back() -> bool:
        """With work at hand it finds itself fenced and leaves; idle, it joins the group anew by itself."""
        assert sleeper.process is not None
        status = sleeper.process.poll()
        if status is not None:
            # After more than a minute it may as well notice first that nothing has moved.
            assert status in (3, 4), sleeper.log()
            assert status == 3 or "another worker has taken over" in sleeper.log()
            sleeper.start()
        return bool(sleeper.state().get("ready"))

    until(back, 60, sleeper.log)
    until(lambda: back() and settled(heir, len(records) + len(more))(), 90, heir.log)
    exactly_once(own_kafka)


@pytest.mark.timeout(300)
def test_what_the_groups_offset_has_passed_is_read_though_nothing_comes_after_it(
    own_kafka: str, new_worker: NewWorker
) -> None:
    worker = new_worker("worker-1")
    records = [record for record in history(60) if record.value is not None]
    worker.start()
    emit(own_kafka, records[::2])
    until(settled(worker, len(records[::2])), 60, worker.log)
    worker.stop(signal.SIGKILL)
    emit(own_kafka, records[1::2])
    commit(own_kafka, "throughline.worker", at_end=True)
    worker.start()
    until(settled(worker, len(records)), 60, worker.log)
    assert "records that the group's offset had passed" in worker.log()
    exactly_once(own_kafka)


def restored(worker: WorkerProcess) -> list[str]:
    """The lanes that a worker has restored, in order."""
    return re.findall(r"lane: (.+): restored", worker.log())


@pytest.mark.timeout(300)
def test_workers_come_and_go_and_what_stays_with_one_is_not_restored_again(
    own_kafka: str, new_worker: NewWorker
) -> None:
    first, second = new_worker("worker-1"), new_worker("worker-2")
    records = [record for record in history(120) if record.value is not None]
    first.start()
    until(lambda: first.state().get("lanes") == 7 and bool(first.state()["ready"]), 60, first.log)
    emit(own_kafka, records[::3])
    before = restored(first)
    assert len(before) == len(set(before)) == 7
    second.start()
    until(lambda: second.state().get("lanes") == 3 and bool(second.state()["ready"]), 60, second.log)
    assert first.state()["lanes"] == 4
    emit(own_kafka, records[1::3])
    until(settled(first, len(records[::3]) + len(records[1::3])), 90, first.log)
    assert restored(first) == before
    assert second.stop() == 0
    assert members_of(own_kafka, "throughline.worker") == ["worker-1"]
    emit(own_kafka, records[2::3])
    until(settled(first, len(records)), 90, first.log)
    assert sorted(restored(first)[7:]) == sorted(set(restored(second)))
    exactly_once(own_kafka)

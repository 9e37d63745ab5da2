"""A real worker on a real broker: whatever the codec, whatever is killed, each touchpoint counts exactly once."""

import asyncio
import json
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError, KafkaTimeoutError

from deploy.kafka.topics import create_topics, members_of
from gateway.simulation.engine import Record, Simulation
from schemas import rejection, topic
from streams.reading import end_of, reader, stretch
from streams.refold import Refold, refold
from streams.stored import newest_position
from tests.faults.clocks import WrongClocks
from tests.journey.telling import DEFAULT, RULES
from tests.streams.conftest import PARTITIONS, WorkerProcess, until
from tests.streams.records import raw

UNTIL = 1_767_607_200_000
NewWorker = Callable[[str], WorkerProcess]


def emit(bootstrap: str, records: Sequence[Record], codec: str | None = None) -> None:
    async def send_all() -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap, acks="all", linger_ms=20, compression_type=codec, max_request_size=8_000_000
        )
        await producer.start()
        try:
            sent = [await producer.send(record.topic, record.value, record.key) for record in records]
            await asyncio.gather(*sent)
        finally:
            await producer.stop()

    asyncio.run(send_all())


def make_anew(bootstrap: str, name: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        admin.delete_topics([name])
    finally:
        admin.close()

    def made() -> bool:
        with suppress(KafkaError, KafkaTimeoutError):
            return name in create_topics(bootstrap, PARTITIONS, [topic.BY_NAME[name]])
        return False

    until(made, 30)


def read(bootstrap: str, name: str, partitions: int = PARTITIONS) -> list[Any]:
    async def all_of_it() -> list[Any]:
        async with reader(bootstrap) as consumer:
            found = []
            for partition in range(partitions):
                tp = TopicPartition(name, partition)
                async for records in stretch(consumer, tp, None, await end_of(bootstrap, tp)):
                    found += records
            return found

    return asyncio.run(all_of_it())


def accepted(bootstrap: str) -> list[Any]:
    """Touchpoints as intake accepted them: copies for accounts, and moves between customers, are on the topic too."""
    return [record for record in read(bootstrap, topic.TOUCHPOINTS) if not record.headers]


def refolded(bootstrap: str) -> list[Refold]:
    return asyncio.run(refold(bootstrap, PARTITIONS, RULES, lambda _: None))


def positions(bootstrap: str, name: str, partitions: int = PARTITIONS) -> list[int]:
    """How far each partition of a state topic has read its input."""
    kept = read(bootstrap, name, partitions)
    found = [newest_position([record for record in kept if record.partition == each]) for each in range(partitions)]
    return [position.offset if position else 0 for position in found]


def after_last(bootstrap: str, name: str, partitions: int = PARTITIONS) -> list[int]:
    """The offset after each partition's last committed record."""
    kept = read(bootstrap, name, partitions)
    return [
        max((record.offset + 1 for record in kept if record.partition == each), default=0) for each in range(partitions)
    ]


def settled(worker: WorkerProcess, sent: int) -> Callable[[], bool]:
    """Everything that was sent has been accepted or rejected, and all that followed from it has been folded."""

    def check() -> bool:
        bootstrap = worker.bootstrap
        if len(accepted(bootstrap)) + len(read(bootstrap, topic.REJECTED, 1)) < sent:
            return False
        # All positions first: where nothing came behind them by the time the ends are read, nothing is on its way.
        reached = positions(bootstrap, topic.IDENTITIES, 1) + positions(bootstrap, topic.STATE)
        ends = after_last(bootstrap, topic.LINKS, 1) + after_last(bootstrap, topic.TOUCHPOINTS)
        return all(position >= end for position, end in zip(reached, ends, strict=True))

    return check


def no_fact_stands_twice(bootstrap: str, partitions: int = PARTITIONS) -> None:
    said: Counter[tuple[str, int]] = Counter()
    for record in read(bootstrap, topic.FACTS, partitions):
        fact = json.loads(record.value)
        said[fact["id"], fact["version"]] += 1
    assert said
    assert max(said.values()) == 1
    told: dict[str, str] = {}
    alerts = [json.loads(record.value) for record in read(bootstrap, topic.ALERTS, partitions)]
    # One fact's alerts may be on two partitions where there are more now: by when they were said.
    for alert in sorted(alerts, key=lambda alert: alert["recorded_at"]):
        kind = "resolved" if alert["type"] in {"prospect.unstalled", "overlap.resolved"} else alert["type"]
        assert told.get(alert["fact_id"]) != kind, "nobody is told the same twice in a row"
        told[alert["fact_id"]] = kind


def history(customers: int, seed: int = 3) -> list[Record]:
    return list(Simulation(seed, customers, 90, UNTIL).history())


def test_touchpoints_of_every_codec_are_read_and_bad_ones_delay_nobody(own_kafka: str, new_worker: NewWorker) -> None:
    worker = new_worker("worker-1")
    worker.start()
    bad = [b"{", b"", b"\x00\x00\x00\x00\x01avro", b"x" * 1_000_000, raw(occurred_at="2999-01-01T00:00:00Z")]
    for number, codec in enumerate((None, "gzip", "snappy", "lz4", "zstd")):
        good = raw(id=f"id-{codec}", customer={"email": f"{codec}@acme.example"})
        values = [good, bad[number]]
        emit(own_kafka, [Record(0, topic.RAW_SALES, b"any", value, False) for value in values], codec)
    emit(own_kafka, [Record(0, topic.RAW_SALES, b"any", None, True)])
    until(settled(worker, 10), 60, worker.log)
    taken = [json.loads(record.value) for record in accepted(own_kafka)]
    assert sorted(one["id"] for one in taken) == ["id-None", "id-gzip", "id-lz4", "id-snappy", "id-zstd"]
    rejected = read(own_kafka, topic.REJECTED, 1)
    assert sorted(record.value for record in rejected) == sorted(bad)
    reasons = sorted(dict(record.headers)[rejection.HEADER_REASON].decode() for record in rejected)
    assert reasons == ["empty", "framing", "future", "not_json", "too_large"]
    assert worker.stop() == 0


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
    for found in refolded(own_kafka):
        assert (found.lost, found.doubled, found.differences) == (0, 0, [])
    no_fact_stands_twice(own_kafka)


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
    for found in refolded(own_kafka):
        assert (found.lost, found.doubled, found.differences) == (0, 0, [])
    no_fact_stands_twice(own_kafka)


def restored(worker: WorkerProcess) -> list[str]:
    """The lanes that a worker has restored, in order."""
    return [line.split(": restored")[0].split("lane ")[1] for line in worker.log().splitlines() if ": restored" in line]


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
    for found in refolded(own_kafka):
        assert (found.lost, found.doubled, found.differences) == (0, 0, [])
    no_fact_stands_twice(own_kafka)


def test_a_worker_refuses_topics_with_another_number_of_partitions_and_says_what_to_do(
    own_kafka: str, new_worker: NewWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = new_worker("worker-1")
    monkeypatch.setattr("tests.streams.conftest.PARTITIONS", 7)
    worker.start()
    assert worker.process is not None
    assert worker.process.wait(20) == 2
    assert "has 2 partitions instead of 7" in worker.log()


def test_a_worker_refuses_state_that_was_made_under_another_policy_and_says_what_to_do(
    own_kafka: str, new_worker: NewWorker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = new_worker("worker-1")
    worker.start()
    emit(own_kafka, [Record(0, topic.RAW_SALES, b"any", raw(), False)])
    until(settled(worker, 1), 60, worker.log)
    assert worker.stop() == 0
    other = tmp_path / "other.yaml"
    other.write_text(DEFAULT.read_text().replace("no_activity: 21d", "no_activity: 20d"))
    monkeypatch.setenv("THROUGHLINE_POLICY", str(other))
    worker.start()
    assert worker.process is not None
    assert worker.process.wait(60) == 2
    assert "made under another policy" in worker.log()


@pytest.mark.parametrize("anew", [1, 4], ids=["with less than was read", "with more than was read"])
def test_a_worker_refuses_an_input_that_was_made_anew_while_it_ran_and_after_and_says_what_to_do(
    own_kafka: str, new_worker: NewWorker, anew: int
) -> None:
    worker = new_worker("worker-1")
    worker.start()
    sent = [Record(0, topic.RAW_SALES, b"any", raw(id=str(number)), False) for number in range(3)]
    emit(own_kafka, sent)
    until(settled(worker, len(sent)), 60, worker.log)
    make_anew(own_kafka, topic.RAW_SALES)
    emit(own_kafka, [Record(0, topic.RAW_SALES, b"any", raw(id=f"new-{number}"), False) for number in range(anew)])
    assert worker.process is not None
    # Where its group has let go of the topic meanwhile, it leaves to look at it anew.
    assert worker.process.wait(60) in (2, 3)
    worker.start()
    assert worker.process.wait(60) == 2
    refusals = [line for line in worker.log().splitlines() if "was re-created" in line]
    assert refusals
    assert all(f"delete {topic.positions_of(topic.RAW_SALES)}" in line for line in refusals)
    make_anew(own_kafka, topic.positions_of(topic.RAW_SALES))
    worker.start()
    until(settled(worker, len(sent) + anew), 60, worker.log)
    assert worker.stop() == 0


@pytest.mark.parametrize("seconds", [-86_400, 86_400], ids=["a day behind", "a day ahead"])
def test_a_worker_goes_by_kafkas_clock_and_not_by_its_own(
    own_kafka: str, new_worker: NewWorker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    clocks = WrongClocks(tmp_path)
    assert clocks.there, "a C compiler makes the wrong clock"
    for name, value in clocks.environment("worker-1").items():
        monkeypatch.setenv(name, value)
    clocks.set("worker-1", seconds)
    worker = new_worker("worker-1")
    worker.start()
    now = datetime.now(UTC)
    values = [raw(id="now", occurred_at=now.isoformat()), raw(id="far", occurred_at=(now + timedelta(2)).isoformat())]
    emit(own_kafka, [Record(0, topic.RAW_SALES, b"any", value, False) for value in values])
    until(settled(worker, 2), 60, worker.log)
    (taken,) = [json.loads(record.value) for record in accepted(own_kafka)]
    assert taken["id"] == "now"
    assert abs(datetime.fromisoformat(taken["received_at"]) - now) < timedelta(hours=1)
    assert "this machine's clock is" in worker.log()
    assert worker.stop() == 0


def test_a_worker_whose_broker_is_gone_still_stops_when_told(
    own_broker: tuple[str, subprocess.Popen[bytes]], new_worker: NewWorker
) -> None:
    worker = new_worker("worker-1")
    worker.start()
    until(lambda: bool(worker.state().get("ready")), 60, worker.log)
    own_broker[1].kill()
    until(lambda: "Connect" in worker.log(), 20, worker.log)
    assert worker.stop() == 0

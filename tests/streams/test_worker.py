"""A real worker on a real broker: whatever the codec, bad input delays nobody, and what does not fit is refused."""

import json
import signal
import subprocess
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError, KafkaTimeoutError

from deploy.kafka.topics import create_topics
from gateway.simulation.engine import Record
from schemas import rejection, topic
from tests.faults.clocks import WrongClocks
from tests.journey.telling import DEFAULT
from tests.streams.conftest import PARTITIONS, until
from tests.streams.records import raw
from tests.streams.topics import NewWorker, accepted, emit, read, settled


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


def test_touchpoints_of_every_codec_are_read_and_bad_ones_delay_nobody(
    own_kafka: str, new_worker: NewWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Every chunk fills its partition, so that it is left and read on.
    monkeypatch.setenv("THROUGHLINE_CHUNK_BYTES", "1024")
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


def test_a_worker_is_told_to_stop_while_it_starts_and_no_broker_answers(
    own_broker: tuple[str, subprocess.Popen[bytes]], new_worker: NewWorker
) -> None:
    worker, broker = new_worker("worker-1"), own_broker[1]
    worker.start()
    until(lambda: bool(worker.state()), 60, worker.log)
    broker.send_signal(signal.SIGSTOP)
    try:
        assert worker.stop() == 0
    finally:
        broker.send_signal(signal.SIGCONT)

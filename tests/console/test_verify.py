"""`throughline verify` on a whole instance: what agrees, what it names where something does not, and live traffic."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from console import verification
from console.analyst import analyst_of
from console.catching_up import Patience
from console.commands.verify import scene_of
from console.lag import KafkaView
from console.replay import RawProducer
from console.verification import Verdict, verify
from gateway.simulation.engine import Simulation
from tests.instance import ask, run_of, running, say, writing

HISTORY = [record for record in Simulation(11, 250, 60, 1_772_000_000_000).history() if record.value is not None]
LIVE = 1500
SECONDS_APART = 0.04


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, free_ports: Any) -> Iterator[Path]:
    """An instance that has taken most of the history in: merges, accounts, duplicates and late ones are in it."""
    base = max(free_ports(1)[0], 20_000)
    with running(tmp_path_factory.mktemp("verify") / "data", base) as data:
        producer = RawProducer(run_of(data).kafka)
        for record in HISTORY[:-LIVE]:
            producer.send(record)
        producer.flush()
        producer.close()
        yield data


@pytest.fixture
def writer(data: Path) -> Iterator[Client]:
    """What an operator with the writer's account may do to the tables."""
    with writing(data) as client:
        yield client


def verified(data: Path, most_folded: int | None = None) -> Verdict:
    run = run_of(data)
    view, analyst = KafkaView(run.kafka), analyst_of(run)
    try:
        waits = Patience(view, analyst, run.group, lambda _: None, 60)
        return asyncio.run(verify(scene_of(run), analyst, waits, lambda *_: None, most_folded))
    finally:
        view.close()
        analyst.close()


def which(row: dict[str, str]) -> str:
    return " AND ".join(f"{name} = '{row[name]}'" for name in ("customer_id", "source", "id"))


def keep(writer: Client, table: str, row: dict[str, str]) -> None:
    writer.command(f"CREATE TABLE {table} ENGINE = Memory AS SELECT * FROM touchpoints WHERE {which(row)}")


def test_where_all_agrees_every_partition_has_the_same_on_all_sides(data: Path) -> None:
    told = ask(data, "verify")
    assert (told["ok"], told["lost"], told["doubled"], told["differences"], told["behind"]) == (True, 0, 0, 0, "")
    (stored,) = ask(data, "sql", "SELECT count() AS touchpoints FROM v_touchpoints")
    assert sum(each["touchpoints"] for each in told["partitions"]) == stored["touchpoints"]
    for each in told["partitions"]:
        assert each["clickhouse"] == {"touchpoints": each["touchpoints"], "hash": each["hash"]}
        assert each["touchpoints"] > 0
    assert sum(each["customers"] for each in told["partitions"]) == told["customers"]
    assert (told["share"], told["folded_customers"]) == (1.0, told["customers"])
    assert told["folded_touchpoints"] == told["touchpoints"] > stored["touchpoints"]
    assert "everything agrees" in say(data, "verify")


def test_a_share_of_the_customers_is_folded_where_there_are_more_touchpoints(data: Path) -> None:
    whole = verified(data)
    some = verified(data, whole.touchpoints // 3)
    assert (some.ok, some.touchpoints, some.partitions) == (True, whole.touchpoints, whole.partitions)
    assert 0 < some.folded_customers < whole.customers
    assert some.share == pytest.approx(1 / 3, abs=0.01)


def test_several_processes_find_the_same(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = verified(data)
    monkeypatch.setattr(verification, "_RECORDS_COUNTED_APART", 1)
    monkeypatch.setattr(verification, "_RECORDS_FOLDED_APART", 1_000)
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    assert verified(data) == alone


def test_what_one_side_only_has_is_named(data: Path, writer: Client) -> None:
    (gone, other) = ask(data, "sql", "SELECT customer_id, source, id FROM v_touchpoints ORDER BY id DESC LIMIT 2")
    keep(writer, "gone", gone)
    keep(writer, "other", other)
    try:
        writer.command(f"DELETE FROM touchpoints WHERE {which(gone)}")
        writer.command("INSERT INTO touchpoints SELECT * REPLACE ('x' AS id) FROM other")
        told = verified(data, 0)
        assert (told.ok, told.lost, told.doubled, told.differences) == (False, 1, 0, 2)
        assert told.told == [
            f"touchpoint {gone['source']}/{gone['id']} of {gone['customer_id']} is not in ClickHouse",
            f"touchpoint {other['source']}/x of {other['customer_id']} is in ClickHouse only",
        ]
    finally:
        writer.command("DELETE FROM touchpoints WHERE id = 'x'")
        writer.command("INSERT INTO touchpoints SELECT * FROM gone")
    assert verified(data, 0).ok


def test_a_fact_that_reads_otherwise_is_named_with_its_customer(data: Path, writer: Client) -> None:
    (row,) = ask(data, "sql", "SELECT customer_id, id FROM positions FINAL WHERE is_deleted = 0 ORDER BY id LIMIT 1")
    one = f"customer_id = '{row['customer_id']}' AND id = '{row['id']}'"
    writer.command(f"CREATE TABLE kept ENGINE = Memory AS SELECT * FROM positions FINAL WHERE {one}")
    try:
        writer.command("INSERT INTO positions SELECT * REPLACE ('nowhere' AS stage) FROM kept")
        told = verified(data)
        assert (told.lost, told.doubled, told.differences) == (0, 0, 1)
        assert told.told == [f"customer {row['customer_id']}: positions {row['id']} reads otherwise in ClickHouse"]
    finally:
        writer.command(f"DELETE FROM positions WHERE {one}")
        writer.command("INSERT INTO positions SELECT * FROM kept")
    assert verified(data).ok


def test_live_traffic_may_go_on(data: Path) -> None:
    producer, over = RawProducer(run_of(data).kafka), threading.Event()

    def emit() -> None:
        for record in HISTORY[-LIVE:]:
            producer.send(record)
            if not over.wait(SECONDS_APART):
                producer.flush()
        producer.flush()

    traffic = threading.Thread(target=emit)
    traffic.start()
    try:
        told = verified(data)
        assert traffic.is_alive()
        assert told.ok, told
    finally:
        over.set()
        traffic.join()
        producer.close()
    assert ask(data, "verify")["ok"]

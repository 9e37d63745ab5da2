"""`throughline rebuild` on a whole instance: it says what would differ, touches nothing, and then puts it right."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from benchmarks.backfill import Volume, recent
from console.analyst import analyst_of
from console.catching_up import follow
from console.lag import KafkaView
from console.replay import RawProducer
from gateway.simulation.engine import Record
from tests.instance import ask, run_of, running, say, writing
from tests.process import eventually

NOW_MS = 1_772_000_000_000
VOLUME = Volume(customers=12, live=6)
PERSON = "person-3@company-0.example"


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory, free_ports: Any) -> Iterator[Path]:
    """A small instance on which everything is folded and queryable."""
    base = max(free_ports(1)[0], 20_000)
    with running(tmp_path_factory.mktemp("rebuild") / "data", base) as data:
        run = run_of(data)
        producer, view, analyst = RawProducer(run.kafka), KafkaView(run.kafka), analyst_of(run)
        for name, value in recent(VOLUME, NOW_MS):
            producer.send(Record(0, name, b"any", value, False))
        producer.flush()
        producer.close()
        follow(view, analyst, run.group, lambda _: None, 120)
        view.close()
        # What time alone does to people of last year is swept within seconds.
        eventually(lambda: ask(data, "rebuild", "--all", "--dry-run", codes=(0, 1))["differing"] == 0, 60)
        yield data


@pytest.fixture
def writer(instance: Path) -> Iterator[Client]:
    """What an operator with the writer's account may do to the tables."""
    with writing(instance) as client:
        yield client


def customer(data: Path) -> str:
    return str(ask(data, "customer", PERSON)["customer_id"])


def placed(data: Path) -> list[dict[str, Any]]:
    who = customer(data)
    sql = f"SELECT * EXCEPT (stage_open_ms, stage_total_ms, recorded_at) FROM v_positions WHERE customer_id = '{who}'"
    return list(ask(data, "sql", f"{sql} ORDER BY track"))


def test_where_all_is_right_nothing_would_differ_and_asking_changes_nothing(instance: Path) -> None:
    told = ask(instance, "rebuild", "--all", "--dry-run")
    assert (told["differing"], told["changes"], told["told"]) == (0, {}, [])
    assert told["touchpoints"] >= VOLUME.customers * VOLUME.live
    assert "stays as it is" in say(instance, "rebuild", PERSON, "--dry-run")
    assert ask(instance, "sql", "SELECT count() AS rebuilds FROM v_rebuilds") == [{"rebuilds": 0}]
    before = placed(instance)
    told = ask(instance, "rebuild", PERSON, "--wait")
    assert (told["asked"], told["rebuilt"]) == (1, 1)
    assert placed(instance) == before


def test_what_a_repair_left_wrong_is_named_by_kind_and_put_right(instance: Path, writer: Client) -> None:
    who = customer(instance)
    writer.command(f"INSERT INTO transitions (customer_id, id, version, track) VALUES ('{who}', 'bogus', 1, 'funnel')")
    writer.command(
        f"INSERT INTO positions SELECT * REPLACE ('nowhere' AS stage) FROM positions FINAL WHERE customer_id = '{who}'"
    )
    told = ask(instance, "rebuild", PERSON, "--dry-run", codes=(1,))
    tracks = len(ask(instance, "customer", PERSON)["tracks"])
    assert told["differing"] == 1
    assert told["changes"]["transitions"] == {"published": 0, "changed": 0, "taken_back": 1}
    assert told["changes"]["positions"] == {"published": 0, "changed": tracks, "taken_back": 0}
    assert any("transitions bogus" in line for line in told["told"])
    page = say(instance, "rebuild", "--all", "--dry-run", codes=(1,))
    assert "1 journeys would change" in page
    ask(instance, "rebuild", "--all", "--wait")
    assert ask(instance, "rebuild", "--all", "--dry-run")["differing"] == 0
    verdict = ask(instance, "verify")
    assert verdict["ok"], json.dumps(verdict)


def test_while_a_rebuild_waits_nothing_is_called_caught_up(instance: Path) -> None:
    (pid,) = [part["pid"] for part in ask(instance, "status")["parts"] if part["name"] == "rebuilder"]
    old = {"id": "old", "source": "site", "type": "page.viewed", "team": "marketing", "direction": "inbound",
           "customer": {"email": PERSON}, "occurred_at": "2024-05-01T10:00:00Z"}  # fmt: skip
    os.kill(pid, signal.SIGSTOP)
    try:
        say(instance, "emit", json.dumps(old))
        verdict = ask(instance, "verify", "--settle", "6", codes=(1,))
        assert "1 before the rebuilder" in verdict["behind"]
        assert (verdict["rebuilding"], verdict["differences"]) == (1, 0)
        behind = {part["name"]: part["lag"] for part in ask(instance, "status", codes=(0, 1))["parts"]}
        assert behind["rebuilder"] == 1
        (late,) = ask(instance, "sql", "SELECT touchpoint_id, rebuilt_at FROM v_too_late")
        assert late == {"touchpoint_id": "old", "rebuilt_at": None}
    finally:
        os.kill(pid, signal.SIGCONT)
    assert ask(instance, "verify")["ok"]
    (late,) = ask(instance, "sql", "SELECT touchpoint_id, rebuilt_at FROM v_too_late")
    assert late["rebuilt_at"] is not None
    assert ask(instance, "customer", PERSON)["timeline"][0]["id"] == "old"


def test_one_customer_or_all_must_be_said_and_nobody_is_nobody(instance: Path) -> None:
    say(instance, "rebuild", codes=(2,))
    say(instance, "rebuild", PERSON, "--all", codes=(2,))
    say(instance, "rebuild", "nobody@nowhere.example", codes=(1,))

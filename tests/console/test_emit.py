"""`throughline emit` against a real gateway and a real broker."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from console.main import cli
from schemas.settings import ClickHouseRun, ConsoleRun, GatewayRun, Run
from tests.gateway.conftest import WRITE_KEY, raw_records, running_gateway
from tests.process import answers, eventually

__all__ = ["raw_records"]
Read = Callable[[], dict[str, list[tuple[bytes | None, bytes]]]]
GOOD = {
    "id": "m-1", "source": "mailer", "type": "email.clicked", "team": "marketing", "direction": "inbound",
    "occurred_at": "2026-03-01T09:00:00Z", "customer": {"email": "jo@acme.example"},
}  # fmt: skip


@pytest.fixture(scope="module")
def data(
    product_topics: str, free_ports: Callable[[int], list[int]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """The data directory of an instance with a broker and a gateway."""
    folder = tmp_path_factory.mktemp("emitting")
    with running_gateway(product_topics, free_ports(1)[0], folder / "gateway.log") as (url, _):
        eventually(lambda: answers(f"{url}/readyz", 200))
        Run(
            kafka=product_topics,
            clickhouse=ClickHouseRun(
                url="http://127.0.0.1:1", database="d", user="u", password="p", readonly_user="r", readonly_password="p"
            ),
            gateway=GatewayRun(url=url, write_key=WRITE_KEY),
            console=ConsoleRun(url="http://127.0.0.1:1"),
        ).write(folder)
        yield folder


def emit(data: Path, *arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(cli, ["--data", str(data), "emit", *arguments], input=text, catch_exceptions=False)


@pytest.mark.parametrize("via", ["gateway", "kafka"])
def test_one_touchpoint_is_the_argument(data: Path, raw_records: Read, via: str) -> None:
    emitted = emit(data, json.dumps(GOOD), "--via", via)
    assert emitted.exit_code == 0
    assert "1 accepted" in emitted.stdout
    assert [json.loads(value)["id"] for _, value in raw_records()["touchpoints.marketing"]] == ["m-1"]


@pytest.mark.parametrize("via", ["gateway", "kafka"])
def test_many_come_as_lines_and_each_rejected_one_is_named_by_its_line(data: Path, raw_records: Read, via: str) -> None:
    lines: list[Any] = [{**GOOD, "id": f"m-{number}"} for number in range(2500)]
    lines[7] = {**GOOD, "id": "m-7", "team": None}
    text = "\n".join(json.dumps(line) for line in lines) + "\n\n{broken\n"
    emitted = emit(data, "--via", via, "--json", text=text)
    assert emitted.exit_code == 1
    told = json.loads(emitted.stdout)
    assert told["accepted"] == 2499
    assert [(refused["line"], refused["id"], refused["reason"]) for refused in told["rejected"]] == [
        (8, "m-7", "not_a_touchpoint"),
        (2502, None, "not_json"),
    ]
    assert told["rejected"][0]["pointer"] == "/team"
    assert len(raw_records()["touchpoints.marketing"]) == 2499


def test_people_are_told_what_is_wrong_and_what_to_do(data: Path) -> None:
    emitted = emit(data, json.dumps({**GOOD, "occurred_at": "yesterday"}))
    assert emitted.exit_code == 1
    assert "line 1" in emitted.stderr
    assert "RFC 3339" in emitted.stderr


def test_a_line_above_the_limit_is_refused_before_it_is_sent(data: Path) -> None:
    emitted = emit(data, "--json", text=json.dumps({**GOOD, "properties": {"html": "x" * 40_000}}))
    assert emitted.exit_code == 1
    assert json.loads(emitted.stdout)["rejected"][0]["reason"] == "too_large"

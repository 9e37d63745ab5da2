"""The gateway over HTTP, in front of a real broker."""

import gzip
import json
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.gateway.conftest import WRITE_KEY, running_gateway
from tests.process import answers, eventually

Make = Callable[..., dict[str, object]]
RawRecords = Callable[[], dict[str, list[tuple[bytes | None, bytes]]]]
MIB = 1024 * 1024


def post(url: str, content: Any, **headers: str) -> httpx.Response:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    sent = {"authorization": f"Bearer {WRITE_KEY}", "content-type": "application/json"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(f"{url}/v1/touchpoints", content=body, headers=sent, timeout=20)


def test_one_touchpoint_reaches_its_teams_topic_as_the_same_bytes_keyed_by_the_customer(
    gateway: str, touchpoint: Make, raw_records: RawRecords
) -> None:
    body = json.dumps(touchpoint(), indent=1).encode()
    answer = post(gateway, body)
    assert (answer.status_code, answer.json()) == (200, {"accepted": 1, "rejected": []})
    assert raw_records() == {"touchpoints.marketing": [(b"jo@acme.example", body)], "touchpoints.sales": []}


def test_sales_has_its_own_topic_and_every_other_team_shares_marketings(
    gateway: str, touchpoint: Make, raw_records: RawRecords
) -> None:
    teams = ["sales", "success", "marketing"]
    post(gateway, [touchpoint(id=team, team=team, customer={"crm_id": "7", "email": "a@b.example"}) for team in teams])
    written = raw_records()
    assert [(key, json.loads(value)["team"]) for key, value in written["touchpoints.sales"]] == [(b"7", "sales")]
    assert {json.loads(value)["team"] for _, value in written["touchpoints.marketing"]} == {"success", "marketing"}


def test_an_array_is_answered_per_item_and_only_the_good_ones_are_written(
    gateway: str, touchpoint: Make, raw_records: RawRecords
) -> None:
    items = [
        touchpoint(id="good"),
        touchpoint(id="no-zone", occurred_at="2026-03-01T09:00:00"),
        touchpoint(id="nobody", customer={"email": "nonsense"}),
        7,
        touchpoint(id="bulky", properties={"text": "x" * 40_000}),
    ]
    answer = post(gateway, items)
    assert answer.status_code == 200
    assert answer.json()["accepted"] == 1
    rejected = [{k: v for k, v in item.items() if k != "detail"} for item in answer.json()["rejected"]]
    assert rejected == [
        {"index": 1, "id": "no-zone", "reason": "not_a_touchpoint", "pointer": "/occurred_at"},
        {"index": 2, "id": "nobody", "reason": "identifier", "pointer": "/customer/email"},
        {"index": 3, "id": None, "reason": "not_a_touchpoint", "pointer": ""},
        {"index": 4, "id": "bulky", "reason": "too_large", "pointer": ""},
    ]
    assert [json.loads(value)["id"] for _, value in raw_records()["touchpoints.marketing"]] == ["good"]


def test_the_detail_names_field_value_and_remedy(gateway: str, touchpoint: Make) -> None:
    answer = post(gateway, touchpoint(direction="sideways"))
    assert answer.status_code == 422
    detail = answer.json()["rejected"][0]["detail"]
    assert "direction" in detail and '"sideways"' in detail and "'outbound', 'inbound' or 'internal'" in detail


def test_ndjson_is_taken_line_by_line_also_when_a_line_is_broken(
    gateway: str, touchpoint: Make, raw_records: RawRecords
) -> None:
    lines = [json.dumps(touchpoint(id="a")).encode(), b'{"id": "b', b"", json.dumps(touchpoint(id="c")).encode()]
    answer = post(gateway, b"\r\n".join(lines), content_type="application/x-ndjson; charset=utf-8")
    assert answer.json()["accepted"] == 2
    assert [(item["index"], item["reason"]) for item in answer.json()["rejected"]] == [(1, "not_json")]
    assert len(raw_records()["touchpoints.marketing"]) == 2


def test_gzip_is_taken_in_one_or_several_members(gateway: str, touchpoint: Make) -> None:
    first, second = (json.dumps(touchpoint(id=name)).encode() + b"\n" for name in "ab")
    packed = gzip.compress(first) + gzip.compress(second)
    answer = post(gateway, packed, content_encoding="gzip", content_type="application/x-ndjson")
    assert answer.json() == {"accepted": 2, "rejected": []}


def test_a_gzip_bomb_is_refused_without_being_unpacked(gateway: str) -> None:
    bomb = gzip.compress(b"[" + b" " * (400 * MIB))
    started = time.monotonic()
    assert post(gateway, bomb, content_encoding="gzip").status_code == 413
    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"{}", {"authorization": "Bearer wrong"}, 401),
        (b"{}", {"authorization": "Basic eDp5"}, 401),
        (b"{}", {"authorization": ""}, 401),
        (b"", {}, 400),
        (b"7", {}, 400),
        (b"[{]", {}, 400),
        (b"[" * 100_000, {}, 400),
        (b"[1, \xff]", {}, 400),
        (b'{"id": "\xff"}', {}, 400),
        (b"not gzip", {"content_encoding": "gzip"}, 400),
        (gzip.compress(b"[]" * 99, mtime=0)[:-9], {"content_encoding": "gzip"}, 400),
        (b"{}", {"content_encoding": "br"}, 415),
        (b"{}", {"content_type": "text/csv"}, 415),
        (b"{}", {}, 422),
        (b'{"id": ' + b"[" * 20_000, {}, 400),
        (b'{"properties": ' + b"9" * 20_000 + b"}", {}, 400),
        (b"[]", {}, 200),
        (b'{"id": "' + b"x" * 33_000 + b'"}', {}, 413),
        (b" " * (4 * MIB + 1), {}, 413),
    ],
)
def test_what_is_not_taken_is_refused_with_the_fitting_status(
    gateway: str, content: bytes, headers: dict[str, str], status: int, raw_records: RawRecords
) -> None:
    answer = post(gateway, content, **headers)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert sum(map(len, raw_records().values())) == 0


def test_a_body_without_a_length_is_bounded_too(gateway: str) -> None:
    def endless() -> Any:
        for _ in range(80):
            yield b" " * 65536

    headers = {"authorization": f"Bearer {WRITE_KEY}", "content-type": "application/json"}
    answer = httpx.post(f"{gateway}/v1/touchpoints", content=endless(), headers=headers)
    assert answer.status_code == 413


def test_a_get_is_not_allowed_and_an_unknown_path_not_found(gateway: str) -> None:
    answer = httpx.get(f"{gateway}/v1/touchpoints")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert httpx.get(f"{gateway}/nowhere").json()["error"] == "not_found"


def test_a_full_request_of_many_touchpoints_is_confirmed(
    gateway: str, touchpoint: Make, raw_records: RawRecords
) -> None:
    items = [touchpoint(id=f"t-{number}", customer={"crm_id": str(number)}) for number in range(15_000)]
    body = json.dumps(items, separators=(",", ":")).encode()
    assert len(body) < 4 * MIB
    assert post(gateway, body).json() == {"accepted": 15_000, "rejected": []}
    assert len(raw_records()["touchpoints.marketing"]) == 15_000


def test_many_at_once_are_all_written_once(gateway: str, touchpoint: Make, raw_records: RawRecords) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda number: post(gateway, touchpoint(id=f"n-{number}")), range(200)))
    assert {answer.status_code for answer in answers} == {200}
    ids = [json.loads(value)["id"] for _, value in raw_records()["touchpoints.marketing"]]
    assert sorted(ids) == sorted(f"n-{number}" for number in range(200))


def test_metrics_count_what_was_taken_and_what_was_not(gateway: str, touchpoint: Make) -> None:
    post(gateway, [touchpoint(source='the "tool"'), touchpoint(type="Opened")])
    page = httpx.get(f"{gateway}/metrics").text
    assert 'throughline_touchpoints_total{source="the \\"tool\\"",team="marketing"} 1.0\n' in page
    assert 'throughline_rejected_total{reason="not_a_touchpoint"}' in page
    assert "throughline_gateway_in_flight_bytes 0.0\n" in page


def test_without_a_write_key_the_gateway_does_not_start(
    product_topics: str, free_ports: Callable[[int], list[int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.gateway.conftest.WRITE_KEY", "")
    log = tmp_path / "gateway.log"
    with running_gateway(product_topics, free_ports(1)[0], log) as (_, process):
        assert process.wait(15) == 2
    assert "THROUGHLINE_WRITE_KEY is empty" in log.read_text()


def test_sigterm_drains_and_exits_cleanly(
    product_topics: str,
    free_ports: Callable[[int], list[int]],
    tmp_path: Path,
    touchpoint: Make,
    raw_records: RawRecords,
) -> None:
    with running_gateway(product_topics, free_ports(1)[0], tmp_path / "gateway.log") as (url, process):
        eventually(lambda: answers(f"{url}/readyz", 200))
        items = [touchpoint(id=f"d-{number}") for number in range(10_000)]
        with ThreadPoolExecutor(1) as pool:
            sending = pool.submit(post, url, items)
            time.sleep(0.15)
            process.send_signal(signal.SIGTERM)
            answer = sending.result()
        assert process.wait(10) == 0
    assert answer.json() == {"accepted": 10_000, "rejected": []}
    assert len(raw_records()["touchpoints.marketing"]) == 10_000

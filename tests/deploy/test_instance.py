"""The supervised tree: started in order, restarted when it dies, named when it fails, gone when it is stopped."""

import json
import os
import signal
import stat
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import httpx
import pytest

from deploy.instance import Instance, PartFailedError, Progress, down, status, up
from deploy.leftover import exists
from deploy.part import Part, parts_of
from deploy.preflight import CannotStartError
from deploy.supervision.configuration import Place, place
from deploy.supervision.inside import note_pids
from deploy.supervision.remote import Remote
from schemas.settings import Run, Settings
from tests.process import eventually

SERVER = """
import http.server, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(os.environ["THROUGHLINE_KAFKA"].encode())
    def log_message(self, *_): pass
print("listening", flush=True)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
FAILING = "import sys; print('cannot read the policy: line 7', flush=True); sys.exit(3)\n"


@pytest.fixture
def settings(tmp_path: Path, port_base: int) -> Iterator[Settings]:
    made = Settings(data=tmp_path / "data", port_base=port_base, kafka_insecure=True)
    yield made
    down(made.data)


@pytest.fixture
def server(tmp_path: Path) -> Callable[..., Part]:
    """server("reader", 4711, stage=1, first="...") is a part that answers every GET, after running `first`."""

    def make(name: str, port: int, stage: int = 1, first: str = "", stop_seconds: int = 8) -> Part:
        script = tmp_path / f"{name}-{port}.py"
        script.write_text(first + SERVER)
        command = (sys.executable, str(script), str(port))
        return Part(name, command, port, stage, ready_seconds=20, stop_seconds=stop_seconds)

    return make


@pytest.fixture
def parts(server: Callable[..., Part], free_ports: Callable[[int], list[int]]) -> tuple[Part, ...]:
    first, second = free_ports(2)
    return (server("store", first, stage=0), server("reader", second))


def test_a_lower_stage_is_ready_before_a_higher_one_starts(settings: Settings, parts: tuple[Part, ...]) -> None:
    steps: list[Progress] = []
    with up(settings, steps.append, parts=parts):
        order = [(step.part, step.state) for step in steps if step.part]
        assert order.index(("store", "ready")) < order.index(("reader", "starting"))
        assert [(each.name, each.state, each.restarts) for each in status(settings.data)] == [
            ("store", "up", 0),
            ("reader", "up", 0),
        ]
        address = f"127.0.0.1:{settings.port_base}"
        assert httpx.get(parts[1].url).text == address


def test_run_json_and_the_secrets_are_for_their_owner_only(settings: Settings, parts: tuple[Part, ...]) -> None:
    with up(settings, parts=parts) as instance:
        for name in ("run.json", "secrets.json", "supervisor/supervisord.conf"):
            assert stat.S_IMODE((settings.data / name).stat().st_mode) == 0o600
        run = Run.read(settings.data)
        assert run == instance.run
        assert run is not None
        assert set(run.pids) == {"store", "reader"}
        assert run.gateway.write_key.startswith("wk_")
        assert run.clickhouse.password != run.clickhouse.readonly_password
    again = up(settings, parts=parts)
    again.stop()
    assert again.run.gateway.write_key == run.gateway.write_key


def test_a_killed_part_is_started_again_and_its_new_id_is_kept(settings: Settings, parts: tuple[Part, ...]) -> None:
    with up(settings, parts=parts):
        before = {each.name: each.pid for each in status(settings.data)}
        eventually(lambda: all(each.state == "up" for each in Remote(place(settings.data)).seen()))
        os.kill(before["reader"], signal.SIGKILL)
        eventually(lambda: {each.name: each.state for each in status(settings.data)}["reader"] == "up")
        after = {each.name: each for each in status(settings.data)}
        assert after["reader"].pid != before["reader"]
        assert after["reader"].restarts == 1
        assert after["store"].pid == before["store"]
        eventually(
            lambda: (Run.read(settings.data) or pytest.fail("no run.json")).pids["reader"] == after["reader"].pid
        )


def test_process_ids_that_are_noted_at_the_same_time_are_all_kept(settings: Settings) -> None:
    at = place(settings.data)
    at.folder.mkdir(parents=True)
    with ProcessPoolExecutor(3) as processes:
        for name in ("store", "reader", "worker"):
            processes.submit(_note_many, at, name)
    noted = {f"{name}-{number}" for name in ("store", "reader", "worker") for number in range(50)}
    assert json.loads(at.pids.read_text()).keys() == noted


def _note_many(at: Place, name: str) -> None:
    for number in range(50):
        note_pids(at, {f"{name}-{number}": number})


def test_a_part_that_cannot_start_is_named_with_its_last_words(
    settings: Settings, parts: tuple[Part, ...], server: Callable[..., Part]
) -> None:
    bad = server("worker", parts[1].port, first=FAILING)
    with pytest.raises(PartFailedError, match="worker keeps failing: cannot read the policy: line 7"):
        up(settings, parts=(parts[0], bad))
    assert status(settings.data) == []
    assert not Remote(place(settings.data)).alive()


def test_a_part_that_keeps_failing_later_backs_off_and_is_named_by_the_status(
    settings: Settings, parts: tuple[Part, ...], tmp_path: Path, server: Callable[..., Part]
) -> None:
    switch = tmp_path / "fail"
    broken = f"import os\nif os.path.exists({str(switch)!r}):\n    print('policy is broken'); raise SystemExit(1)\n"
    fragile = server("worker", parts[1].port, first=broken)
    with up(settings, parts=(fragile,)):
        eventually(lambda: Remote(place(settings.data)).seen()[0].state == "up")
        switch.touch()
        os.kill(status(settings.data)[0].pid, signal.SIGKILL)
        eventually(lambda: status(settings.data)[0].restarts >= 3)
        assert status(settings.data)[0].state in {"backoff", "starting"}
        assert status(settings.data)[0].last_log_line == "policy is broken"
        switch.unlink()
        eventually(lambda: status(settings.data)[0].state == "up")


def test_stopping_leaves_no_process_and_no_run_json(settings: Settings, parts: tuple[Part, ...]) -> None:
    instance = up(settings, parts=parts)
    pids = [each.pid for each in status(settings.data)] + [Remote(place(settings.data)).pid()]
    steps: list[Progress] = []
    started = time.monotonic()
    assert down(settings.data, steps.append) is True
    assert time.monotonic() - started < 15
    stopped = [step.part for step in steps if step.state == "stopped"]
    assert stopped == ["reader", "store"]
    assert not any(exists(pid) for pid in pids)
    assert Run.read(settings.data) is None
    assert down(settings.data) is False
    instance.wait()


def test_what_a_killed_supervisor_left_is_stopped_before_the_next_start(
    settings: Settings, parts: tuple[Part, ...]
) -> None:
    up(settings, parts=parts)
    orphans = [each.pid for each in status(settings.data)]
    supervisor = Remote(place(settings.data)).pid()
    os.kill(supervisor, signal.SIGKILL)
    eventually(lambda: not exists(supervisor))
    assert all(exists(pid) for pid in orphans)
    with up(settings, parts=parts):
        assert not any(exists(pid) for pid in orphans)
        assert [each.state for each in status(settings.data)] == ["up", "up"]


def test_a_process_id_used_again_by_a_stranger_is_left_alone(settings: Settings, parts: tuple[Part, ...]) -> None:
    up(settings, parts=parts).stop()
    place(settings.data).pids.write_text(json.dumps({"store": os.getpid(), "reader": os.getppid()}))
    assert down(settings.data) is False
    with up(settings, parts=parts):
        assert exists(os.getpid())


def test_a_second_start_on_the_same_directory_is_refused(settings: Settings, parts: tuple[Part, ...]) -> None:
    with up(settings, parts=parts), pytest.raises(CannotStartError, match="throughline down"):
        up(settings, parts=parts)


def test_a_port_in_use_is_named_with_its_holder_and_the_option(settings: Settings, parts: tuple[Part, ...]) -> None:
    with up(settings, parts=parts):
        other = settings.model_copy(update={"data": settings.data.with_name("other")})
        with pytest.raises(CannotStartError) as refused:
            up(other, parts=parts)
        said = str(refused.value)
        assert f"port {parts[0].port}, of the store" in said
        assert f"pid {status(settings.data)[0].pid}" in said
        assert "--port-base" in said


def test_two_instances_run_side_by_side(
    settings: Settings,
    parts: tuple[Part, ...],
    server: Callable[..., Part],
    free_ports: Callable[[int], list[int]],
    tmp_path: Path,
) -> None:
    other = Settings(data=tmp_path / "other", port_base=settings.port_base + 10)
    with up(settings, parts=parts), up(other, parts=[server("store", free_ports(1)[0])]):
        assert len(status(settings.data)) == 2
        assert len(status(other.data)) == 1
        down(other.data)
        assert [each.state for each in status(settings.data)] == ["up", "up"]


def test_a_very_long_data_path_works(settings: Settings, parts: tuple[Part, ...]) -> None:
    deep = settings.model_copy(update={"data": settings.data / ("d" * 100) / "100% of it"})
    instance: Instance = up(deep, parts=parts)
    instance.stop()
    assert not place(deep.data).socket.exists()


def test_a_stubborn_part_is_killed_within_its_time(
    settings: Settings, server: Callable[..., Part], free_ports: Callable[[int], list[int]]
) -> None:
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    part = server("worker", free_ports(1)[0], first=deaf, stop_seconds=2)
    instance = up(settings, parts=(part,))
    pid = status(settings.data)[0].pid
    started = time.monotonic()
    instance.stop()
    assert time.monotonic() - started < 7
    assert not exists(pid)


def test_plain_kafka_beyond_this_machine_needs_consent(settings: Settings, parts: tuple[Part, ...]) -> None:
    far = settings.model_copy(update={"kafka": "broker.example:9092", "kafka_insecure": False})
    with pytest.raises(CannotStartError, match="THROUGHLINE_KAFKA_INSECURE"):
        up(far, parts=parts)


def test_kafka_and_clickhouse_of_an_instance_come_back_from_a_kill(settings: Settings) -> None:
    embedded = [part for part in parts_of(settings) if part.name in {"kafka", "clickhouse"}]
    steps: list[Progress] = []
    with up(settings, steps.append, parts=embedded) as instance:
        assert ("topics", "ready") in [(step.part, step.state) for step in steps]
        for each in status(settings.data):
            os.kill(each.pid, signal.SIGKILL)
        eventually(lambda: [(one.state, one.restarts) for one in status(settings.data)] == [("up", 1)] * 2, 40)
        run = instance.run.clickhouse
        answer = httpx.post(run.url, content="SELECT 1", auth=(run.readonly_user, run.readonly_password))
        assert answer.text == "1\n"

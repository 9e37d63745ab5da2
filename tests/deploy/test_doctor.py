"""The doctor: what is wrong is found, and the fix names the very setting."""

import os
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.doctor import Check, doctor
from deploy.kafka.broker import Broker, wait_ready
from schemas.settings import Settings


@dataclass(frozen=True)
class Misadvertised(Broker):
    """A broker that tells its clients of a port where nothing is."""

    advertised_port: int = 0

    def properties(self) -> dict[str, str]:
        return super().properties() | {"advertised.listeners": f"PLAINTEXT://127.0.0.1:{self.advertised_port}"}


def _named(checks: list[Check], name: str) -> list[Check]:
    return [check for check in checks if check.name == name]


def test_a_machine_that_is_set_up_passes_every_check(tmp_path: Path, port_base: int) -> None:
    checks = doctor(Settings(data=tmp_path / "data", port_base=port_base))
    assert [check for check in checks if not check.ok] == []
    assert {"python", "java", "kafka jars", "chdb", "disk", "ports"} <= {check.name for check in checks}


def test_every_failed_check_names_a_fix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "file").touch()
    checks = doctor(Settings(data=tmp_path / "file" / "data", kafka="far.example:1", kafka_insecure=False))
    failed = [check for check in checks if not check.ok]
    assert {check.name for check in failed} >= {"data directory", "kafka security", "kafka bootstrap"}
    assert all(check.fix for check in failed)


def test_a_missing_java_is_told_with_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (java,) = _named(doctor(Settings(data=tmp_path)), "java")
    assert not java.ok
    assert "make setup" in java.fix


def test_an_old_java_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "java"
    fake.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    (java,) = _named(doctor(Settings(data=tmp_path)), "java")
    assert not java.ok
    assert "Java 11 is too old" in java.detail


def test_a_port_in_use_names_who_has_it(tmp_path: Path, port_base: int) -> None:
    port = port_base + 6
    with socket.create_server(("127.0.0.1", port)):
        (check,) = _named(doctor(Settings(data=tmp_path, port_base=port_base)), f"port {port}")
    assert not check.ok
    assert f"pid {os.getpid()}" in check.detail
    assert "--port-base" in check.fix


def test_a_wrong_advertised_listener_is_found_and_the_setting_named(
    tmp_path: Path, free_ports: Callable[[int], list[int]]
) -> None:
    port, controller, nobody = free_ports(3)
    broker = Misadvertised(tmp_path / "kafka", port, controller, advertised_port=nobody)
    broker.prepare()
    process = subprocess.Popen(broker.command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        found: list[Check] = []
        deadline = time.monotonic() + 30
        while not found and time.monotonic() < deadline:
            time.sleep(0.2)
            found = _named(doctor(Settings(data=tmp_path, kafka=broker.bootstrap)), "kafka advertised listener")
        assert [check.ok for check in found] == [False]
        assert f"127.0.0.1:{nobody}" in found[0].detail
        assert "advertised.listeners" in found[0].fix
    finally:
        process.kill()
        process.wait()


def test_a_right_advertised_listener_passes(kafka: str, tmp_path: Path) -> None:
    wait_ready(kafka)
    checks = doctor(Settings(data=tmp_path, kafka=kafka))
    assert [check.ok for check in _named(checks, "kafka advertised listener")] == [True]
    assert [check.ok for check in _named(checks, "kafka bootstrap")] == [True]

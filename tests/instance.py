"""A whole instance as a user runs it: started, asked and stopped by the command alone."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import clickhouse_connect
from clickhouse_connect.driver.client import Client

from schemas.settings import Run
from tests.process import ROOT

_SECONDS = 240


def command(data: Path, *arguments: str) -> list[str]:
    """The `throughline` command line on a data directory."""
    return [sys.executable, "-c", "from console.main import cli; cli()", "--data", str(data), *arguments]


def say(
    data: Path,
    *arguments: str,
    environment: dict[str, str] | None = None,
    codes: tuple[int, ...] = (0,),
    text: str | None = None,
) -> str:
    """Run a command with `text` on its stdin; its stdout. Any other exit code than `codes` fails with what it said."""
    return _ran(data, arguments, environment, codes, text).stdout


def refused(data: Path, *arguments: str, code: int = 1) -> str:
    """Run a command that must end with `code` and print no result; what it said on stderr."""
    ran = _ran(data, arguments, None, (code,), None)
    assert ran.stdout == "", f"{arguments}: {ran.stdout}"
    return ran.stderr


def ask(data: Path, *arguments: str, codes: tuple[int, ...] = (0,)) -> Any:
    """Run a command with --json; what it printed."""
    return json.loads(say(data, *arguments, "--json", codes=codes))


def _ran(
    data: Path, arguments: tuple[str, ...], environment: dict[str, str] | None, codes: tuple[int, ...], text: str | None
) -> "subprocess.CompletedProcess[str]":
    ran = subprocess.run(
        command(data, *arguments),
        input=text,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=_SECONDS,
        check=False,
        env={**os.environ, **(environment or {})},
    )
    assert ran.returncode in codes, f"{arguments}: {ran.returncode}\n{ran.stdout}\n{ran.stderr}"
    return ran


@contextmanager
def running(data: Path, port_base: int, environment: dict[str, str] | None = None) -> Iterator[Path]:
    """An instance in the background while the block runs."""
    say(data, "--port-base", str(port_base), "up", "--detach", environment=environment)
    try:
        yield data
    finally:
        say(data, "down", codes=(0, 3))


def run_of(data: Path) -> Run:
    """Where a running instance's parts are."""
    run = Run.read(data)
    assert run is not None
    return run


@contextmanager
def writing(data: Path) -> Iterator[Client]:
    """What an operator with the writer's account may do to the tables."""
    run = run_of(data).clickhouse
    client = clickhouse_connect.get_client(
        host="127.0.0.1",
        port=int(run.url.rpartition(":")[2]),
        username=run.user,
        password=run.password,
        database=run.database,
        autogenerate_session_id=False,
    )
    try:
        yield client
    finally:
        client.close()

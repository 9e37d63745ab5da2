"""A running console in front of a real ClickHouse, as its own process."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from schemas.settings import Run

ROOT = Path(__file__).parent.parent.parent


@contextmanager
def running_console(run: Run, port: int, log: Path, **settings: str) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """The console's URL and process; `settings` are THROUGHLINE_ variables in lower case."""
    given = {
        "data": str(log.parent),
        "port_base": str(port - 7),
        "clickhouse_url": run.clickhouse.url,
        "clickhouse_database": run.clickhouse.database,
        "clickhouse_readonly_user": run.clickhouse.readonly_user,
        "clickhouse_readonly_password": run.clickhouse.readonly_password,
        **settings,
    }
    environment = {**os.environ, **{f"THROUGHLINE_{name.upper()}": value for name, value in given.items()}}
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "console.server"], env=environment, cwd=ROOT, stdout=output, stderr=output
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(f"{url}/healthz", process, log)
        yield url, process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(url, timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise RuntimeError(f"the console did not start:\n{log.read_text()}")

"""A running console in front of a real ClickHouse, as its own process."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.settings import Run
from tests.process import answers, child, eventually


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
    environment = {f"THROUGHLINE_{name.upper()}": value for name, value in given.items()}
    url = f"http://127.0.0.1:{port}"
    with child([sys.executable, "-m", "console.server"], log, environment) as process:
        eventually(lambda: answers(f"{url}/healthz") or process.poll() is not None)
        assert process.poll() is None, "the console did not start"
        yield url, process

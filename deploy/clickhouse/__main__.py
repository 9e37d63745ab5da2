"""`python -m deploy.clickhouse`: serve DATA/clickhouse over HTTP on loopback, at port base + 2."""

import os
import sys
import time
from pathlib import Path

# The engine takes its time zone from the process, once: every DateTime of ours is UTC.
os.environ["TZ"] = "UTC"
time.tzset()

import uvicorn  # noqa: E402

from deploy.clickhouse.account import READER_LIMITS, Account  # noqa: E402
from deploy.clickhouse.engine import Engine  # noqa: E402
from deploy.clickhouse.lock import DirectoryInUseError  # noqa: E402
from deploy.clickhouse.server import build_app  # noqa: E402
from deploy.secret import complete  # noqa: E402
from schemas.settings import Settings  # noqa: E402

LOOPBACK = "127.0.0.1"
PORT_OFFSET = 2


def accounts(settings: Settings) -> tuple[Account, ...]:
    """The writer and the analyst of an instance whose secrets are complete."""
    return (
        Account(settings.clickhouse_user, settings.clickhouse_password.get_secret_value()),
        Account(
            settings.clickhouse_readonly_user,
            settings.clickhouse_readonly_password.get_secret_value(),
            readonly=True,
            limits=READER_LIMITS,
        ),
    )


def main() -> None:
    """Runs until SIGTERM or SIGINT."""
    settings = complete(Settings())
    engine = Engine(Path(settings.data).absolute() / "clickhouse")
    try:
        engine.open(settings.clickhouse_database)
    except (DirectoryInUseError, RuntimeError) as error:
        sys.exit(str(error))
    port = settings.port_base + PORT_OFFSET
    print(f"clickhouse: {engine.version} (embedded) at http://{LOOPBACK}:{port}", flush=True)
    uvicorn.run(
        build_app(engine, accounts(settings)),
        host=LOOPBACK,
        port=port,
        access_log=False,
        log_level="warning",
        # Clients keep connections for long; one closed under an insert's hands is an error that cannot be retried.
        timeout_keep_alive=600,
        timeout_graceful_shutdown=5,
        h11_max_incomplete_event_size=1024 * 1024,
    )


if __name__ == "__main__":
    main()

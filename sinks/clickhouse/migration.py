"""Numbered SQL files, run forward once each. Every statement can run twice, so two processes may migrate at once.

ClickHouse has no lock that a crashed client lets go of, so safety comes from the statements: each creates or
adds what is missing. Two processes that run the same file end in the same schema and record the same checksum.
The files are the same for the embedded server, a server and a cluster: see sinks.clickhouse.cluster.
"""

import hashlib
import logging
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from sinks.clickhouse.cluster import quoted, rendered, shards

FOLDER = Path(__file__).parent / "migrations"
_REPEATABLE = re.compile(
    r"CREATE (TABLE|VIEW|MATERIALIZED VIEW|DICTIONARY) IF NOT EXISTS|CREATE OR REPLACE|DROP (TABLE|VIEW) IF EXISTS"
    # Into a ReplacingMergeTree: what is there twice is there once.
    r"|INSERT INTO \w+ SELECT\b"
    r"|ALTER TABLE \S+\s+(ADD (COLUMN|INDEX|PROJECTION) IF NOT EXISTS|DROP \w+ IF EXISTS|MODIFY|MATERIALIZE)\b",
    re.IGNORECASE,
)
_TRIES = 5
_LEDGER = """CREATE TABLE IF NOT EXISTS schema_migrations
(number UInt32, name String, checksum String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3))
ENGINE = ReplacingMergeTree ORDER BY number
COMMENT 'One row per migration that was run: its number, file and SHA-256.'
"""

log = logging.getLogger(__name__)


class MigrationRefusedError(RuntimeError):
    """The files and the database do not belong together; the message says which and what to do."""


@dataclass(frozen=True)
class Migration:
    """One file: `0001_touchpoints.sql` has number 1; `checksum` is the SHA-256 of its bytes."""

    number: int
    name: str
    checksum: str
    statements: tuple[str, ...]


@dataclass(frozen=True)
class Standing:
    """How a database stands to one migration. `edited`: the file is another than was run; `unknown`: there is none."""

    number: int
    name: str
    state: Literal["run", "to run", "edited", "unknown"]
    applied_at: datetime | None = None


def migrations(folder: Path = FOLDER) -> tuple[Migration, ...]:
    """The files of a folder in order. Raises MigrationRefusedError for a gap or a statement that cannot run twice."""
    found = tuple(_read(path) for path in sorted(folder.glob("*.sql")))
    for expected, migration in enumerate(found, start=1):
        if migration.number != expected:
            raise MigrationRefusedError(f"{migration.name}: the number should be {expected:04}")
    return found


def script(database: str, cluster: str = "", files: Sequence[Migration] | None = None) -> Iterator[str]:
    """Every statement that makes a database, in order; of a cluster where one is named."""
    yield rendered(f"CREATE DATABASE IF NOT EXISTS {quoted(database)}", cluster)
    yield rendered(_LEDGER, cluster)
    for migration in migrations() if files is None else files:
        yield from (rendered(statement, cluster) for statement in migration.statements)


def standing(client: Client, files: Sequence[Migration] | None = None) -> list[Standing]:
    """How the client's database stands to every migration, and to those that it alone knows of. Changes nothing."""
    recorded = _recorded(client)
    found = []
    for migration in migrations() if files is None else files:
        _, checksum, applied_at = recorded.pop(migration.number, ("", "", None))
        state: Literal["run", "to run", "edited"] = (
            "to run" if applied_at is None else "run" if checksum == migration.checksum else "edited"
        )
        found.append(Standing(migration.number, migration.name, state, applied_at))
    return found + [Standing(number, name, "unknown", at) for number, (name, _, at) in sorted(recorded.items())]


def migrate(client: Client, files: Sequence[Migration] | None = None, cluster: str = "") -> list[str]:
    """Bring the client's database to the newest migration, and make the database itself. Returns the names run.

    With a `cluster`, on all of its replicas. Raises MigrationRefusedError where a file was edited after it was run, the
    database is ahead of this program, or the cluster is not one shard.
    """
    wanted = migrations() if files is None else files
    if cluster:
        _refuse_shards(cluster, shards(client, cluster))
    database = client.database or "default"
    _run(client, rendered(f"CREATE DATABASE IF NOT EXISTS {quoted(database)}", cluster), use_database=False)
    _run(client, rendered(_LEDGER, cluster))
    recorded = {number: checksum for number, (_, checksum, _) in _recorded(client).items()}
    _refuse_differences(wanted, recorded, database)
    fresh = [migration for migration in wanted if migration.number not in recorded]
    for migration in fresh:
        for statement in migration.statements:
            _run(client, rendered(statement, cluster))
        row = [migration.number, migration.name, migration.checksum]
        client.insert("schema_migrations", [row], column_names=["number", "name", "checksum"])
        log.info("ran migration %s on database %s", migration.name, client.database)
    return [migration.name for migration in fresh]


def statements_of(sql: str) -> Iterator[str]:
    """The statements of a file, without comments; each ends with a semicolon at the end of a line."""
    lines = [line for line in sql.splitlines() if not line.lstrip().startswith("--")]
    for statement in re.split(r";[ \t]*(?:\n|$)", "\n".join(lines)):
        if statement.strip():
            yield statement.strip()


def _read(path: Path) -> Migration:
    content = path.read_bytes()
    number = re.match(r"(\d{4})_[a-z0-9_]+\.sql$", path.name)
    if number is None:
        raise MigrationRefusedError(f"{path.name}: a migration is named like 0007_what_it_does.sql")
    statements = tuple(statements_of(content.decode()))
    for statement in statements:
        if not _REPEATABLE.match(statement):
            raise MigrationRefusedError(
                f"{path.name}: {statement.splitlines()[0]!r} cannot run twice: "
                "say IF NOT EXISTS, IF EXISTS, OR REPLACE or MODIFY"
            )
    return Migration(int(number.group(1)), path.name, hashlib.sha256(content).hexdigest(), statements)


def _recorded(client: Client) -> dict[int, tuple[str, str, datetime]]:
    """Number -> name, checksum, when; none where there is no such table, or no database."""
    ledger = f"{quoted(client.database or 'default')}.schema_migrations"
    if not int(str(client.command(f"EXISTS TABLE {ledger}", use_database=False))):
        return {}
    rows = client.query(
        "SELECT number, name, checksum, applied_at FROM schema_migrations FINAL", tz_mode="aware"
    ).result_rows
    return {int(number): (str(name), str(checksum), at) for number, name, checksum, at in rows}


def _refuse_shards(cluster: str, found: int) -> None:
    if found != 1:
        raise MigrationRefusedError(
            f"cluster {cluster} has {found} shards, and every replica holds all rows: name a cluster of one shard"
            if found
            else f"there is no cluster {cluster}: `SHOW CLUSTERS` lists them"
        )


def _refuse_differences(files: Sequence[Migration], recorded: dict[int, str], database: str) -> None:
    for migration in files:
        if recorded.get(migration.number, migration.checksum) != migration.checksum:
            raise MigrationRefusedError(
                f"{migration.name} was edited after it had been run on database {database}: "
                "restore the file and put the change into a new migration"
            )
    newest = max(recorded, default=0)
    if newest > len(files):
        raise MigrationRefusedError(
            f"database {database} is at migration {newest:04}, this program knows {len(files):04}: update the program"
        )


def _run(client: Client, statement: str, *, use_database: bool = True) -> None:
    # Two processes that create one thing at once: the loser's statement fails now and finds the thing there next time.
    for attempt in range(1, _TRIES + 1):
        try:
            client.command(statement, use_database=use_database)
            return
        except ClickHouseError:
            if attempt == _TRIES:
                raise
            time.sleep(0.1 * attempt)

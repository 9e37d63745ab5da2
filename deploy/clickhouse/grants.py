"""The accounts of a ClickHouse server, as SQL for its administrator: a writer, and analysts who only read.

The embedded server has the same two, by deploy.clickhouse.account and deploy.clickhouse.guard.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from deploy.clickhouse.account import FREE_TO_READERS, READER_LIMITS
from sinks.clickhouse.cluster import quoted

_WRITES = (
    "SELECT, INSERT, ALTER TABLE, ALTER VIEW, CREATE DATABASE, CREATE TABLE, CREATE VIEW, CREATE DICTIONARY, "
    "DROP TABLE, DROP VIEW, DROP DICTIONARY, dictGet"
)
# A server may be configured to show its own tables only to whom they are granted.
_DESCRIBING = ("columns", "databases", "tables")
_OPERATING = ("clusters", "parts")
# The embedded server takes every setting of an output format; a profile has to name them.
_FREE = (*FREE_TO_READERS, "output_format_json_quote_64bit_integers", "output_format_json_quote_denormals")


@dataclass(frozen=True)
class Accounts:
    """Whom the SQL is for. `cluster` is empty for a single server."""

    database: str
    writer: str
    analyst: str
    cluster: str = ""


def grants(accounts: Accounts) -> Iterator[str]:
    """The statements in order; each can run twice. The passwords are left to fill in."""
    on = f" ON CLUSTER {quoted(accounts.cluster)}" if accounts.cluster else ""
    everything = f"{quoted(accounts.database)}.*"
    writers, analysts = quoted(f"{accounts.database}_writers"), quoted(f"{accounts.database}_analysts")
    limits = ",\n    ".join(
        f"{name} = {most} MIN 1 MAX {most} CHANGEABLE_IN_READONLY" for name, most in READER_LIMITS.items()
    )
    free = ",\n    ".join(f"{name} CHANGEABLE_IN_READONLY" for name in _FREE)
    yield f"CREATE ROLE IF NOT EXISTS {writers}{on}"
    yield _grant(on, _WRITES, everything, writers)
    for table in (*_DESCRIBING, *_OPERATING):
        yield _grant(on, "SELECT", f"system.{table}", writers)
    if accounts.cluster:
        yield _grant(on, "CLUSTER", "*.*", writers)
    yield f"CREATE ROLE IF NOT EXISTS {analysts}{on}"
    # Views run with the rights of who asks: reading them is reading their tables.
    yield _grant(on, "SELECT, dictGet", everything, analysts)
    for table in _DESCRIBING:
        yield _grant(on, "SELECT", f"system.{table}", analysts)
    yield (
        f"CREATE SETTINGS PROFILE IF NOT EXISTS {analysts}{on} SETTINGS\n    readonly = 1 CONST,\n    "
        f"{limits},\n    {free}\n    TO {analysts}"
    )
    for user, role in ((accounts.writer, writers), (accounts.analyst, analysts)):
        yield (
            f"CREATE USER IF NOT EXISTS {quoted(user)}{on} IDENTIFIED WITH sha256_password BY '<password of {user}>'"
        )
        yield f"GRANT{on} {role} TO {quoted(user)}"


def _grant(on: str, privileges: str, what: str, role: str) -> str:
    return f"GRANT{on} {privileges} ON {what} TO {role}"

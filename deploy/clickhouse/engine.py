"""The engine: statements in, bytes out. A handle of its own for each statement, so nothing leaks between users."""

import re
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from deploy.clickhouse import guard
from deploy.clickhouse.account import FREE_TO_READERS, Account
from deploy.clickhouse.failure import READONLY, UNKNOWN_DATABASE, UNKNOWN_IDENTIFIER, QueryError, from_engine, refusal
from deploy.clickhouse.gate import Count, Gate
from deploy.clickhouse.lock import DirectoryLock
from deploy.clickhouse.parts import Part, Parts
from deploy.clickhouse.statement import Statement

# chDB streams block by block; only these formats have no frame around all the blocks.
_STREAMED = {"Native", "TabSeparated", "TSV", "CSV", "RowBinary", "JSONEachRow"}
# The part of a syntax error's text that tells of our call of formatQuery, which the user never wrote.
_OWN_CALL = re.compile(r"\s*: (?:In scope|while executing).*formatQuery.*(?= \([A-Z_]+\)$)", re.DOTALL | re.IGNORECASE)

_WAIT_SECONDS = 10.0
_REMEMBERED, _REMEMBERED_CHARACTERS = 512, 16 * 1024


def _nothing() -> None:
    """Nothing is held."""


@dataclass
class Answer:
    """A statement's result. `close` must be called in the end: a stream holds a handle of the engine."""

    chunks: Iterator[bytes]
    output_format: str
    summary: dict[str, int] = field(default_factory=dict)
    close: Callable[[], None] = _nothing


class Engine:
    """chDB on one directory. Every method blocks, and may be called from many threads at once."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = DirectoryLock(directory)
        self._gate = Gate()
        self._readers = Count()
        self._parts = Parts()
        self._anchor: Any = None
        self._table_functions: frozenset[str] = frozenset()
        # Readers ask a question again and again with other parameters. A writer's settings may change how it is read.
        self._canonical: dict[str, str] = {}
        self.version = ""

    def open(self, database: str) -> None:
        """Start the engine and make the database. Raises DirectoryInUseError, and RuntimeError on damaged files."""
        import chdb

        self._lock.acquire()
        self._connect: Callable[[str], Any] = chdb.connect
        try:
            self._anchor = self._connect(str(self._directory))
        except RuntimeError as error:
            raise RuntimeError(f"ClickHouse cannot open {self._directory}: {error}") from error
        self.version = self._scalar("SELECT version()")
        names = self._scalar("SELECT arrayStringConcat(groupArray(lower(name)), ' ') FROM system.table_functions")
        self._table_functions = frozenset(names.split())
        self._anchor.query(f"CREATE DATABASE IF NOT EXISTS {_quoted_name(database)}")

    def close(self) -> None:
        """Stop the engine; the directory is free afterwards."""
        if self._anchor is not None:
            self._anchor.close()
            self._anchor = None
        self._lock.release()

    def run(self, statement: Statement, account: Account) -> Answer:
        """Run one statement. Raises QueryError; after the first bytes, `chunks` raises it."""
        plans = account.plans(statement.sql)
        try:
            return self._run(statement, account, plans)
        except QueryError as failure:
            # A view that is planned as a part of the question has no name there: `v_deals.at` is unknown.
            if not plans or failure.code != UNKNOWN_IDENTIFIER:
                raise
            return self._run(statement, account, {})

    def _run(self, statement: Statement, account: Account, plans: Mapping[str, int]) -> Answer:
        with ExitStack() as held:
            self._gate.enter()
            held.callback(self._gate.leave)
            if account.readonly:
                account = account.among(held.enter_context(self._readers.one_more()))
            handle = self._connect(str(self._directory))
            held.callback(handle.close)
            try:
                return self._answer(handle, statement, account, plans, held)
            except QueryError:
                raise
            except Exception as error:
                raise from_engine(error) from error

    def _answer(
        self, handle: Any, statement: Statement, account: Account, plans: Mapping[str, int], held: ExitStack
    ) -> Answer:
        """An answer piece by piece keeps what is `held` until it is closed."""
        self._prepare(handle, statement, account, plans)
        if statement.rows is not None:
            return _insert(handle, statement, statement.rows)
        canonical = self._admit(handle, statement.sql, account)
        if canonical == "INSERT":
            # As a server does: what gives no rows names no format.
            statement = replace(statement, output_format="")
        if canonical.startswith(("SELECT", "WITH")) and statement.output_format in _STREAMED:
            try:
                stream = handle.send_query(statement.sql, statement.output_format, params=dict(statement.parameters))
                # An error of the query is told before anything of the answer.
                chunks = _pieces(stream, next(stream, None))
            except RuntimeError as error:
                # e.g. WITH ... INSERT: it has not run yet.
                if "Streaming query is not supported" not in str(error):
                    raise
            else:
                held.callback(stream.close)
                return Answer(chunks, statement.output_format, close=held.pop_all().close)
        return _query(handle, statement)

    def mend(self) -> list[Part]:
        """Load every table anew that has a part with too little in its files, and name these parts.

        The engine then sets them aside (system.detached_parts) and goes back to what they were merged from, which it
        keeps for `old_parts_lifetime` (8 minutes). Nothing is done while statements run that do not come to an end.
        """
        broken = self._parts.broken(self._anchor)
        if not broken:
            return []
        with self._gate.alone(_WAIT_SECONDS) as alone:
            if not alone:
                return []
            for database, table in sorted({(part.database, part.table) for part in broken}):
                name = f"{_quoted_name(database)}.{_quoted_name(table)}"
                self._anchor.query(f"DETACH TABLE {name}")
                self._attach(name)
            self._parts.settled(broken)
        return broken

    def _attach(self, name: str) -> None:
        deadline = time.monotonic() + _WAIT_SECONDS
        while True:
            try:
                self._anchor.query(f"ATTACH TABLE {name}")
            except RuntimeError:
                # A merge of the table may still be under way.
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                return

    def _prepare(self, handle: Any, statement: Statement, account: Account, plans: Mapping[str, int]) -> None:
        settings = _permitted(statement.settings, account) | {name: str(value) for name, value in plans.items()}
        if statement.database:
            try:
                handle.query(f"USE {_quoted_name(statement.database)}")
            except RuntimeError as error:
                raise refusal(
                    UNKNOWN_DATABASE, "UNKNOWN_DATABASE", f"Database {statement.database} does not exist"
                ) from error
        if account.readonly:
            settings["readonly"] = "1"
        elif not statement.writes_allowed:
            settings["readonly"] = "2"
        if settings:
            handle.query("SET " + ", ".join(f"{name} = {_quoted_text(value)}" for name, value in settings.items()))

    def _admit(self, handle: Any, sql: str, account: Account) -> str:
        """The engine's own rewriting of the statement. Raises QueryError where it may not run."""
        if not account.readonly and sql.lstrip()[:6].upper() == "INSERT":
            return "INSERT"
        canonical = self._canonical.get(sql) if account.readonly else None
        if canonical is None:
            canonical = _rewritten(handle, sql)
            if account.readonly and len(sql) <= _REMEMBERED_CHARACTERS:
                self._remember(sql, canonical)
        why = guard.refused(canonical, account.readonly, self._table_functions)
        if why is not None:
            raise why
        return canonical

    def _remember(self, sql: str, canonical: str) -> None:
        if len(self._canonical) >= _REMEMBERED:
            self._canonical.clear()
        self._canonical[sql] = canonical

    def _scalar(self, sql: str) -> str:
        return str(self._anchor.query(sql, "TSVRaw").bytes().decode().strip())


def _rewritten(handle: Any, sql: str) -> str:
    try:
        rewritten = handle.query("SELECT formatQuerySingleLine({sql:String})", "RawBLOB", params={"sql": _escaped(sql)})
    except RuntimeError as error:
        failure = from_engine(error)
        raise QueryError(failure.code, _OWN_CALL.sub("", failure.text)) from error
    return str(rewritten.bytes().decode())


def _permitted(asked: Any, account: Account) -> dict[str, str]:
    """The settings to apply. Raises QueryError where a readonly account asks for more than it may."""
    if not account.readonly:
        return dict(asked)
    settings = {name: str(value) for name, value in account.limits.items()}
    for name, value in asked.items():
        if name in account.limits:
            number = float(value) if value.replace(".", "", 1).isdigit() else 0
            if 0 < number <= account.limits[name]:
                settings[name] = value
        elif name in FREE_TO_READERS or name.startswith("output_format_"):
            settings[name] = value
        else:
            raise refusal(READONLY, "READONLY", f"Cannot modify '{name}' setting in readonly mode.")
    return settings


def _insert(handle: Any, statement: Statement, rows: bytes) -> Answer:
    """Read the rows from a file without a name: of a streamed insert chDB never says that it has failed."""
    before, after = statement.sql[: statement.source_at], statement.sql[statement.source_at :]
    with tempfile.TemporaryFile() as source:
        source.write(rows)
        source.flush()
        named = f"FROM INFILE '/dev/fd/{source.fileno()}' COMPRESSION 'none'"
        result = handle.query(f"{before} {named} {after} FORMAT {statement.rows_format}")
    summary = {"written_rows": result.rows_read(), "written_bytes": result.bytes_read()}
    return Answer(iter(()), statement.output_format, summary)


def _query(handle: Any, statement: Statement) -> Answer:
    result = handle.query(statement.sql, statement.output_format or "Null", params=dict(statement.parameters))
    body = result.bytes()
    summary = {
        "read_rows": result.storage_rows_read(),
        "read_bytes": result.storage_bytes_read(),
        "written_rows": result.rows_written(),
        "written_bytes": result.bytes_written(),
        "result_rows": result.rows_read(),
        "result_bytes": len(body),
        "elapsed_ns": int(result.elapsed() * 1e9),
    }
    return Answer(iter((body,) if body else ()), statement.output_format, summary)


def _pieces(stream: Any, first: Any) -> Iterator[bytes]:
    try:
        chunk = first
        while chunk is not None:
            yield chunk.bytes()
            chunk = next(stream, None)
    except RuntimeError as error:
        raise from_engine(error) from error


def _quoted_text(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _quoted_name(name: str) -> str:
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def _escaped(value: str) -> str:
    """A bound String parameter travels in ClickHouse's escaped text format."""
    return (
        value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r").replace("\0", "\\0")
    )

"""Waiting until what was imported can be queried in ClickHouse. Counts nothing it has not seen there by its id."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from schemas.settings import ClickHouseRun
from schemas.touchpoint import Touchpoint

POLL_SECONDS = 0.15
# Up to so many ids are asked for by name; more are compared by streaming the source's ids over the import's time span.
ASK_BY_NAME = 4000
PROBE = 200


class NotQueryableError(TimeoutError):
    """Some touchpoints did not arrive in time; `missing` are their (source, id) pairs."""

    def __init__(self, missing: Sequence[tuple[str, str]], total: int, seconds: float, last_error: str) -> None:
        some = ", ".join(f"{source}/{id_}" for source, id_ in missing[:5]) + (", ..." if len(missing) > 5 else "")
        cause = f" ClickHouse said: {last_error}." if last_error else ""
        super().__init__(
            f"after {seconds:.0f} s {len(missing)} of {total} touchpoints are not queryable ({some}).{cause} They are"
            " safe in Kafka; `throughline status` shows which part lags, then run the same import again to wait on"
        )
        self.missing = list(missing)


class Query(Protocol):
    """Runs SQL with bound parameters and gives rows. Raises when ClickHouse is away."""

    def __call__(self, sql: str, parameters: dict[str, object]) -> Sequence[Sequence[object]]: ...


@dataclass
class Expected:
    """The touchpoints that must become queryable: ids per source, the newest emitted last, and their time span."""

    ids: dict[str, dict[str, None]] = field(default_factory=dict)
    span: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)

    def add(self, touchpoint: Touchpoint) -> None:
        """Expect one more; the same (source, id) twice is expected once."""
        self.ids.setdefault(touchpoint.source, {})[touchpoint.id] = None
        first, last = self.span.get(touchpoint.source, (touchpoint.occurred_at, touchpoint.occurred_at))
        self.span[touchpoint.source] = (min(first, touchpoint.occurred_at), max(last, touchpoint.occurred_at))

    def __len__(self) -> int:
        return sum(map(len, self.ids.values()))


def query_of(run: ClickHouseRun) -> Query:
    """A Query of the running instance's analyst account. Connects at each failure anew."""
    import clickhouse_connect

    client = None

    def query(sql: str, parameters: dict[str, object]) -> Sequence[Sequence[object]]:
        nonlocal client
        if client is None:
            client = clickhouse_connect.get_client(
                dsn=run.url, username=run.readonly_user, password=run.readonly_password, database=run.database
            )
        rows: Sequence[Sequence[object]] = client.query(sql, parameters=parameters).result_rows
        return rows

    return query


def wait_until_queryable(
    expected: Expected,
    query: Query,
    *,
    timeout_seconds: float,
    since: datetime,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[tuple[str, str, str]]:
    """Return when every expected touchpoint is in `v_touchpoints`, or was refused by intake after `since`.

    `on_progress(queryable, total)` is called at each poll. Returns the refused ones as (source, id, reason).
    Raises NotQueryableError after `timeout_seconds`, naming what is missing.
    """
    total, started, last_error = len(expected), time.monotonic(), ""
    missing = {source: dict(ids) for source, ids in expected.ids.items() if ids}
    refused: list[tuple[str, str, str]] = []
    while missing:
        try:
            for source in list(missing):
                _drop(missing, source, _seen(query, source, missing[source], expected.span[source]))
            if missing:
                refused += _refused(query, missing, since)
            last_error = ""
        except Exception as error:
            last_error = f"{type(error).__name__}: {error}"
        left = sum(map(len, missing.values()))
        if on_progress is not None:
            on_progress(total - left, total)
        seconds = time.monotonic() - started
        if missing and seconds > timeout_seconds:
            pairs = [(source, id_) for source, ids in missing.items() for id_ in ids]
            raise NotQueryableError(pairs, total, seconds, last_error)
        if missing:
            time.sleep(POLL_SECONDS)
    return refused


def _drop(missing: dict[str, dict[str, None]], source: str, seen: Iterable[str]) -> None:
    for id_ in seen:
        missing[source].pop(id_, None)
    if not missing[source]:
        del missing[source]


def _seen(query: Query, source: str, ids: dict[str, None], span: tuple[datetime, datetime]) -> list[str]:
    if len(ids) <= ASK_BY_NAME:
        return _by_name(query, source, list(ids), span)
    # What was emitted last arrives about last: while it is not there, reading everything would be in vain.
    probe = list(ids)[-PROBE:]
    if len(_by_name(query, source, probe, span)) < len(probe) // 2:
        return []
    return [str(row[0]) for row in query(f"SELECT DISTINCT id {_FROM}", _parameters(source, span))]


def _by_name(query: Query, source: str, ids: list[str], span: tuple[datetime, datetime]) -> list[str]:
    parameters = {**_parameters(source, span), "ids": ids}
    sql = f"SELECT DISTINCT id {_FROM} AND id IN {{ids:Array(String)}}"
    return [str(row[0]) for row in query(sql, parameters)]


_FROM = (
    "FROM v_touchpoints WHERE source = {source:String}"
    " AND occurred_at BETWEEN fromUnixTimestamp64Milli({first:Int64}) AND fromUnixTimestamp64Milli({last:Int64})"
)


def _parameters(source: str, span: tuple[datetime, datetime]) -> dict[str, object]:
    first, last = span
    return {"source": source, "first": _milliseconds(first), "last": _milliseconds(last) + 1}


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _refused(query: Query, missing: dict[str, dict[str, None]], since: datetime) -> list[tuple[str, str, str]]:
    """What intake refused although it is a touchpoint: a date too far ahead, for example."""
    sql = (
        "SELECT reason, JSONExtractString(value, 'source'), JSONExtractString(value, 'id') FROM v_rejected"
        " WHERE received_at >= fromUnixTimestamp64Milli({since:Int64})"
    )
    found = []
    for reason, source, id_ in query(sql, {"since": _milliseconds(since)}):
        if str(id_) in missing.get(str(source), {}):
            found.append((str(source), str(id_), str(reason)))
            _drop(missing, str(source), [str(id_)])
    return found

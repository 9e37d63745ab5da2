"""Waiting until what was imported can be queried in ClickHouse. Counts nothing it has not seen there by its id."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from clickhouse_connect.driver.client import Client
from pydantic import SecretStr

from schemas.settings import ClickHouseRun, Settings
from schemas.touchpoint import Touchpoint
from sinks.clickhouse.connection import connect

POLL_SECONDS = 0.15
# Up to so many ids are asked for by name (a query may be 256 KiB, an id 1 KiB); more are compared by streaming all
# ids of the source.
ASK_BY_NAME = 200


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
    """The touchpoints that must become queryable: ids per source, the newest emitted last."""

    ids: dict[str, dict[str, None]] = field(default_factory=dict)

    def add(self, touchpoint: Touchpoint) -> None:
        """Expect one more; the same (source, id) twice is expected once."""
        self.ids.setdefault(touchpoint.source, {})[touchpoint.id] = None

    def __len__(self) -> int:
        return sum(map(len, self.ids.values()))


def query_of(run: ClickHouseRun) -> Query:
    """A Query of the running instance's analyst account. Connects at each failure anew."""
    settings = Settings(
        clickhouse_url=run.url,
        clickhouse_database=run.database,
        clickhouse_user=run.readonly_user,
        clickhouse_password=SecretStr(run.readonly_password),
    )
    client: Client | None = None

    def query(sql: str, parameters: dict[str, object]) -> Sequence[Sequence[object]]:
        nonlocal client
        client = client or connect(settings)
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
                _drop(missing, source, _seen(query, source, list(missing[source])))
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


def _seen(query: Query, source: str, ids: list[str]) -> list[str]:
    # What was emitted last arrives about last: while hardly any of it is there, reading all ids would be in vain.
    # It does not look at times: a duplicate keeps the time of its first arrival, which may be another one.
    latest = ids[-ASK_BY_NAME:]
    found = _ids(query, "AND id IN %(ids)s", {"source": source, "ids": latest})
    if len(ids) == len(latest) or len(found) < len(latest) // 2:
        return found
    return _ids(query, "", {"source": source})


def _ids(query: Query, condition: str, parameters: dict[str, object]) -> list[str]:
    sql = f"SELECT DISTINCT id FROM v_touchpoints WHERE source = %(source)s {condition}"  # noqa: S608
    return [str(row[0]) for row in query(sql, parameters)]


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

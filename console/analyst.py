"""Questions to ClickHouse as the read-only analyst. Rows come back as dicts; failures as errors that say what to do."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from console.workspace import UnreachableError, Workspace
from schemas.settings import ClickHouseRun, Run, Settings

# Questions that one page asks at once. The embedded server answers four readers' at a time.
AT_ONCE = 3


class QuestionError(Exception):
    """ClickHouse understood nothing or refused; the text is ClickHouse's own, with its code."""


class Analyst:
    """The analyst's connection to a running instance's ClickHouse."""

    def __init__(self, run: ClickHouseRun) -> None:
        import clickhouse_connect
        from clickhouse_connect.driver.exceptions import Error

        self._error = Error
        url = urlsplit(run.url)
        try:
            self._client = clickhouse_connect.get_client(
                host=url.hostname or "127.0.0.1",
                port=url.port or (8443 if url.scheme == "https" else 8123),
                interface=url.scheme,
                username=run.readonly_user,
                password=run.readonly_password,
                database=run.database,
                connect_timeout=5,
                autogenerate_session_id=False,
            )
        except (Error, OSError) as error:
            raise UnreachableError(
                f"ClickHouse at {run.url} does not answer ({_first_line(error)}); see `throughline status`"
            ) from None

    def ask(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """The rows of a query, one dict per row; `parameters` are bound as {name:Type}. Raises QuestionError."""
        columns, rows = self.table(sql, parameters)
        return [dict(zip(columns, row, strict=True)) for row in rows]

    def table(
        self, sql: str, parameters: Mapping[str, Any] | None = None
    ) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """The names of a query's columns, and its rows. Times are aware, in UTC. Raises QuestionError."""
        try:
            found = self._client.query(sql, parameters=dict(parameters or {}), tz_mode="aware")
        except self._error as error:
            raise QuestionError(plain(str(error))) from None
        return tuple(found.column_names), list(found.result_rows)

    @property
    def client(self) -> Any:
        """The client itself, for what streams its rows."""
        return self._client

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()


def analyst_of(run: Run) -> Analyst:
    """The analyst of a running instance. Raises UnreachableError."""
    return Analyst(run.clickhouse)


def analyst_for(workspace: Workspace) -> Analyst:
    """The analyst of THROUGHLINE_CLICKHOUSE_URL where that is set, else of the running instance.

    Raises UnreachableError, NoInstanceError.
    """
    settings = Settings()
    if not settings.clickhouse_url:
        return analyst_of(workspace.run())
    reader, password = settings.clickhouse_readonly_user, settings.clickhouse_readonly_password.get_secret_value()
    return Analyst(
        ClickHouseRun(
            url=settings.clickhouse_url,
            database=settings.clickhouse_database,
            user=settings.clickhouse_user,
            password="",
            readonly_user=reader,
            readonly_password=password,
        )
    )


def plain(message: str) -> str:
    """ClickHouse's own words out of a driver's error: `Code: 47. DB::Exception: Unknown identifier ...`."""
    found = re.search(r"Code: \d+\..*", message, re.DOTALL)
    text = found.group(0) if found else message
    return re.sub(r"\s*\(for url [^)]*\)\s*$", "", text).strip()


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__

"""How a running instance is: each part's state, lag and last event."""

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from console.analyst import QuestionError, analyst_of
from console.lag import KafkaView, Lag
from console.workspace import NoInstanceError, UnreachableError, Workspace
from schemas.settings import Run
from schemas.topic import RAW, REBUILDS, TOUCHPOINTS

# Each consumes in a group that ends with its name.
_PARTS_THAT_CONSUME = ("worker", "writer", "rebuilder", "notifier")
_LAST_WRITTEN = """
    SELECT
        (SELECT max(received_at) FROM v_touchpoints) AS writer,
        (SELECT max(recorded_at) FROM v_alerts) AS notifier
"""


@dataclass(frozen=True)
class Condition:
    """`parts` are rows of name, state, pid, uptime_seconds, restarts, url, log, last_log_line, lag, last_event.

    A worker that reads its state is `restoring`; its last log line says how far.
    """

    parts: list[dict[str, Any]]
    lags: list[Lag] = field(default_factory=list)
    kafka: str = ""
    troubles: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether every part is up."""
        return bool(self.parts) and all(part["state"] == "up" for part in self.parts)


def condition(workspace: Workspace) -> Condition:
    """Ask the supervisor, Kafka and ClickHouse. Raises NoInstanceError; a part that is away is said, not raised."""
    from deploy.instance import status

    run = workspace.run()
    parts = status(workspace.data)
    if not parts:
        raise NoInstanceError(
            f"{workspace.data / 'run.json'} is there but nothing answers: the instance was killed. "
            f"`{workspace.hint('up')}` cleans up and starts anew"
        )
    troubles: list[str] = []
    lags, kafka_last = _kafka_side(run, troubles)
    last = {**kafka_last, **_clickhouse_side(run, troubles)}
    behind: dict[str, int] = {}
    for lag in lags:
        part = lag.group.rpartition(".")[2]
        if part in _PARTS_THAT_CONSUME:
            behind[part] = behind.get(part, 0) + lag.records
    rows = [{**asdict(part), "lag": behind.get(part.name), "last_event": last.get(part.name)} for part in parts]
    for row in rows:
        if row["name"] == "worker" and row["state"] == "up" and restores(row["url"]):
            row["state"] = "restoring"
    return Condition(rows, lags, run.kafka, troubles)


def restores(url: str) -> bool:
    """Whether a worker has partitions whose state it does not have yet. Its log says how far it is."""
    try:
        found = httpx.get(f"{url}/readyz", timeout=2, trust_env=False).json()
    except (httpx.HTTPError, ValueError):
        return False
    return bool(found["lanes"] and not found["ready"])


def _kafka_side(run: Run, troubles: list[str]) -> tuple[list[Lag], dict[str, datetime | None]]:
    try:
        view = KafkaView(run.kafka)
    except UnreachableError as error:
        troubles.append(str(error))
        return [], {}
    try:
        last = {
            "kafka": _moment(view.newest(*RAW)),
            "worker": _moment(view.newest(TOUCHPOINTS)),
            "rebuilder": _moment(view.newest(REBUILDS)),
        }
        return view.lags(), last
    finally:
        view.close()


def _clickhouse_side(run: Run, troubles: list[str]) -> dict[str, datetime | None]:
    try:
        row = analyst_of(run).ask(_LAST_WRITTEN)[0]
    except (UnreachableError, QuestionError) as error:
        troubles.append(str(error).splitlines()[0])
        return {}
    # max() over no rows is the epoch.
    return {name: value if value and value.year > 1970 else None for name, value in row.items()}


def _moment(epoch_ms: int | None) -> datetime | None:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC) if epoch_ms and epoch_ms > 0 else None

"""Where an instance's parts are reached: the settings handed to each part, and run.json for everybody else."""

import os
from collections.abc import Sequence

from deploy.kafka.broker import LOOPBACK
from deploy.part import CLICKHOUSE, CONSOLE, GATEWAY, KAFKA, WORKER, Part
from schemas.settings import ClickHouseRun, ConsoleRun, GatewayRun, Run, Settings

_ANY = {"0.0.0.0", "::", ""}  # noqa: S104


def with_addresses(settings: Settings) -> Settings:
    """The settings with the embedded parts' addresses filled in where none are given."""
    base = settings.port_base
    return settings.model_copy(
        update={
            "kafka": settings.kafka or f"{LOOPBACK}:{base + KAFKA}",
            "clickhouse_url": settings.clickhouse_url or f"http://{LOOPBACK}:{base + CLICKHOUSE}",
        }
    )


def child_environment(settings: Settings) -> dict[str, str]:
    """The environment of every part: this process's own, and all the settings, secrets in clear."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("THROUGHLINE_")}
    return inherited | settings.environment()


def run_of(settings: Settings, parts: Sequence[Part]) -> Run:
    """run.json of addressed settings, without process ids."""
    base = settings.port_base
    reached = LOOPBACK if settings.host in _ANY else settings.host
    return Run(
        kafka=settings.kafka,
        clickhouse=ClickHouseRun(
            url=settings.clickhouse_url,
            database=settings.clickhouse_database,
            user=settings.clickhouse_user,
            password=settings.clickhouse_password.get_secret_value(),
            readonly_user=settings.clickhouse_readonly_user,
            readonly_password=settings.clickhouse_readonly_password.get_secret_value(),
        ),
        gateway=GatewayRun(url=f"http://{reached}:{base + GATEWAY}", write_key=settings.write_key.get_secret_value()),
        console=ConsoleRun(url=f"http://{reached}:{base + CONSOLE}"),
        worker={settings.worker_id: f"http://{LOOPBACK}:{base + WORKER}"}
        if any(p.name == "worker" for p in parts)
        else {},
        group=settings.group,
        partitions=settings.partitions,
        policy=settings.policy.absolute(),
    )

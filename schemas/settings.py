"""Every setting of every process, read once from `THROUGHLINE_*` variables at a composition root."""

import json
import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

DEFAULT_POLICY = Path(__file__).parent.parent / "deploy" / "policies" / "default.yaml"


class Settings(BaseSettings):
    """Settings of one instance. The supervisor hands each part the same ones; each part reads what it needs."""

    model_config = SettingsConfigDict(env_prefix="THROUGHLINE_", extra="ignore", frozen=True)

    data: Path = Field(Path("var"), description="The data directory: topics, tables, logs, run.json")
    port_base: int = Field(19090, ge=1024, le=65000, description="First of the ten ports an instance uses")
    host: str = Field("127.0.0.1", description="Address the gateway and the console listen on")
    kafka: str = Field("", description="host:port of an external Kafka; empty starts the embedded one")
    kafka_insecure: bool = Field(False, description="Allow an external Kafka over PLAINTEXT")
    partitions: int = Field(
        4,
        ge=1,
        le=1024,
        description="Partitions of every partitioned topic, at first start; more later by `throughline repartition`",
    )
    group: str = Field("throughline", description="Prefix of consumer groups and transactional ids")
    worker_id: str = Field("worker-1", description="Static membership: unique per worker of a group")
    policy: Path = Field(DEFAULT_POLICY, description="The policy file; the default agreement where none is named")
    phone_region: str = Field("US", description="Region of phone numbers without a country code")
    free_mail: str = Field("", description="More domains, comma-separated, whose e-mails name no account")
    currency: str = Field("EUR", pattern=r"^[A-Z]{3}$", description="ISO 4217: what reports add amounts up in")
    clickhouse_url: str = Field("", description="http(s) URL of an external ClickHouse; empty starts the embedded one")
    clickhouse_cluster: str = Field(
        "", description="Cluster of an external ClickHouse, one shard: tables are made on every replica"
    )
    clickhouse_database: str = "throughline"
    clickhouse_user: str = "throughline"
    clickhouse_password: SecretStr = SecretStr("")
    clickhouse_readonly_user: str = "analyst"
    clickhouse_readonly_password: SecretStr = SecretStr("")
    write_key: SecretStr = Field(SecretStr(""), description="Bearer key of the gateway; made at first start")
    console_token: SecretStr = Field(SecretStr(""), description="Demanded by the console when it leaves loopback")
    webhook_url: str = Field("", description="Where alerts are posted, signed by Standard Webhooks; empty is none")
    webhook_secret: SecretStr = Field(SecretStr(""), description="whsec_... of the alert webhook")
    webhook_allow_private: bool = Field(False, description="Let webhooks reach loopback and private addresses")
    chunk_records: int = Field(32_000, ge=1, description="Most records that one poll brings of all partitions")
    chunk_bytes: int = Field(4_000_000, ge=1024, description="Most bytes of one partition in one transaction")
    sweep_seconds: float = Field(1.0, gt=0, description="How often each partition looks for what is due")
    rebuild_touchpoints_per_second: int = Field(
        20_000, ge=1000, description="Most touchpoints a second that rebuilds read from ClickHouse and fold anew"
    )

    def environment(self) -> dict[str, str]:
        """These settings as `THROUGHLINE_*` variables, secrets in clear: for a child process only."""
        values = self.model_dump(mode="python")
        return {f"THROUGHLINE_{name.upper()}": _as_text(value) for name, value in values.items() if value is not None}


def _as_text(value: Any) -> str:
    return str(value.get_secret_value() if isinstance(value, SecretStr) else value)


class ClickHouseRun(BaseModel):
    """How to reach ClickHouse: the writer's account and the analysts'."""

    url: str
    database: str
    user: str
    password: str
    readonly_user: str
    readonly_password: str


class GatewayRun(BaseModel):
    """How to emit over HTTP."""

    url: str
    write_key: str


class ConsoleRun(BaseModel):
    """Where people look."""

    url: str


class Run(BaseModel):
    """`DIR/run.json`: a running instance's addresses, tokens and process ids. Readable by its owner only."""

    kafka: str
    clickhouse: ClickHouseRun
    gateway: GatewayRun
    console: ConsoleRun
    worker: dict[str, str] = Field(default_factory=dict, description="worker id -> URL of its health and metrics")
    pids: dict[str, int] = Field(default_factory=dict)
    group: str = Field("throughline", description="Prefix of the instance's consumer groups")
    partitions: int = Field(4, description="Partitions of every partitioned topic")
    policy: Path = Field(DEFAULT_POLICY, description="The policy file the workers started with")

    def write(self, data: Path) -> None:
        """Replace DIR/run.json in one step, mode 0600."""
        target = data / "run.json"
        draft = target.with_suffix(".tmp")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(self.model_dump(mode="json"), file, indent=2)
        draft.replace(target)

    @classmethod
    def read(cls, data: Path) -> "Run | None":
        """The running instance under `data`, or None where there is no run.json."""
        try:
            return cls.model_validate_json((data / "run.json").read_bytes())
        except FileNotFoundError:
            return None

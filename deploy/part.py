"""The parts of an instance: what runs, on which port, after what, and how one sees that it is ready."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from deploy.kafka.broker import LOOPBACK, accepts, wait_ready
from schemas.settings import Settings

KAFKA, CONTROLLER, CLICKHOUSE, WORKER, WRITER, NOTIFIER, GATEWAY, CONSOLE, REBUILDER = range(9)


@dataclass(frozen=True)
class Part:
    """One process of the tree. Parts of a lower `stage` are ready before those of a higher one are started.

    `tell` is what its command line always holds, to know it again; `port` is what it listens on, `health` the path
    that answers 200 when it is ready ("" asks Kafka's own protocol, or only for an open port).
    """

    name: str
    command: tuple[str, ...]
    port: int
    stage: int = 1
    health: str = "/healthz"
    tell: str = ""
    ready_seconds: float = 60
    stop_seconds: int = 8
    more_ports: tuple[int, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where its HTTP port is."""
        return f"http://{LOOPBACK}:{self.port}"

    def ready(self) -> bool:
        """Whether it answers; takes at most about two seconds."""
        if not accepts(self.port):
            return False
        if self.health.startswith("/"):
            return _answers_ok(self.url + self.health)
        return self.health != "kafka" or _kafka_answers(f"{LOOPBACK}:{self.port}")


def parts_of(settings: Settings) -> tuple[Part, ...]:
    """The parts that an instance of these settings runs itself; an external Kafka or ClickHouse is none of them."""
    base = settings.port_base
    parts = []
    if not settings.kafka:
        # Of the JVM's command line, only this is ours alone.
        properties = str(Path(settings.data).absolute() / "kafka" / "server.properties")
        parts.append(
            Part(
                name="kafka",
                command=_module("deploy.kafka"),
                port=base + KAFKA,
                more_ports=(base + CONTROLLER,),
                stage=0,
                health="kafka",
                tell=properties,
                ready_seconds=90,
                stop_seconds=6,
            )
        )
    if not settings.clickhouse_url:
        parts.append(Part("clickhouse", _module("deploy.clickhouse"), base + CLICKHOUSE, 0, "/ping"))
    return (
        *parts,
        Part("worker", _module("streams.worker"), base + WORKER),
        Part("writer", _module("sinks.writer"), base + WRITER),
        Part("rebuilder", _module("streams.rebuilder"), base + REBUILDER),
        Part("notifier", _module("sinks.notifier"), base + NOTIFIER),
        Part("gateway", _module("gateway.server"), base + GATEWAY),
        Part("console", _module("console.server"), base + CONSOLE),
    )


def _module(name: str) -> tuple[str, ...]:
    return (sys.executable, "-m", name)


def _answers_ok(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def _kafka_answers(bootstrap: str) -> bool:
    try:
        wait_ready(bootstrap, seconds=1.5)
    except TimeoutError:
        return False
    return True

"""The real parts as processes: a broker behind a proxy, workers, writer, ClickHouse, gateway, notifier, rebuilder.

Whatever ends is started again a moment later, as a supervisor would, unless it is held down.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from benchmarks.broker import free_run
from deploy.kafka.broker import Broker, wait_ready
from deploy.kafka.topics import create_topics
from sinks.crash import KILLED, VARIABLE
from tests.faults.clocks import WrongClocks
from tests.faults.disks import Disks
from tests.faults.proxy import Proxy
from tests.process import ROOT, answers, eventually
from tests.sinks.receiver import Receiver, receiving

PARTITIONS, GROUP = 4, "throughline"
# Small ones, so that much can happen between two.
_CHUNK_RECORDS = 500
_AGAIN_SECONDS = 0.3
_LANE_PORTS = 256
# What a broker of minutes compiles a second time, to be quicker for hours, it never gets back.
_BRIEF = {"JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1"}
_HEALTH = {"writer": 4, "notifier": 5, "gateway": 6, "rebuilder": 8}
# Input partitions: of both raw topics, of journey.touchpoints and of identity.links.
_READ = 3 * PARTITIONS + 1
_SECRET = "whsec_dGhlLXNlY3JldC1vZi10aGUtdGVzdHM="
WRITE_KEY, PASSWORD, ANALYST_PASSWORD = "of-the-emitter", "of-the-writer", "of-the-analyst"


@dataclass(frozen=True)
class BehindProxy(Broker):
    """A broker that clients of its second listener reach through a proxy only."""

    inside: int = 0
    proxied: int = 0

    def properties(self) -> dict[str, str]:
        """One more listener, which is advertised as where the proxy listens."""
        found = super().properties()
        found["listeners"] += f",FAULTY://127.0.0.1:{self.inside}"
        found["advertised.listeners"] += f",FAULTY://127.0.0.1:{self.proxied}"
        found["listener.security.protocol.map"] += ",FAULTY:PLAINTEXT"
        return found


@dataclass
class Part:
    """One process. `crash_at` is where its next start is told to end, that start alone; `crashes` how often one did."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    held: bool = False
    crash_at: str = ""
    starts: int = 0
    crashes: int = 0
    process: "subprocess.Popen[bytes] | None" = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def keep(self) -> None:
        """Start it where it is not running and not held."""
        with self._lock:
            if self.held or (self.process is not None and self.process.poll() is None):
                return
            if self.process is not None and self.process.returncode == KILLED:
                self.crashes += 1
            environment = {**os.environ, **self.environment}
            if self.crash_at:
                environment[VARIABLE], self.crash_at = self.crash_at, ""
            with self.log.open("ab") as log:
                log.write(f"--- start {self.starts}, {environment.get(VARIABLE, 'no crash')}\n".encode())
                self.process = subprocess.Popen(self.command, stdout=log, stderr=log, cwd=ROOT, env=environment)
            self.starts += 1

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal; nothing where it is gone."""
        if self.process is not None and self.process.poll() is None:
            with suppress(ProcessLookupError):
                self.process.send_signal(number)

    def hold(self) -> None:
        """Kill it, and let it stay down until `release`."""
        with self._lock:
            self.held = True
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait(20)

    def release(self) -> None:
        """Let it run again."""
        self.held = False


class House:
    """Every part by its name; `workers` are worker-1, worker-2, ...; `spare` is one more, held until it is wanted."""

    def __init__(
        self,
        folder: Path,
        ports: Callable[[int], list[int]],
        workers: int,
        plant: tuple[str, str] = ("", ""),
        disks: bool = False,
        chunk_records: int = _CHUNK_RECORDS,
        brief: bool = True,
    ) -> None:
        """`plant` is code to run instead of a kind of part (worker, writer, ...), for that part alone; `disks` puts
        the broker, ClickHouse and the logs on disks of their own; `chunk_records` is the workers' setting; `brief`
        says that it lives for minutes.
        """
        base = ports(40 + 10 * workers)
        self.folder = folder
        self.disks, self.clocks = Disks(folder, disks), WrongClocks(folder)
        self.broker = BehindProxy(folder / "kafka", base[0], base[1], inside=base[2], proxied=base[3])
        self.kafka_proxy, self.clickhouse_proxy = Proxy(base[3], base[2]), Proxy(base[4], base[7])
        self.bootstrap = self.broker.bootstrap
        self.clickhouse_url = f"http://127.0.0.1:{base[7]}"
        self.gateway_url = f"http://127.0.0.1:{base[20] + 6}"
        self.workers = [f"worker-{number + 1}" for number in range(workers)]
        self.spare = f"worker-{workers + 1}"
        self.parts: dict[str, Part] = {}
        self.receiver: Receiver | None = None
        self.sender: Any = None
        self._plant, self._chunk_records, self._brief = plant, chunk_records, brief
        self._base, self._stopping = base, threading.Event()
        self._keeper = threading.Thread(target=self._keep, daemon=True)

    def settings(self, port_base: int, worker_id: str = "worker-1") -> dict[str, str]:
        """What a part of the product is told."""
        assert self.receiver is not None
        return {
            "THROUGHLINE_KAFKA": f"127.0.0.1:{self.kafka_proxy.port}",
            "THROUGHLINE_KAFKA_INSECURE": "true",
            "THROUGHLINE_CLICKHOUSE_URL": f"http://127.0.0.1:{self.clickhouse_proxy.port}",
            "THROUGHLINE_CLICKHOUSE_PASSWORD": PASSWORD,
            "THROUGHLINE_CLICKHOUSE_READONLY_PASSWORD": ANALYST_PASSWORD,
            "THROUGHLINE_DATA": str(self.folder),
            "THROUGHLINE_PORT_BASE": str(port_base),
            "THROUGHLINE_PARTITIONS": str(PARTITIONS),
            "THROUGHLINE_WORKER_ID": worker_id,
            "THROUGHLINE_CHUNK_RECORDS": str(self._chunk_records),
            "THROUGHLINE_WRITE_KEY": WRITE_KEY,
            "THROUGHLINE_WEBHOOK_URL": self.receiver.url,
            "THROUGHLINE_WEBHOOK_SECRET": _SECRET,
            "THROUGHLINE_WEBHOOK_ALLOW_PRIVATE": "true",
        }

    def _add(self, name: str, module: str, environment: Mapping[str, str]) -> None:
        kind, code = self._plant
        planted = ["-X", "rules=sources", "-c", code]
        command = [sys.executable, *(planted if kind and name.startswith(kind) else ["-m", module])]
        self.parts[name] = Part(name, command, dict(environment), self.log(name), held=name == self.spare)

    def log(self, name: str) -> Path:
        """Where a part says what it does."""
        return self.folder / "logs" / f"{name}.log"

    def build(self) -> None:
        """Start everything, in the order that it needs."""
        base = self._base
        self.broker.prepare()
        self.parts["kafka"] = Part("kafka", self.broker.command(), _BRIEF if self._brief else {}, self.log("kafka"))
        clickhouse = {**self.settings(base[5]), "THROUGHLINE_CLICKHOUSE_URL": ""}
        self._add("clickhouse", "deploy.clickhouse", clickhouse)
        self.kafka_proxy.start()
        self.clickhouse_proxy.start()
        self._keeper.start()
        wait_ready(self.bootstrap, 60)
        create_topics(self.bootstrap, PARTITIONS)
        eventually(lambda: answers(f"{self.clickhouse_url}/ping"), 60)
        for number, name in enumerate((*self.workers, self.spare)):
            told = {**self.settings(base[30 + 10 * number], name), **self.clocks.environment(name)}
            self._add(name, "streams.worker", told)
        for name, module in (
            ("writer", "sinks.writer"),
            ("notifier", "sinks.notifier"),
            ("rebuilder", "streams.rebuilder"),
            ("gateway", "gateway.server"),
        ):
            self._add(name, module, self.settings(base[20]))
        eventually(lambda: answers(f"{self.gateway_url}/readyz"), 60)
        eventually(lambda: self.owned_by(self.workers), 90)

    def owned_by(self, workers: Sequence[str]) -> bool:
        """Whether these workers have every partition among them, restored."""
        lanes = 0
        for name in workers:
            try:
                found = httpx.get(f"{self.worker_page(name)}/readyz", timeout=2).json()
            except (httpx.HTTPError, ValueError):
                return False
            lanes += found["lanes"] if found["ready"] else 0
        return lanes == _READ

    def worker_page(self, name: str) -> str:
        """Where a worker says how it is."""
        return f"http://127.0.0.1:{self._base[30 + 10 * [*self.workers, self.spare].index(name)] + 3}"

    def pages(self) -> dict[str, object]:
        """What every part that has such a page says of how it is, or why it does not."""
        pages = {name: self.worker_page(name) for name in (*self.workers, self.spare)}
        beside = {name: f"http://127.0.0.1:{self._base[20] + offset}" for name, offset in _HEALTH.items()}
        return {name: _page(f"{url}/healthz") for name, url in {**pages, **beside}.items()}

    def _keep(self) -> None:
        while not self._stopping.wait(_AGAIN_SECONDS):
            for part in list(self.parts.values()):
                part.keep()

    def heal(self) -> None:
        """End every trouble: nothing is held, paused, cut or told to crash."""
        self.kafka_proxy.heal()
        self.clickhouse_proxy.heal()
        self.disks.heal()
        self.clocks.heal()
        for part in self.parts.values():
            part.crash_at = ""
            part.signal(signal.SIGCONT)
            if part.name != self.spare:
                part.release()
        if (spare := self.parts.get(self.spare)) is not None:
            spare.held = True
            spare.signal(signal.SIGTERM)

    def stop(self) -> None:
        """Stop every part by its own id."""
        self._stopping.set()
        if self._keeper.is_alive():
            self._keeper.join(5)
        self.heal()
        for part in self.parts.values():
            part.held = True
        for names in (
            (*self.workers, self.spare),
            ("writer", "notifier", "rebuilder", "gateway"),
            ("clickhouse", "kafka"),
        ):
            running = [self.parts[name] for name in names if name in self.parts]
            for part in running:
                part.signal(signal.SIGTERM)
            deadline = time.monotonic() + 15
            for part in running:
                if part.process is None:
                    continue
                try:
                    part.process.wait(max(0.1, deadline - time.monotonic()))
                except subprocess.TimeoutExpired:
                    part.process.kill()
                    part.process.wait()
        self.kafka_proxy.stop()
        self.clickhouse_proxy.stop()
        self.disks.remove()


def _page(url: str) -> object:
    try:
        return httpx.get(url, timeout=2).json()
    except (httpx.HTTPError, ValueError) as error:
        return type(error).__name__


def end_when_told() -> None:
    """Told to stop, this process stops what it started, as on Ctrl-C."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended: told to stop"))


def neighbours(length: int, lane: int = 0, lanes: int = 1) -> list[int]:
    """So many neighbouring free ports; whoever asks at once, in another of the lanes, gets others."""
    first = free_run(length)
    while first // _LANE_PORTS % lanes != lane or (first + length) // _LANE_PORTS != first // _LANE_PORTS:
        first = free_run(length)
    return list(range(first, first + length))


@contextmanager
def house(
    folder: Path,
    ports: Callable[[int], list[int]],
    workers: int = 2,
    plant: tuple[str, str] = ("", ""),
    disks: bool = False,
    chunk_records: int = _CHUNK_RECORDS,
    brief: bool = True,
) -> Iterator[House]:
    """A running house while the block runs."""
    folder.mkdir(parents=True, exist_ok=True)
    with receiving() as receiver:
        built = House(folder, ports, workers, plant, disks, chunk_records, brief)
        built.receiver = receiver
        try:
            built.build()
            yield built
        finally:
            built.stop()

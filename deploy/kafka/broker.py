"""The broker's properties, its storage, and the command line that runs it. Loopback only."""

import re
import shutil
import socket
import subprocess
import time
import uuid
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path

from deploy.kafka.jars import classpath

LOOPBACK = "127.0.0.1"
JAVA_AT_LEAST = 17
_MIB = 1024 * 1024
# Eligible leader replicas (KIP-966) choose among brokers. One alone loses the lead of every partition when it starts
# after a kill, and has it again a moment later: a group coordinator that is loaded in between takes its partition for
# empty, and answers NOT_COORDINATOR until the next start (docs/decisions/0088).
_FEATURES = ("--feature", "eligible.leader.replicas.version=0")


class JavaMissingError(RuntimeError):
    """No Java of the version Kafka needs; the message names the fix."""


class StorageFailedError(RuntimeError):
    """The log directory could not be formatted; the message holds what Kafka said."""


@dataclass(frozen=True)
class Broker:
    """One embedded KRaft node (broker and controller in one process). `folder` is DATA/kafka, ports are TCP ports."""

    folder: Path
    port: int
    controller_port: int
    heap_mib: int = 512

    @property
    def bootstrap(self) -> str:
        """host:port for clients."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def logs(self) -> Path:
        """Where the topics live."""
        return self.folder / "logs"

    @property
    def properties_file(self) -> Path:
        """server.properties, written anew at each start."""
        return self.folder / "server.properties"

    def properties(self) -> dict[str, str]:
        """Every property that differs from Kafka's default, and why where it is not plain."""
        controller = f"{LOOPBACK}:{self.controller_port}"
        return {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@{controller}",
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://{controller}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "PLAINTEXT",
            "controller.listener.names": "CONTROLLER",
            "log.dirs": str(self.logs.absolute()),
            # A topic that springs up by a typo has the wrong partitions for ever.
            "auto.create.topics.enable": "false",
            "num.partitions": "4",
            "default.replication.factor": "1",
            "min.insync.replicas": "1",
            "offsets.topic.replication.factor": "1",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            # One node: fifty partitions each (the default) only make the first start slow.
            "offsets.topic.num.partitions": "8",
            "transaction.state.log.num.partitions": "8",
            "share.coordinator.state.topic.num.partitions": "1",
            "group.initial.rebalance.delay.ms": "0",
            # Workers ask for 8 s, so that a killed one's partitions move soon.
            "group.min.session.timeout.ms": "2000",
            # A killed broker may register again only when its old session has run out: 3 s, not 9.
            "broker.session.timeout.ms": "3000",
            "broker.heartbeat.interval.ms": "500",
            "message.max.bytes": str(16 * _MIB),
            "replica.fetch.max.bytes": str(16 * _MIB),
            # A transaction left open by a killed worker blocks read-committed readers: look for them often.
            "transaction.abort.timed.out.transaction.cleanup.interval.ms": "2000",
            # The next transaction may come while the one before is still being marked as ended: a few milliseconds.
            "add.partitions.to.txn.retry.backoff.ms": "2",
            # A tool whose clock runs ahead is judged by intake, with a reason; the broker would only refuse it.
            "log.message.timestamp.after.max.ms": str(2**63 - 1),
            "log.cleaner.dedupe.buffer.size": str(32 * _MIB),
            "log.retention.check.interval.ms": "60000",
            "log.cleaner.backoff.ms": "5000",
            "num.network.threads": "2",
            "num.io.threads": "4",
            "num.recovery.threads.per.data.dir": "2",
        }

    def prepare(self) -> None:
        """Write server.properties; format the storage once. Raises JavaMissing-, JarsMissing-, StorageFailedError."""
        self.logs.mkdir(parents=True, exist_ok=True)
        lines = [f"{name}={value}" for name, value in self.properties().items()]
        self.properties_file.write_text("\n".join(lines) + "\n")
        if (self.logs / "meta.properties").exists() and (self.logs / "bootstrap.checkpoint").exists():
            return
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode().replace("-", "a", 1)
        # --ignore-formatted: a start killed halfway leaves meta.properties alone, and formatting must go on.
        arguments = ["format", "-t", cluster, "-c", str(self.properties_file), "--ignore-formatted", *_FEATURES]
        command = [*self._java(heap_mib=128), "kafka.tools.StorageTool", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        if done.returncode:
            said = (done.stdout + done.stderr).strip()[-2000:]
            raise StorageFailedError(f"Kafka's storage in {self.logs} could not be formatted:\n{said}")

    def command(self) -> list[str]:
        """The command that runs the broker in the foreground; SIGTERM stops it cleanly."""
        return [*self._java(self.heap_mib), "kafka.Kafka", str(self.properties_file)]

    def _java(self, heap_mib: int) -> list[str]:
        return [
            find_java(),
            f"-Xmx{heap_mib}m",
            "-XX:+ExitOnOutOfMemoryError",
            # G1 is for larger heaps, and for more processors.
            "-XX:+UseSerialGC",
            *(["-XX:TieredStopAtLevel=1"] if heap_mib <= 128 else []),
            "-Djava.awt.headless=true",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
            "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ",
            "-Dorg.slf4j.simpleLogger.showThreadName=false",
            "-cp",
            classpath(),
        ]


def find_java() -> str:
    """The `java` on PATH. Raises JavaMissingError where there is none."""
    java = shutil.which("java")
    if java is None:
        raise JavaMissingError(
            f"Java {JAVA_AT_LEAST} or newer is needed by Kafka: "
            "`make setup` installs it by apt; elsewhere install a JRE, e.g. `brew install openjdk@17`"
        )
    return java


def java_version() -> int:
    """Java's feature release (17, 21, ...), 0 where it cannot be told. Raises JavaMissingError."""
    said = subprocess.run([find_java(), "-version"], capture_output=True, text=True, check=False, timeout=30).stderr
    found = re.search(r'version "(?:1\.)?(\d+)', said)
    return int(found.group(1)) if found else 0


def accepts(port: int, host: str = LOOPBACK, timeout: float = 0.5) -> bool:
    """Whether something listens on the port."""
    try:
        with socket.create_connection((host, port), timeout=timeout):
            return True
    except OSError:
        return False


def wait_ready(bootstrap: str, seconds: float = 60, poll: float = 0.1) -> None:
    """Return when the brokers answer a metadata request with at least one broker. Raises TimeoutError."""
    from kafka.admin import KafkaAdminClient
    from kafka.errors import KafkaError

    host, _, port = bootstrap.split(",", maxsplit=1)[0].rpartition(":")
    deadline = time.monotonic() + seconds
    reason: Exception | str = "nothing listens there"
    while time.monotonic() < deadline:
        if accepts(int(port), host):
            try:
                admin = KafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=5000)
                try:
                    if admin.describe_cluster()["brokers"]:
                        return
                finally:
                    admin.close()
            except (KafkaError, OSError, RuntimeError) as error:
                reason = error
        time.sleep(poll)
    raise TimeoutError(f"Kafka at {bootstrap} was not ready within {seconds:.0f} s: {reason}")

"""What must be right before an instance can start; every reason against it names its fix."""

import importlib.util
import ipaddress
import os
from collections.abc import Sequence
from pathlib import Path

from deploy import port
from deploy.kafka import jars
from deploy.kafka.broker import JAVA_AT_LEAST, JavaMissingError, java_version
from deploy.part import Part
from schemas.settings import Settings


class CannotStartError(RuntimeError):
    """The instance cannot start; the message has one reason a line, each with its fix."""


def blocking(settings: Settings, parts: Sequence[Part]) -> list[str]:
    """Every reason against starting these parts; [] is none."""
    names = {part.name for part in parts}
    reasons = [data_writable(settings.data), kafka_secured(settings)]
    if "kafka" in names:
        reasons += [java(), kafka_jars()]
    if "clickhouse" in names:
        reasons.append(chdb())
    wanted = {number: part.name for part in parts for number in (part.port, *part.more_ports)}
    reasons += [port_free(number, name, settings.port_base) for number, name in sorted(wanted.items())]
    return [reason for reason in reasons if reason]


def java() -> str:
    """Why Java will not do, "" where it will."""
    try:
        version = java_version()
    except JavaMissingError as error:
        return str(error)
    if version >= JAVA_AT_LEAST:
        return ""
    return f"Java {version} is too old for Kafka, which needs {JAVA_AT_LEAST}: install a newer one, or set PATH to it"


def kafka_jars() -> str:
    """Why Kafka's jars will not do."""
    return "" if jars.present() else f"Kafka's jars are missing or of another version: {jars.FIX}"


def chdb() -> str:
    """Why the embedded ClickHouse cannot run."""
    if importlib.util.find_spec("chdb"):
        return ""
    return "chdb, the embedded ClickHouse, is not installed: `make setup`, or `pip install 'throughline[embedded]'`"


def data_writable(data: Path) -> str:
    """Why the data directory will not do."""
    nearest = next(folder for folder in (data.absolute(), *data.absolute().parents) if folder.exists())
    if nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK):
        return ""
    return f"{nearest} cannot be written to: choose another directory with --data, or change its owner"


def port_free(number: int, part: str, port_base: int) -> str:
    """Why a part cannot have its port."""
    if port.free(number):
        return ""
    return (
        f"port {number}, of the {part}, is in use by {port.holder(number)}: "
        f"stop that, or choose other ports with --port-base (now {port_base}; ten in a row are used)"
    )


def kafka_secured(settings: Settings) -> str:
    """Why an external Kafka is refused: off this machine, PLAINTEXT shows every customer to the network."""
    hosts = [address.strip().rpartition(":")[0].strip("[]") for address in settings.kafka.split(",") if address.strip()]
    if settings.kafka_insecure or all(_on_this_machine(host) for host in hosts):
        return ""
    return (
        f"Kafka at {settings.kafka} would be spoken to without encryption (PLAINTEXT): "
        "set THROUGHLINE_KAFKA_INSECURE=true if its network is your own"
    )


def _on_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

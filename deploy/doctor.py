"""`throughline doctor`: every condition of a healthy instance, checked, and for each that fails what to do."""

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from deploy import preflight
from deploy.instance import status
from deploy.kafka.advertised import advertised
from deploy.kafka.broker import LOOPBACK, JavaMissingError, accepts, java_version
from deploy.part import GATEWAY, KAFKA, Part, parts_of
from deploy.supervision.configuration import known_parts, place
from schemas.compiled import is_used
from schemas.settings import Settings

_GIB = 1024**3
LEAST_FREE_GIB = 2
_PACKAGES = ("faust-streaming", "aiokafka", "kafka-python", "clickhouse-connect", "pydantic", "supervisor", "chdb")
_EXTRA = {"chdb"}


@dataclass(frozen=True)
class Check:
    """One condition: `detail` is what was found, `fix` what to do where it is not `ok`."""

    name: str
    ok: bool
    detail: str
    fix: str = ""


def doctor(settings: Settings) -> list[Check]:
    """Check everything that can be checked without changing anything. Takes a few seconds."""
    settings = _as_running(settings.model_copy(update={"data": Path(settings.data).absolute()}))
    parts = parts_of(settings)
    names = {part.name for part in parts}
    checks = [_python(), _packages("clickhouse" in names), _rules()]
    if "kafka" in names:
        checks += [_java(), _reason("kafka jars", preflight.kafka_jars(), "there, of the pinned version")]
    if "clickhouse" in names:
        checks.append(_reason("chdb", preflight.chdb(), "installed"))
    checks += [
        _reason("data directory", preflight.data_writable(settings.data), f"{settings.data} can be written to"),
        _disk(settings.data),
        _reason("kafka security", preflight.kafka_secured(settings), "loopback, or plain text by consent"),
    ]
    checks += _ports(settings, parts)
    checks += _kafka(settings)
    return [*checks, *_running(settings)]


def _as_running(settings: Settings) -> Settings:
    """With the ports of the instance that runs on this data directory, whatever is asked for now."""
    if not status(settings.data):
        return settings
    gateways = [part.port for part in known_parts(place(settings.data)) if part.name == "gateway"]
    return settings.model_copy(update={"port_base": gateways[0] - GATEWAY}) if gateways else settings


def _reason(name: str, reason: str, found: str) -> Check:
    what, _, fix = reason.partition(": ")
    return Check(name, not reason, what or found, fix)


def _python() -> Check:
    version = ".".join(str(number) for number in sys.version_info[:3])
    return Check("python", sys.version_info >= (3, 11), version, "install Python 3.11 or newer, then `make setup`")


def _packages(embedded: bool) -> Check:
    found, missing = [], []
    for name in _PACKAGES:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            if embedded or name not in _EXTRA:
                missing.append(name)
    if missing:
        return Check("packages", False, f"missing: {', '.join(missing)}", "run `make setup`")
    return Check("packages", True, ", ".join(found))


def _rules() -> Check:
    """Either is well: compiled ones are faster."""
    return Check(
        "rules", True, "compiled" if is_used() else "run as Python; with a C compiler `make setup` compiles them"
    )


def _java() -> Check:
    reason = preflight.java()
    try:
        return _reason("java", reason, str(java_version()))
    except JavaMissingError:
        return _reason("java", reason, "")


def _disk(data: Path) -> Check:
    nearest = next(folder for folder in (data, *data.parents) if folder.exists())
    free = shutil.disk_usage(nearest).free / _GIB
    fix = f"free some on the disk of {nearest}, or choose another directory with --data"
    return Check("disk", free >= LEAST_FREE_GIB, f"{free:.1f} GiB free, {LEAST_FREE_GIB} wanted", fix)


def _ports(settings: Settings, parts: tuple[Part, ...]) -> Iterator[Check]:
    ours = {each.name for each in status(settings.data) if each.pid}
    taken = []
    for part in parts:
        for number in (part.port, *part.more_ports):
            reason = "" if part.name in ours else preflight.port_free(number, part.name, settings.port_base)
            if reason:
                taken.append(_reason(f"port {number}", reason, ""))
    first, last = settings.port_base, max(number for part in parts for number in (part.port, *part.more_ports))
    yield from taken or [Check("ports", True, f"{first}-{last} free" + (", or our own instance's" if ours else ""))]


def _kafka(settings: Settings) -> Iterator[Check]:
    """The bootstrap address, then each address it advertises: most first nights with Kafka are lost between the two."""
    if not settings.kafka and not accepts(settings.port_base + KAFKA):
        return
    for address in (settings.kafka or f"{LOOPBACK}:{settings.port_base + KAFKA}").split(","):
        host, _, number = address.strip().rpartition(":")
        try:
            brokers = advertised(host.strip("[]"), int(number))
        except (OSError, ValueError) as error:
            fix = "start that Kafka, or correct THROUGHLINE_KAFKA (host:port of a PLAINTEXT listener)"
            yield Check("kafka bootstrap", False, f"{address.strip()} does not answer: {error}", fix)
            continue
        yield Check("kafka bootstrap", True, f"{address.strip()} answers")
        for broker in brokers:
            yield _advertised(address.strip(), str(broker), accepts(broker.port, broker.host, timeout=3))


def _advertised(bootstrap: str, address: str, reachable: bool) -> Check:
    return Check(
        "kafka advertised listener",
        reachable,
        f"{bootstrap} sends clients to {address}, which {'answers' if reachable else 'cannot be reached from here'}",
        f"set advertised.listeners in that broker's server.properties to an address that this machine reaches "
        f"(now {address}; in a container KAFKA_ADVERTISED_LISTENERS)",
    )


def _running(settings: Settings) -> Iterator[Check]:
    for each in status(settings.data):
        log = f"read {each.log}"
        yield Check(each.name, each.state == "up", f"{each.state} {each.last_log_line}".strip(), log)

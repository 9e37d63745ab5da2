"""Where the supervisor of a data directory keeps its files, and its configuration, written anew at each start."""

import hashlib
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.part import Part

USER = "throughline"
# Above this, the kernel refuses a unix socket's path.
_SOCKET_PATH_BYTES = 100
# Seconds that a part must stay up to count as started; dying sooner, it is restarted with a growing pause.
START_SECONDS = 2
LOG_BYTES = 10 * 1024 * 1024
LOG_COPIES = 3


@dataclass(frozen=True)
class Place:
    """The supervisor's files under one data directory (absolute)."""

    data: Path

    @property
    def folder(self) -> Path:
        """DATA/supervisor."""
        return self.data / "supervisor"

    @property
    def logs(self) -> Path:
        """DATA/logs: one file per part, rotated."""
        return self.data / "logs"

    @property
    def configuration(self) -> Path:
        """supervisord.conf; it holds the socket's password, so only its owner may read it."""
        return self.folder / "supervisord.conf"

    @property
    def parts(self) -> Path:
        """The parts as they were started, for `status`."""
        return self.folder / "parts.json"

    @property
    def pids(self) -> Path:
        """part -> process id, as last seen: what a killed supervisor leaves behind is found by it."""
        return self.folder / "pids.json"

    @property
    def socket(self) -> Path:
        """The supervisor's unix socket; in the temporary directory where DATA's path is too long for one."""
        path = self.folder / "control.sock"
        if len(os.fsencode(path)) <= _SOCKET_PATH_BYTES:
            return path
        digest = hashlib.sha256(os.fsencode(self.data)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"throughline-{os.getuid()}-{digest}.sock"

    def log(self, part: str) -> Path:
        """One part's log."""
        return self.logs / f"{part}.log"


def place(data: Path) -> Place:
    """The supervisor's place under a data directory."""
    return Place(data.absolute())


def write(at: Place, parts: Sequence[Part], password: str) -> None:
    """Write the configuration of these parts (mode 0600). None starts by itself: the order is ours."""
    at.folder.mkdir(parents=True, exist_ok=True)
    at.logs.mkdir(parents=True, exist_ok=True)
    text = _head(at, password) + "".join(_program(at, part) for part in parts)
    descriptor = os.open(at.configuration, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    at.parts.write_text(json.dumps([asdict(part) for part in parts], indent=2))


def known_parts(at: Place) -> list[Part]:
    """The parts as last started; [] where none ever were."""
    try:
        return [
            Part(**{**row, "command": tuple(row["command"]), "more_ports": tuple(row["more_ports"])})
            for row in json.loads(at.parts.read_text())
        ]
    except FileNotFoundError:
        return []


def _head(at: Place, password: str) -> str:
    digest = hashlib.sha1(password.encode()).hexdigest()  # noqa: S324  (the only kind that supervisord reads)
    return f"""[unix_http_server]
file = {_plain(at.socket)}
chmod = 0600
username = {USER}
password = {{SHA}}{digest}

[supervisord]
logfile = {_plain(at.log("supervisor"))}
logfile_maxbytes = {LOG_BYTES}
logfile_backups = {LOG_COPIES}
pidfile = {_plain(at.folder / "supervisord.pid")}
identifier = throughline
nocleanup = true
silent = true
childlogdir = {_plain(at.logs)}

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[rpcinterface:throughline]
supervisor.rpcinterface_factory = deploy.supervision.inside:make_interface
data = {_plain(at.data)}
"""


def _program(at: Place, part: Part) -> str:
    command = " ".join(_quoted(word) for word in part.command)
    # supervisord expands the log file's name twice. It gives up after startretries: inside.py keeps the count, and with
    # it the pause, from growing that far.
    return f"""
[program:{part.name}]
command = {command}
priority = {100 * (part.stage + 1)}
autostart = false
autorestart = true
startsecs = {START_SECONDS}
startretries = 1000000
stopsignal = TERM
stopwaitsecs = {part.stop_seconds}
stopasgroup = false
killasgroup = true
redirect_stderr = true
stdout_logfile = {_plain(_plain(at.log(part.name)))}
stdout_logfile_maxbytes = {LOG_BYTES}
stdout_logfile_backups = {LOG_COPIES}
environment = {_environment(part)}
"""


def _environment(part: Part) -> str:
    values = {"PYTHONUNBUFFERED": "1", "THROUGHLINE_PART": part.name, **part.environment}
    return ",".join(f"{name}={_quoted(value)}" for name, value in values.items())


def _quoted(word: str) -> str:
    return '"' + _plain(word).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _plain(value: object) -> str:
    """supervisord expands % in every value."""
    return str(value).replace("%", "%%")

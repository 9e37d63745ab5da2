"""Processes that a killed supervisor left behind: found by their recorded id, known by command line, then stopped."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

from deploy.supervision.configuration import Place, known_parts


def find(at: Place) -> dict[str, int]:
    """part -> process id of what still runs of this data directory, the supervisor itself last."""
    tells = {part.name: part.tell or " ".join(part.command[1:]) for part in known_parts(at)}
    found = {
        name: pid
        for name, pid in _recorded(at).items()
        if name in tells and is_ours(pid, tells[name], at.data, allow_start=_own_start(name))
    }
    supervisor = _number(at.folder / "supervisord.pid")
    if supervisor and is_ours(supervisor, str(at.configuration), at.data):
        found["supervisor"] = supervisor
    return found


def stop(at: Place, seconds: float = 10) -> dict[str, int]:
    """Stop what `find` finds: SIGTERM, then SIGKILL after `seconds`; Kafka last. Returns what was stopped."""
    found = find(at)
    others = [pid for name, pid in found.items() if name != "kafka"]
    stop_pids(others, seconds)
    stop_pids([pid for name, pid in found.items() if name == "kafka"], seconds)
    return found


def stop_pids(pids: list[int], seconds: float) -> None:
    """SIGTERM to these processes, SIGKILL to those that are still there after `seconds`."""
    for each in (signal.SIGTERM, signal.SIGKILL):
        for pid in pids:
            _signal(pid, each)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and any(exists(pid) for pid in pids):
            time.sleep(0.05)
        pids = [pid for pid in pids if exists(pid)]


def is_ours(pid: int, tell: str, data: Path, allow_start: str = "") -> bool:
    """Whether the process still is what was recorded: ids are used again, and killing a stranger is unforgivable."""
    line = command_line(pid)
    if tell not in line and not (allow_start and allow_start in line):
        return False
    environment = Path(f"/proc/{pid}/environ")
    if not environment.exists():
        return True
    try:
        return f"THROUGHLINE_DATA={data}".encode() in environment.read_bytes().split(b"\0")
    except OSError:
        return False


def command_line(pid: int) -> str:
    """A process's command line, "" where there is none such."""
    listed = subprocess.run(
        ["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return listed.stdout.strip()


def exists(pid: int) -> bool:
    """Whether a process is there and not a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    status = Path(f"/proc/{pid}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except (OSError, IndexError):
        return not Path("/proc/self").exists() or status.exists()


def _own_start(name: str) -> str:
    # The broker's command line is Python's until its storage is formatted, then the JVM's.
    return "deploy.kafka" if name == "kafka" else ""


def _recorded(at: Place) -> dict[str, int]:
    try:
        return {str(name): int(pid) for name, pid in json.loads(at.pids.read_text()).items()}
    except (FileNotFoundError, ValueError):
        return {}


def _number(path: Path) -> int:
    try:
        return int(path.read_text())
    except (FileNotFoundError, ValueError):
        return 0


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return

"""The machine that is measured on: its name for the results, and whether it is quiet enough."""

import os
import platform
import time
from pathlib import Path

from schemas.compiled import is_used

_LOOK_SECONDS = 2.0
QUIET_SHARE = 0.10


def describe() -> str:
    """Processor, cores, memory, system and Python in one line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    )


def rules() -> str:
    """Which form of the rules this checkout runs."""
    return "compiled to C" if is_used() else "run from their sources"


def load() -> float:
    """The load average of the last minute."""
    return os.getloadavg()[0]


def wait_until_quiet(seconds: float) -> float:
    """Wait until others leave nine tenths of the processor free, for so long at most. Returns the share they take."""
    deadline = time.monotonic() + seconds
    while True:
        busy = _busy_share()
        if busy <= QUIET_SHARE or time.monotonic() > deadline:
            return busy


def _busy_share() -> float:
    """How much of all cores was busy during a moment; 0 where the system does not tell (Linux's /proc)."""
    before = _processor_times()
    if before is None:
        return 0.0
    time.sleep(_LOOK_SECONDS)
    after = _processor_times() or before
    total = sum(after) - sum(before)
    idle = sum(after[3:5]) - sum(before[3:5])
    return 1 - idle / total if total else 0.0


def _processor_times() -> list[int] | None:
    try:
        line = Path("/proc/stat").read_text().splitlines()[0]
    except OSError:
        return None
    return [int(part) for part in line.split()[1:9]]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()

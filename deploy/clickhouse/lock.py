"""One process per ClickHouse directory: chDB allows no second, and says so in words that help nobody."""

import fcntl
import os
import time
from pathlib import Path


class DirectoryInUseError(RuntimeError):
    """Another process has the directory open; the message names it and the fix."""


class DirectoryLock:
    """An exclusive lock on `DIRECTORY.lock`. The kernel drops it with the process, so a kill -9 leaves none behind."""

    def __init__(self, directory: Path) -> None:
        self._path = directory.with_name(directory.name + ".lock")
        self._descriptor = -1

    def acquire(self, wait_seconds: float = 5.0) -> None:
        """Take the lock, waiting for a predecessor that is just stopping. Raises DirectoryInUseError."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + wait_seconds
        while True:
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    self._refuse()
                time.sleep(0.1)
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Give the lock back."""
        os.close(self._descriptor)

    def _refuse(self) -> None:
        holder = os.pread(self._descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
        os.close(self._descriptor)
        raise DirectoryInUseError(
            f"{self._path.with_suffix('')} is open in another process (pid {holder}), and the engine allows one. "
            f"Stop that one (`throughline down`, or `kill {holder}`), or use another --data directory"
        )

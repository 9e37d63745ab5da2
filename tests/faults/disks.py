"""Disks of a few hundred MiB, in memory, that can be filled up: of the broker, of ClickHouse, of the parts' logs."""

import os
import subprocess
from contextlib import suppress
from pathlib import Path

_MIB = 1024 * 1024
SIZES_MIB = {"kafka": 700, "clickhouse": 700, "logs": 20}


class Disks:
    """One for each name, at that name in `folder`. `there` is false where none may be mounted."""

    def __init__(self, folder: Path, wanted: bool) -> None:
        self._folder = folder
        self._mounted: list[str] = []
        for name, size in SIZES_MIB.items():
            (folder / name).mkdir(parents=True, exist_ok=True)
            if wanted:
                options = ["-t", "tmpfs", "-o", f"size={size}m", "throughline-faults", str(folder / name)]
                if subprocess.run(["mount", *options], check=False, capture_output=True).returncode == 0:
                    self._mounted.append(name)
        self.there = len(self._mounted) == len(SIZES_MIB)

    def fill(self, name: str) -> None:
        """Take all that is free."""
        descriptor = os.open(self._filler(name), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            for piece in (_MIB, 4096):
                with suppress(OSError):
                    while True:
                        os.write(descriptor, bytes(piece))
        finally:
            os.close(descriptor)

    def heal(self) -> None:
        """Give back what was taken."""
        for name in SIZES_MIB:
            self._filler(name).unlink(missing_ok=True)

    def remove(self) -> None:
        """Unmount them, once nobody uses them."""
        for name in self._mounted:
            subprocess.run(["umount", "--lazy", str(self._folder / name)], check=False, capture_output=True)

    def _filler(self, name: str) -> Path:
        return self._folder / name / "filler"

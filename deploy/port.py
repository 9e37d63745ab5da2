"""TCP ports of loopback: is one free, and if not, who has it."""

import os
import socket
from dataclasses import dataclass
from pathlib import Path

from deploy.kafka.broker import LOOPBACK
from deploy.leftover import command_line

_LISTEN = "0A"


@dataclass(frozen=True)
class Holder:
    """The process that listens on a port; pid 0 where it cannot be told."""

    pid: int
    command: str

    def __str__(self) -> str:
        return f"{self.command or 'a process'} (pid {self.pid})" if self.pid else "another process"


def free(port: int) -> bool:
    """Whether one can listen on the port now."""
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def holder(port: int) -> Holder:
    """Who listens on the port, as far as the system lets one see (Linux's /proc)."""
    inodes = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    for folder in Path("/proc").glob("[0-9]*/fd") if inodes else ():
        try:
            if any(os.readlink(entry.path) in inodes for entry in os.scandir(folder)):
                pid = int(folder.parent.name)
                return Holder(pid, command_line(pid)[:120])
        except OSError:
            continue
    return Holder(0, "")


def _listening_inodes(port: int) -> set[str]:
    found = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        try:
            rows = [line.split() for line in table.read_text().splitlines()[1:]]
        except OSError:
            continue
        found |= {row[9] for row in rows if row[3] == _LISTEN and int(row[1].rpartition(":")[2], 16) == port}
    return found

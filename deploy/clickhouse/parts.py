"""Parts of tables with less in their files than was written.

On a disk that becomes full while they run, chDB's merges end well though nothing reached the files (chDB 4.4): the
table cannot be read from then on, and what the part was merged from will be removed.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_ACTIVE = """
SELECT database, table, name, path, bytes_on_disk FROM system.parts
WHERE active AND database NOT IN ('system', 'INFORMATION_SCHEMA', 'information_schema')
"""


@dataclass(frozen=True)
class Part:
    """One active part, `size` bytes by the engine's own count."""

    database: str
    table: str
    name: str
    path: Path
    size: int

    def is_whole(self) -> bool:
        """Whether its files hold as much as the engine believes; true for one that has just been merged away."""
        try:
            sizes = {file: file.stat().st_size for file in self.path.rglob("*") if file.is_file()}
        except FileNotFoundError:
            return True
        # The list of checksums is what is written last.
        return sizes.get(self.path / "checksums.txt", 0) > 0 and sum(sizes.values()) >= self.size


class Parts:
    """The active parts behind a handle of the engine; each is looked at once, as a part never changes."""

    def __init__(self) -> None:
        self._seen: set[Path] = set()

    def broken(self, handle: Any) -> list[Part]:
        """Those that are not whole, of all that are new since the last call; again each time, until `settled`."""
        active = list(_active(handle))
        broken = [part for part in active if part.path not in self._seen and not part.is_whole()]
        self._seen = {part.path for part in active} - {part.path for part in broken}
        return broken

    def settled(self, parts: list[Part]) -> None:
        """What could be done for them is done: they are not named again."""
        self._seen |= {part.path for part in parts}


def _active(handle: Any) -> Iterator[Part]:
    for line in handle.query(_ACTIVE, "JSONCompactEachRow").bytes().splitlines():
        database, table, name, path, size = json.loads(line)
        yield Part(database, table, name, Path(path), int(size))

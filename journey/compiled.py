"""The rules compiled to C where `make setup` could do it: the same modules, the same outcomes, in less time.

They are in a folder named by a digest of every source here: after any edit none is found, and the sources are run.
`python -X rules=sources` runs them anyway, as coverage and comparisons want.
"""

import sys
from hashlib import blake2b
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

# Not among them are those that define messages of msgspec or pydantic, nor `rebuild`: compiled code never gives its
# thread's turn away, which a long history that is folded in a thread must do now and then.
MODULES = (
    "agreement", "clock", "colleagues", "condition", "correction", "deadline", "deal", "duplicate", "feedback", "fold",
    "kind", "ledger", "overlap", "ownership", "packed", "packing", "position", "profile", "rules", "saying", "score",
    "settling", "track",
)  # fmt: skip
_SOURCES = Path(__file__).parent
BUILT = _SOURCES.parent / ".compiled"


def folder() -> Path:
    """Where modules that were compiled from these very sources are, if they are anywhere."""
    digest = blake2b(f"{sys.version} {EXTENSION_SUFFIXES[0]}".encode(), digest_size=16)
    for source in sorted(_SOURCES.rglob("*.py")):
        digest.update(source.relative_to(_SOURCES).as_posix().encode() + b"\0" + source.read_bytes())
    return BUILT / digest.hexdigest()


def path() -> list[str]:
    """What comes before the sources where the package's modules are looked for."""
    if sys._xoptions.get("rules") == "sources" or not BUILT.exists():
        return []
    found = folder()
    return [str(found)] if found.exists() else []


def is_used() -> bool:
    """Whether this process runs compiled modules."""
    from journey import fold

    return not fold.__file__.endswith(".py")

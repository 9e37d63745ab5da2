"""What every touchpoint passes, compiled to C where `make setup` could do it: the same modules and outcomes, sooner.

They are in a folder named by a digest of every source here: after any edit none is found, and the sources are run.
`python -X rules=sources` runs them anyway, as coverage and comparisons want.
"""

import sys
from functools import cache
from hashlib import blake2b
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

# Not among them are those that define messages of msgspec or pydantic, nor `rebuild`: compiled code never gives its
# thread's turn away, which a long history that is folded in a thread must do now and then.
MODULES = (
    *("journey." + name for name in (
        "account", "agreement", "alert", "calendar", "clock", "colleagues", "condition", "correction", "deadline",
        "deal", "duplicate", "feedback", "fold", "identity", "kind", "ledger", "overlap", "ownership", "packed",
        "packing", "part", "position", "profile", "recent", "record", "rules", "saying", "score", "settling", "state",
        "touch", "track",
    )),
    # What every touchpoint passes on its way to them.
    *("streams." + name for name in (
        "acceptance", "effects", "folding", "gate", "placement", "raw_reader", "record", "stored", "touches",
    )),
    # Every row on its way to ClickHouse.
    *("sinks.clickhouse." + name for name in (
        "columns", "fact_rows", "touchpoint_row", "value",
    )),
)  # fmt: skip
ROOT = Path(__file__).parent.parent
BUILT = ROOT / ".compiled"


def sources() -> list[Path]:
    """Every source of which compiled modules are made, or which these use."""
    besides = [ROOT / f"{name.replace('.', '/')}.py" for name in MODULES if not name.startswith("journey.")]
    return sorted((ROOT / "journey").rglob("*.py")) + besides


def folder() -> Path:
    """Where modules that were compiled from these very sources are, if they are anywhere."""
    digest = blake2b(f"{sys.version} {EXTENSION_SUFFIXES[0]}".encode(), digest_size=16)
    for source in sources():
        digest.update(source.relative_to(ROOT).as_posix().encode() + b"\0" + source.read_bytes())
    return BUILT / digest.hexdigest()


def path(package: str) -> list[str]:
    """What comes before the sources where a package's modules are looked for."""
    if sys._xoptions.get("rules") == "sources" or not BUILT.exists():
        return []
    found = _found() / package
    return [str(found)] if found.exists() else []


# Once for all packages of a process: every source is read for it.
_found = cache(folder)


def is_used() -> bool:
    """Whether this process runs compiled modules."""
    return bool(path("journey"))

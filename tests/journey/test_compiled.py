"""The rules compiled to C say the same as their sources, and are not found once a source is another."""

import subprocess
import sys
from pathlib import Path

import pytest

from schemas import compiled

_ROOT = Path(__file__).parents[2]
# Every fact and every byte of state of some customers, in a process that runs compiled rules or sources.
_SAYS = """
import sys
from hashlib import sha256
from random import Random

from benchmarks.touchpoints import Volume, records
from schemas.compiled import is_used
from journey.correction import arrive, begin
from journey.saying import instant
from journey.policy.reading import read
from journey.rules import Rules
from journey.packed import pack_journey
from schemas.settings import DEFAULT_POLICY
from streams.touches import touch_of
from streams.wire import decode

rules, random, said = Rules(read(DEFAULT_POLICY.read_text())), Random(1), sha256()
journeys = {}
for record in records(Volume(3000, 100)):
    touch = touch_of(decode(record.value), rules.names_read)
    journey = journeys.setdefault(record.customer_id, begin(rules))
    outcome = arrive(journey, record.customer_id, [touch], touch.at + random.randrange(10**9), rules)
    said.update(repr((outcome, pack_journey(journey))).encode())
print(is_used(), said.hexdigest())
"""


def _says(*options: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, *options, "-c", _SAYS], cwd=_ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_compiled_rules_say_what_their_sources_say() -> None:
    if not compiled.folder().exists():
        pytest.skip("they are not compiled here: `make setup` does it where a C compiler is")
    used, said = _says()
    sources_used, says = _says("-X", "rules=sources")
    assert (used, sources_used) == ("True", "False")
    assert said == says


def test_after_an_edit_nothing_compiled_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rule = tmp_path / "journey" / "policy" / "rule.py"
    rule.parent.mkdir(parents=True)
    rule.write_text("limit = 1")
    monkeypatch.setattr(compiled, "MODULES", ("journey.policy.rule",))
    monkeypatch.setattr(compiled, "ROOT", tmp_path)
    monkeypatch.setattr(compiled, "BUILT", tmp_path / "built")
    monkeypatch.setattr(sys, "_xoptions", {})
    monkeypatch.setattr(compiled, "_found", compiled.folder)
    (compiled.folder() / "journey").mkdir(parents=True)
    assert compiled.path("journey") == [str(compiled.folder() / "journey")]
    assert compiled.path("streams") == []
    rule.write_text("limit = 2")
    assert compiled.path("journey") == []


def test_every_module_that_is_compiled_is_there() -> None:
    assert [name for name in compiled.MODULES if not (_ROOT / f"{name.replace('.', '/')}.py").exists()] == []

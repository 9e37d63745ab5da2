"""The set-up: what is pinned is what is declared, and nothing that we install takes a name of ours."""

import re
import subprocess
import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent.parent
OURS = {"schemas", "journey", "sinks", "streams", "gateway", "console", "deploy", "benchmarks"}
PINS = (ROOT / "constraints.txt").read_text()


def test_no_dependency_ships_a_top_level_package_with_one_of_our_names() -> None:
    shipped = metadata.packages_distributions()
    assert {name: shipped[name] for name in OURS & set(shipped) if set(shipped[name]) != {"throughline"}} == {}


def test_every_declared_dependency_is_pinned_to_a_version_it_allows() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = [
        *project["dependencies"],
        *(one for extra in project["optional-dependencies"].values() for one in extra),
    ]
    pinned = dict(re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", PINS, re.MULTILINE))
    for requirement in map(Requirement, declared):
        if requirement.name != "throughline":
            version = pinned.get(canonicalize_name(requirement.name), "")
            assert version, f"{requirement.name} is not in constraints.txt: run `make pins`"
            assert requirement.specifier.contains(version)


def test_every_pin_has_hashes_and_names_no_registry() -> None:
    assert PINS.count("==") == len(re.findall(r"^[a-z0-9._-]+==\S+ \\\n    --hash=sha256:", PINS, re.MULTILINE))
    assert not re.search(r"https?://|--(extra-)?index-url|--find-links|--trusted-host", PINS)


def test_make_help_tells_of_every_target_that_is_meant_for_people() -> None:
    said = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    targets = re.findall(r"^\.PHONY: (\S+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"^  make (\S+)", said, re.MULTILINE)) == set(targets)
    assert {"setup", "demo", "test", "lint", "bench", "clean"} <= set(targets)


def test_a_system_without_what_is_needed_and_without_apt_is_told_in_one_line(tmp_path: Path) -> None:
    bare = tmp_path / "bin"
    bare.mkdir()
    for tool in ("bash", "id", "sed", "head", "env"):
        found = subprocess.run(["bash", "-c", f"command -v {tool}"], capture_output=True, text=True, check=True)
        (bare / tool).symlink_to(found.stdout.strip())
    for need, word in (
        ("java", "JRE"),
        ("jdk", "JDK"),
        ("maven", "maven"),
        ("python", "3.11"),
        ("chromium", "Chromium"),
    ):
        done = subprocess.run(
            [ROOT / "deploy" / "setup.sh", need], env={"PATH": str(bare)}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 1
        assert word in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1


def test_the_data_directory_and_what_is_built_stay_out_of_the_repository() -> None:
    ignored = (ROOT / ".gitignore").read_text().split()
    assert {"var/", ".venv", "deploy/kafka/lib"} <= set(ignored)

"""Compiles the rules' modules to C (`schemas.compiled`) by mypyc, where a C compiler is there. `make setup` runs it."""

import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from schemas.compiled import BUILT, MODULES, folder

_ROOT = BUILT.parent
_SLOWER = "the rules run as Python, at about two fifths of the pace"
# In a process of its own: setuptools changes much of the one it runs in.
_BUILD = """
import sys
from mypyc.build import mypycify
from setuptools import setup

to, *paths = sys.argv[1:]
modules = mypycify(
    ["--follow-imports=silent", "--ignore-missing-imports", *paths],
    opt_level="3", debug_level="0", target_dir=f"{to}/c", group_name="schemas.in_c",
)
setup(name="journey", packages=[], ext_modules=modules,
      script_args=["-q", "build_ext", "--build-lib", f"{to}/lib", "--build-temp", f"{to}/temp"])
"""
_IMPORT = "import sys, importlib; [importlib.import_module(name) for name in sys.argv[1:]]"


def main() -> None:
    """Compile what is not compiled yet. Without it everything works as well, so that nothing here is an error."""
    if folder().exists():
        return
    missing = _missing()
    if missing:
        _say(f"{missing}: {_SLOWER}")
        return
    _say("compiling the rules (a minute, after each change of them)")
    trouble = _compile(folder())
    if trouble:
        _say(f"the rules could not be compiled: {_SLOWER}\n{trouble}")


def _missing() -> str:
    compiler = (sysconfig.get_config_var("CC") or "cc").split()[0]
    if shutil.which(compiler) is None:
        return f"no C compiler ({compiler}) is here"
    if not Path(sysconfig.get_path("include"), "Python.h").exists():
        return "Python's headers (Python.h) are not here"
    return ""


def _compile(to: Path) -> str:
    """Compile into a folder that appears whole or not at all; what went wrong, if something did."""
    BUILT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILT) as place:
        paths = [f"{name.replace('.', '/')}.py" for name in MODULES]
        trouble = _run("-c", _BUILD, place, *paths)
        if trouble:
            return trouble
        for other in BUILT.iterdir():
            if other != Path(place):
                shutil.rmtree(other)
        Path(place, "lib").rename(to)
    trouble = _run("-c", _IMPORT, *MODULES)
    if trouble:
        shutil.rmtree(to)
    return trouble


def _run(*arguments: str) -> str:
    """The last lines of what a Python process said that failed."""
    done = subprocess.run([sys.executable, *arguments], cwd=_ROOT, capture_output=True, text=True, check=False)
    return "\n".join((done.stdout + done.stderr).strip().splitlines()[-5:]) if done.returncode else ""


def _say(text: str) -> None:
    print(f"setup: {text}", file=sys.stderr)


if __name__ == "__main__":
    main()

"""A process ends where it is told to, and nowhere else."""

import os
import subprocess
import sys

from sinks.crash import VARIABLE
from tests.process import ROOT

PASSES = """
from sinks import crash
for n in range(3):
    print(n, flush=True)
    crash.passing("worker.after_commit")
"""


def run(wanted: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, VARIABLE: wanted}
    return subprocess.run(
        [sys.executable, "-c", PASSES], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_it_ends_at_the_place_once_that_was_passed_so_often() -> None:
    found = run("worker.after_commit:1")
    assert (found.returncode, found.stdout) == (137, "0\n1\n")
    assert run("worker.after_commit").stdout == "0\n"


def test_elsewhere_and_unset_it_goes_on() -> None:
    for wanted in ("", "worker.before_commit"):
        found = run(wanted)
        assert (found.returncode, found.stdout) == (0, "0\n1\n2\n")


def test_a_place_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    found = run("worker.nowhere")
    assert found.returncode == 1
    assert "there is no place worker.nowhere; there are gateway.after_produce, worker.after_outputs" in found.stderr

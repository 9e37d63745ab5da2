"""What the peers need beside ours, had once: Kafka Streams compiled by Maven, Quix Streams in its own virtualenv."""

import hashlib
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
_JAVA = FOLDER / "kafka_streams"
_PINS = FOLDER / "quix_streams.txt"
_VIRTUALENV = FOLDER.parent.parent / ".venv-peers"


def classpath() -> str:
    """Of the compiled Kafka Streams peer, whose main class is Peer. Raises RuntimeError where Maven fails."""
    target = _JAVA / "target"
    inputs = [_JAVA / "pom.xml", _JAVA / "Peer.java"]
    _once(
        target / ".made-from",
        inputs,
        [["mvn", "-B", "-q", "-f", str(inputs[0]), "compile", "dependency:copy-dependencies"]],
    )
    return f"{target / 'classes'}:{target / 'lib'}/*"


def quix_python() -> Path:
    """A Python that has Quix Streams. Raises RuntimeError where its packages cannot be had."""
    python = _VIRTUALENV / "bin" / "python"
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    _once(
        _VIRTUALENV / ".made-from",
        [_PINS],
        [
            [sys.executable, "-m", "venv", "--clear", str(_VIRTUALENV)],
            [*pip, "--no-deps", "--require-hashes", "-r", str(_PINS)],
        ],
    )
    return python


def _once(stamp: Path, inputs: list[Path], commands: list[list[str]]) -> None:
    fingerprint = hashlib.sha256(b"".join(path.read_bytes() for path in inputs)).hexdigest()
    if stamp.exists() and stamp.read_text() == fingerprint:
        return
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} failed:\n{(done.stdout + done.stderr).strip()[-2000:]}")
    stamp.write_text(fingerprint)


if __name__ == "__main__":
    classpath()
    quix_python()

"""Kafka's jars: copied once to deploy/kafka/lib by Maven, from the pinned pom.xml beside this file."""

import hashlib
import shutil
import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).parent
POM = FOLDER / "pom.xml"
LIB = FOLDER / "lib"
STAMP = LIB / ".pom.sha256"
FIX = "run `make setup` (it needs Maven: `apt-get install maven`, or your system's package)"


class JarsMissingError(RuntimeError):
    """The jars are not there and could not be had; the message names the fix."""


def present() -> bool:
    """Whether LIB holds the jars of the pom as it is now."""
    return STAMP.exists() and STAMP.read_text() == _fingerprint() and any(LIB.glob("kafka_2.13-*.jar"))


def classpath() -> str:
    """The JVM's class path. Raises JarsMissingError where `present()` is false."""
    if not present():
        raise JarsMissingError(f"Kafka's jars are missing in deploy/kafka/lib: {FIX}")
    return f"{LIB}/*"


def copy() -> int:
    """Copy the jars unless they are there; returns their number. Quiet but for one progress line."""
    if not present():
        maven = shutil.which("mvn")
        if maven is None:
            raise JarsMissingError(f"Maven is not installed: {FIX}")
        shutil.rmtree(LIB, ignore_errors=True)
        _run([maven, "-B", "-q", "-f", str(POM), "dependency:copy-dependencies"])
        STAMP.write_text(_fingerprint())
    return len(list(LIB.glob("*.jar")))


def _run(command: list[str]) -> None:
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    while process.poll() is None:
        time.sleep(0.25)
        jars = len(list(LIB.glob("*.jar"))) if LIB.exists() else 0
        if sys.stderr.isatty():
            sys.stderr.write(f"\rKafka's jars: {jars} copied, {time.monotonic() - started:.0f} s ")
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K")
    if process.returncode:
        said = (process.stdout.read() if process.stdout else "").strip()[-2000:]
        raise JarsMissingError(
            f"Maven could not fetch Kafka's jars (exit {process.returncode}); check the network.\n{said}"
        )


def _fingerprint() -> str:
    return hashlib.sha256(POM.read_bytes()).hexdigest()


def main() -> None:
    """`python -m deploy.kafka.jars`."""
    try:
        print(f"Kafka's jars: {copy()} in deploy/kafka/lib")
    except JarsMissingError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()

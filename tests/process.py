"""Child processes of the tests, and waiting for what they do."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from deploy.kafka.broker import Broker, wait_ready
from deploy.kafka.topics import create_topics

ROOT = Path(__file__).parents[1]


@contextmanager
def child(
    command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None, folder: Path = ROOT
) -> Iterator["subprocess.Popen[bytes]"]:
    """The command while the block runs; stopped at the end by its own id, and only that.

    Its output is appended to `log`, whose end goes with what fails inside the block.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, cwd=folder, env={**os.environ, **(environment or {})}
        )
    try:
        yield process
    except (AssertionError, TimeoutError) as error:
        error.add_note(f"{log.name} says:\n{log.read_text(errors='replace')[-4000:]}")
        raise
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def eventually(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until `holds()`; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.05)


def answers(url: str, status: int = 200) -> bool:
    """Whether GET `url` answers with `status`."""
    try:
        return httpx.get(url, timeout=2).status_code == status
    except httpx.HTTPError:
        return False


@contextmanager
def broker(folder: Path, ports: Sequence[int], partitions: int = 0) -> Iterator[str]:
    """host:port of a broker while the block runs; with `partitions`, the product's topics are there."""
    with broker_process(folder, ports, partitions) as (bootstrap, _):
        yield bootstrap


@contextmanager
def broker_process(
    folder: Path, ports: Sequence[int], partitions: int
) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """The same, with the process for tests that kill it."""
    node = Broker(folder, *ports)
    node.prepare()
    with child(node.command(), folder / "kafka.log") as process:
        wait_ready(node.bootstrap, 60)
        if partitions:
            create_topics(node.bootstrap, partitions)
        yield node.bootstrap, process

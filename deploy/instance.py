"""One instance as a whole: start it, see how it is, stop it. The `throughline` command is a thin dress over this."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy import leftover
from deploy.address import child_environment, run_of, with_addresses
from deploy.kafka.topics import create_topics
from deploy.part import Part, parts_of
from deploy.preflight import CannotStartError, blocking
from deploy.secret import complete, supervisor_password
from deploy.supervision.configuration import Place, known_parts, place, write
from deploy.supervision.inside import note_pids
from deploy.supervision.remote import Remote, Seen
from schemas.settings import Run, Settings

_POLL_SECONDS = 0.15
# A part that dies this often in a row while it is being waited for will not come up by waiting more.
_GIVE_UP_FAILURES = 3


@dataclass(frozen=True)
class Progress:
    """One step of starting or stopping. `state`: starting, ready, restarted, failing, stopping, stopped, done."""

    part: str
    state: str
    message: str
    seconds: float


@dataclass(frozen=True)
class PartStatus:
    """How one part is. `state`: up, starting, backoff, failed, stopping, stopped. `last_log_line` of one not up."""

    name: str
    state: str
    pid: int
    uptime_seconds: float
    restarts: int
    url: str
    log: str
    last_log_line: str = ""


OnProgress = Callable[[Progress], None]


class PartFailedError(RuntimeError):
    """A part did not become ready; the message names it, its last words and its log."""


class Instance:
    """A started instance. Use it as a context manager, or call `stop()`; a detached one is left running."""

    def __init__(self, settings: Settings, run: Run, at: Place, on_progress: OnProgress) -> None:
        self.settings = settings
        self.run = run
        self._place = at
        self._on_progress = on_progress

    def __enter__(self) -> "Instance":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def wait(self, poll_seconds: float = 1.0) -> None:
        """Block until the tree is gone, telling of every part that dies or keeps failing. KeyboardInterrupt passes."""
        told: dict[str, tuple[int, int]] = {}
        while Remote(self._place).alive():
            try:
                for each in Remote(self._place).seen():
                    self._tell(each, told)
            except ConnectionError:
                return
            time.sleep(poll_seconds)

    def stop(self) -> None:
        """Stop every part, readers before what they read from, Kafka last. At most about 15 seconds.

        A second Ctrl-C changes nothing: half a stop would leave processes behind.
        """
        with _deaf_to_ctrl_c():
            stop_tree(self._place, self._on_progress)

    def _tell(self, each: Seen, told: dict[str, tuple[int, int]]) -> None:
        now = (each.deaths, each.failures)
        if each.deaths > told.get(each.name, (0, 0))[0]:
            state = "failing" if each.failures >= _GIVE_UP_FAILURES else "restarted"
            log = self._place.log(each.name)
            message = f"died {each.deaths} times" if state == "failing" else "died and is started again"
            self._on_progress(Progress(each.name, state, f"{message}: {last_line(log)} ({log})", 0.0))
        told[each.name] = now


def silent(_: Progress) -> None:
    """Tell nobody."""


def up(
    settings: Settings,
    on_progress: OnProgress = silent,
    detach: bool = False,
    parts: Sequence[Part] | None = None,
    with_topics: bool = True,
) -> Instance:
    """Start an instance and return when every part is ready.

    The tree runs beside the caller: with `detach` it is left to itself (`down` stops it), without it the caller waits
    with `Instance.wait()` and stops with `Instance.stop()`. Both differ only in that; an exception here stops the tree.
    `with_topics` has missing topics created, and those with another number of partitions refused.
    Raises CannotStartError (each reason with its fix), PartFailedError, PartitionsDifferError.
    """
    settings = complete(settings.model_copy(update={"data": Path(settings.data).absolute()}))
    at = place(settings.data)
    settings.data.mkdir(parents=True, exist_ok=True)
    if Remote(at).alive():
        raise CannotStartError(f"an instance already runs on {at.data}: `throughline down` stops it")
    for name, pid in leftover.stop(at).items():
        on_progress(Progress(name, "stopped", f"left behind by a killed instance (pid {pid})", 0.0))
    chosen = tuple(parts_of(settings) if parts is None else parts)
    reasons = blocking(settings, chosen)
    if reasons:
        raise CannotStartError("\n".join(reasons))
    try:
        _start_tree(at, settings, chosen)
        run = _start_parts(at, settings, chosen, on_progress, with_topics)
    except BaseException:
        with _deaf_to_ctrl_c():
            stop_tree(at, on_progress)
        raise
    return Instance(settings, run, at, silent if detach else on_progress)


def down(data: Path, on_progress: OnProgress = silent) -> bool:
    """Stop the instance on a data directory, and whatever a killed one left. False where nothing ran."""
    at = place(data)
    ran = stop_tree(at, on_progress)
    return bool(leftover.stop(at)) or ran


def status(data: Path) -> list[PartStatus]:
    """Every part of the instance on a data directory, in starting order; [] where none runs."""
    at = place(data)
    try:
        seen = {each.name: each for each in Remote(at).seen()}
    except ConnectionError:
        return []
    return [_status(at, part, seen[part.name]) for part in known_parts(at) if part.name in seen]


def stop_tree(at: Place, on_progress: OnProgress = silent) -> bool:
    """Stop the parts stage by stage, then the supervisor. False where no supervisor answered."""
    remote, started = Remote(at), time.monotonic()
    if not remote.alive():
        return False
    supervisor = remote.pid()
    for stage in _stopping_stages(known_parts(at)):
        for part in stage:
            on_progress(Progress(part.name, "stopping", "", time.monotonic() - started))
            remote.stop(part.name)
        _wait_stopped(remote, stage)
        for part in stage:
            on_progress(Progress(part.name, "stopped", "", time.monotonic() - started))
    remote.shutdown()
    deadline = time.monotonic() + 5
    while leftover.exists(supervisor) and time.monotonic() < deadline:
        time.sleep(0.05)
    for path in (at.data / "run.json", at.pids, at.socket):
        path.unlink(missing_ok=True)
    return True


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def last_line(log: Path) -> str:
    """The last line of a log that says something, at most 300 characters."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 8192))
            lines = file.read().decode(errors="replace").splitlines()
    except FileNotFoundError:
        return ""
    return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "")


def _start_tree(at: Place, settings: Settings, parts: Sequence[Part]) -> None:
    write(at, parts, supervisor_password(at.data))
    at.socket.unlink(missing_ok=True)
    at.pids.unlink(missing_ok=True)
    with (at.logs / "supervisor.out").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "supervisor.supervisord", "--nodaemon", "-c", str(at.configuration)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=child_environment(with_addresses(settings)),
            # Ctrl-C in this terminal is ours to turn into an orderly stop.
            start_new_session=True,
        )
    deadline = time.monotonic() + 15
    while not Remote(at).alive():
        if process.poll() is not None or time.monotonic() > deadline:
            said = (at.logs / "supervisor.out").read_text(errors="replace").strip()[-500:]
            raise PartFailedError(f"the supervisor did not start: {said}")
        time.sleep(0.05)


def _start_parts(
    at: Place, settings: Settings, parts: Sequence[Part], on_progress: OnProgress, with_topics: bool
) -> Run:
    started = time.monotonic()
    full = with_addresses(settings)
    for number in sorted({0, 1} | {part.stage for part in parts}):
        if number == 1:
            wanted = with_topics and full.kafka and _wants_topics(settings, parts)
            made = create_topics(full.kafka, full.partitions) if wanted else []
            if made:
                on_progress(Progress("topics", "ready", f"{len(made)} created", time.monotonic() - started))
        stage = [part for part in parts if part.stage == number]
        for part in stage:
            Remote(at).start(part.name)
            on_progress(Progress(part.name, "starting", "", time.monotonic() - started))
        _wait_ready(at, stage, on_progress, started)
    run = run_of(full, parts)
    note_pids(at, {each.name: each.pid for each in Remote(at).seen() if each.pid}, run)
    on_progress(Progress("", "done", "", time.monotonic() - started))
    return Run.read(at.data) or run


def _wants_topics(settings: Settings, parts: Sequence[Part]) -> bool:
    return bool(settings.kafka) or any(part.name == "kafka" for part in parts)


def _wait_ready(at: Place, stage: Sequence[Part], on_progress: OnProgress, started: float) -> None:
    waiting = {part.name: part for part in stage}
    begun = time.monotonic()
    while waiting:
        seen = {each.name: each for each in Remote(at).seen()}
        for name, part in list(waiting.items()):
            if seen[name].pid and part.ready():
                note_pids(at, {name: seen[name].pid})
                on_progress(Progress(name, "ready", part.url, time.monotonic() - started))
                del waiting[name]
            elif seen[name].failures >= _GIVE_UP_FAILURES:
                raise PartFailedError(f"{name} keeps failing: {last_line(at.log(name))}\n  its log: {at.log(name)}")
            elif time.monotonic() - begun > part.ready_seconds:
                raise PartFailedError(
                    f"{name} was not ready within {part.ready_seconds:.0f} s: {last_line(at.log(name))}\n"
                    f"  its log: {at.log(name)}"
                )
        time.sleep(_POLL_SECONDS)


def _stopping_stages(parts: Sequence[Part]) -> list[list[Part]]:
    """Highest stage first; of the lowest, Kafka by itself and last."""
    last = [part for part in parts if part.name == "kafka"]
    others = [part for part in reversed(parts) if part.name != "kafka"]
    stages = sorted({part.stage for part in others}, reverse=True)
    return [[part for part in others if part.stage == number] for number in stages] + ([last] if last else [])


def _wait_stopped(remote: Remote, stage: Sequence[Part]) -> None:
    names = {part.name for part in stage}
    deadline = time.monotonic() + max((part.stop_seconds for part in stage), default=0) + 2
    while time.monotonic() < deadline:
        if not any(each.pid for each in remote.seen() if each.name in names):
            return
        time.sleep(0.1)


def _status(at: Place, part: Part, seen: Seen) -> PartStatus:
    state = seen.state
    if state in {"up", "starting"}:
        state = "up" if part.ready() else "starting"
    log = at.log(part.name)
    return PartStatus(
        name=part.name,
        state=state,
        pid=seen.pid,
        uptime_seconds=seen.uptime_seconds,
        restarts=seen.deaths,
        url="" if part.health == "kafka" else part.url,
        log=str(log),
        last_log_line="" if state == "up" else last_line(log),
    )

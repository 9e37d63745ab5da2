"""What runs inside supervisord: restarts without end, a bounded pause between them, their count, the process ids."""

import json
from collections import Counter
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any

from supervisor import events

from deploy.supervision.configuration import Place, place
from schemas.settings import Run

# The pause before the next start is as many seconds as there were quick deaths in a row: 1, 2, ... and at most this.
MOST_PAUSE_SECONDS = 10


class Interface:
    """The remote methods `throughline.*`. Made once by supervisord, which calls `noted` for every change of state."""

    def __init__(self, at: Place) -> None:
        self._place = at
        self._deaths: Counter[str] = Counter()
        self._pids: dict[str, int] = {}
        self._failures: Counter[str] = Counter()

    def deaths(self) -> dict[str, int]:
        """How often each part has died by itself since the supervisor started: part -> count."""
        return dict(self._deaths)

    def failures(self) -> dict[str, int]:
        """How often each part has died in a row without staying up: part -> count, 0 left out."""
        return {name: count for name, count in self._failures.items() if count}

    def _noted(self, event: Any) -> None:
        process, name = event.process, str(event.process.config.name)
        if isinstance(event, events.ProcessStateBackoffEvent):
            self._deaths[name] += 1
            self._failures[name] += 1
            excess = process.backoff - MOST_PAUSE_SECONDS
            if excess > 0:
                process.backoff -= excess
                process.delay -= excess
        elif isinstance(event, events.ProcessStateExitedEvent):
            self._deaths[name] += 1
        elif isinstance(event, events.ProcessStateRunningEvent):
            self._failures[name] = 0
            self._keep(name, int(process.pid))

    def _keep(self, name: str, pid: int) -> None:
        self._pids[name] = pid
        note_pids(self._place, {name: pid})


def note_pids(at: Place, pids: dict[str, int], run: Run | None = None) -> None:
    """Merge process ids into DATA/supervisor/pids.json, and into run.json where that is there, or is to be `run`.

    The supervisor and who starts an instance do so at the same time: one after the other.
    """
    with at.pids.with_suffix(".lock").open("w") as lock:
        flock(lock, LOCK_EX)
        known = json.loads(at.pids.read_text()) if at.pids.exists() else {}
        draft = at.pids.with_suffix(".tmp")
        draft.write_text(json.dumps(known | pids))
        draft.replace(at.pids)
        run = run or Run.read(at.data)
        if run is not None:
            run.model_copy(update={"pids": run.pids | pids}).write(at.data)


def make_interface(_supervisord: object, data: str) -> Interface:
    """supervisord's entry point: subscribe, and offer the methods."""
    interface = Interface(place(Path(data)))
    events.subscribe(events.ProcessStateEvent, interface._noted)
    return interface

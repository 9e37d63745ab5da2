"""The running supervisor, spoken to over its unix socket."""

import http.client
import xmlrpc.client
from dataclasses import dataclass
from typing import Any

from supervisor.xmlrpc import SupervisorTransport

from deploy.secret import supervisor_password
from deploy.supervision.configuration import USER, Place

_STATES = {
    "STOPPED": "stopped",
    "STARTING": "starting",
    "RUNNING": "up",
    "BACKOFF": "backoff",
    "STOPPING": "stopping",
    "EXITED": "backoff",
    "FATAL": "failed",
    "UNKNOWN": "failed",
}
_GONE = (OSError, http.client.HTTPException, xmlrpc.client.ProtocolError)


@dataclass(frozen=True)
class Seen:
    """What the supervisor says of one part. `failures` counts deaths in a row without ever staying up."""

    name: str
    state: str
    pid: int
    uptime_seconds: float
    deaths: int
    failures: int


class Remote:
    """Commands to one supervisor. Every method raises ConnectionError where none is there."""

    def __init__(self, at: Place) -> None:
        self._place = at

    def alive(self) -> bool:
        """Whether a supervisor answers."""
        try:
            return bool(self._call("supervisor.getPID"))
        except ConnectionError:
            return False

    def pid(self) -> int:
        """The supervisor's own process id."""
        return int(self._call("supervisor.getPID"))

    def seen(self) -> list[Seen]:
        """Every part, in the order of its stages."""
        deaths, failures = self._call("throughline.deaths"), self._call("throughline.failures")
        rows = sorted(self._call("supervisor.getAllProcessInfo"), key=lambda row: row["name"])
        return [
            Seen(
                name=row["name"],
                state=_STATES[row["statename"]],
                pid=row["pid"],
                uptime_seconds=float(row["now"] - row["start"]) if row["pid"] else 0.0,
                deaths=deaths.get(row["name"], 0),
                failures=failures.get(row["name"], 0),
            )
            for row in rows
        ]

    def start(self, part: str) -> None:
        """Start a part and return at once."""
        self._call("supervisor.startProcess", part, False)

    def stop(self, part: str) -> None:
        """Ask a part to stop and return at once; one that runs no more is left alone."""
        try:
            self._call("supervisor.stopProcess", part, False)
        except xmlrpc.client.Fault:
            return

    def shutdown(self) -> None:
        """Stop whatever still runs, then the supervisor itself."""
        self._call("supervisor.shutdown")

    def _call(self, method: str, *arguments: object) -> Any:
        if not self._place.configuration.exists():
            raise ConnectionError(f"no instance was ever started on {self._place.data}")
        password = supervisor_password(self._place.data)
        transport = SupervisorTransport(USER, password, f"unix://{self._place.socket}")
        try:
            proxy = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
            return getattr(proxy, method)(*arguments)
        except _GONE as error:
            raise ConnectionError(f"no supervisor answers for {self._place.data}: {error}") from error
        finally:
            transport.close()

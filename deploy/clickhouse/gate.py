"""Statements run side by side, and are counted; a repair runs alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition, Lock


class Gate:
    """Whoever wants to be alone waits for those inside, and holds up those who come later."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._inside = 0
        self._closed = False

    def enter(self) -> None:
        """Come in, once nobody is alone."""
        with self._changed:
            self._changed.wait_for(lambda: not self._closed)
            self._inside += 1

    def leave(self) -> None:
        """Called once for each `enter`."""
        with self._changed:
            self._inside -= 1
            self._changed.notify_all()

    @contextmanager
    def alone(self, seconds: float) -> Iterator[bool]:
        """False where those inside took longer than `seconds`: then nobody is alone."""
        with self._changed:
            self._changed.wait_for(lambda: not self._closed)
            self._closed = True
            empty = self._changed.wait_for(lambda: not self._inside, seconds)
            if not empty:
                self._open()
        try:
            yield empty
        finally:
            if empty:
                with self._changed:
                    self._open()

    def _open(self) -> None:
        self._closed = False
        self._changed.notify_all()


class Count:
    """How many do something now."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._count = 0

    @contextmanager
    def one_more(self) -> Iterator[int]:
        """How many there are with this one."""
        with self._lock:
            self._count += 1
            count = self._count
        try:
            yield count
        finally:
            with self._lock:
                self._count -= 1

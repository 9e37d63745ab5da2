"""An object in a process of its own, so that as many work side by side as there are processors."""

import asyncio
import gc
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection, Pipe
from typing import Any

Make = Callable[..., Any]
_GONE_SECONDS = 5.0


class Here:
    """One object in this process, asked like one that is `Apart`."""

    def __init__(self, make: Make, arguments: Sequence[Any]) -> None:
        """`make(told, *arguments)` makes it; `told` takes numbers."""
        self.heard = 0
        self._object = make(self._told, *arguments)

    async def ask(self, method: str, *arguments: Any) -> Any:
        """Call a method in a thread, and wait for what it returns or raises."""
        return await asyncio.to_thread(getattr(self._object, method), *arguments)

    def _told(self, number: int) -> None:
        self.heard += number


class Apart:
    """One object elsewhere. `heard` is the sum of all numbers that it told of."""

    def __init__(self, make: Make, arguments: Sequence[Any]) -> None:
        """`make(told, *arguments)` makes it; `told` takes numbers. All of it is pickled."""
        self.heard = 0
        self._connection, other = Pipe()
        number = other.fileno()
        # Not by multiprocessing: each of its processes begins by importing the whole program that asks.
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from streams.apart import serve; serve()", str(number)],
            pass_fds=[number],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        other.close()
        self._connection.send((make, arguments))

    async def ask(self, method: str, *arguments: Any) -> Any:
        """Call a method there, and wait for what it returns or raises."""
        return await asyncio.to_thread(self._ask, method, arguments)

    def close(self) -> None:
        """End the process, whatever it does."""
        self._connection.close()
        self._process.terminate()
        try:
            self._process.wait(_GONE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ask(self, method: str, arguments: Sequence[Any]) -> Any:
        self._connection.send((method, arguments))
        try:
            while isinstance(answer := self._connection.recv(), int):
                self.heard += answer
        except EOFError:
            code = self._process.wait()
            raise RuntimeError(f"the process that was to {method} has ended, by {code}") from None
        worked, result = answer
        if not worked:
            raise result
        return result


@contextmanager
def apart(make: Make, arguments: Sequence[Sequence[Any]]) -> Iterator[Sequence[Apart | Here]]:
    """One object for each of the arguments, until the end of the block; one that is alone stays here."""
    if len(arguments) == 1:
        yield [Here(make, arguments[0])]
        return
    with ExitStack() as stack:
        made: list[Apart] = []
        for each in arguments:
            made.append(Apart(make, each))
            stack.callback(made[-1].close)
        yield made


def serve() -> None:
    """Make the object and do what it is asked to, until nobody is left to ask; numbers on the way are what it tells."""
    # Ctrl-C is for whoever asks.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection = Connection(int(sys.argv[1]))
    make, given = connection.recv()
    what = None
    # What is read lives for a moment, and is in no cycle.
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    while True:
        try:
            method, arguments = connection.recv()
        # Whoever asks is gone.
        except EOFError:
            return
        try:
            what = what or make(connection.send, *given)
            answer = True, getattr(what, method)(*arguments)
        except Exception as error:
            answer = False, error
        connection.send(answer)

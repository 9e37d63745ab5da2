"""An object in a process of its own, so that as many work side by side as there are processors."""

import asyncio
import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
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
        context = multiprocessing.get_context("spawn")
        self._connection, other = context.Pipe()
        self._sum = context.Value("q", 0)
        self._process = context.Process(target=_serve, args=(other, self._sum, make, arguments), daemon=True)
        self._process.start()
        other.close()

    @property
    def heard(self) -> int:
        """The sum so far."""
        return int(self._sum.value)

    async def ask(self, method: str, *arguments: Any) -> Any:
        """Call a method there, and wait for what it returns or raises."""
        return await asyncio.to_thread(self._ask, method, arguments)

    def close(self) -> None:
        """End the process, whatever it does."""
        self._connection.close()
        self._process.join(0)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join(_GONE_SECONDS)

    def _ask(self, method: str, arguments: Sequence[Any]) -> Any:
        self._connection.send((method, arguments))
        try:
            worked, result = self._connection.recv()
        except EOFError:
            raise RuntimeError(f"the process that was to {method} has ended, by {self._process.exitcode}") from None
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


def _serve(connection: Connection, total: Any, make: Make, arguments: Sequence[Any]) -> None:
    def told(number: int) -> None:
        total.value += number

    # Ctrl-C is for whoever asks.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    what = None
    while True:
        try:
            method, given = connection.recv()
        # Whoever asks is gone.
        except EOFError:
            return
        try:
            what = what or make(told, *arguments)
            answer = True, getattr(what, method)(*given)
        except Exception as error:
            answer = False, error
        connection.send(answer)

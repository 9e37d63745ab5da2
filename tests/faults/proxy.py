"""A TCP proxy that can be told to hurt what goes through it: cut, delay, keep silent, or swallow answers."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

_CHUNK_BYTES = 256 * 1024


class Proxy:
    """Forwards loopback connections on `port` to `target`. Each trouble holds until `heal`.

    `delay_seconds` holds every piece back in both directions; `silent` forwards nothing and keeps connections open
    (half-open); `deaf` forwards requests and swallows the answers; `cut` drops connections and takes no new ones.
    """

    def __init__(self, port: int, target: int) -> None:
        self.port = port
        self.delay_seconds = 0.0
        self.silent = self.deaf = self._down = False
        self._target = target
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def start(self) -> None:
        """Listen."""
        self._thread.start()
        self._call(self._listen)

    def stop(self) -> None:
        """Drop everything."""
        self._call(self._drop)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def cut(self) -> None:
        """Drop every connection, and every new one, until `heal`."""
        self._down = True
        self._call(self._drop)

    def heal(self) -> None:
        """Forward as it should. What was swallowed is gone: those connections are dropped."""
        hurt = self.silent or self.deaf
        self.delay_seconds = 0.0
        self.silent = self.deaf = self._down = False
        if hurt:
            self._call(self._drop)

    def _call(self, what: Callable[[], Coroutine[Any, Any, None]]) -> None:
        asyncio.run_coroutine_threadsafe(what(), self._loop).result(10)

    async def _listen(self) -> None:
        await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def _drop(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._down:
            writer.transport.abort()
            return
        try:
            inner, outer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, outer}
        try:
            await asyncio.gather(self._pump(reader, outer, False), self._pump(inner, writer, True))
        finally:
            self._writers -= {writer, outer}

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answers: bool) -> None:
        with suppress(OSError, asyncio.CancelledError):
            while piece := await reader.read(_CHUNK_BYTES):
                if self.delay_seconds:
                    await asyncio.sleep(self.delay_seconds)
                while self.silent:
                    await asyncio.sleep(0.05)
                if answers and self.deaf:
                    continue
                writer.write(piece)
                await writer.drain()
        writer.transport.abort()

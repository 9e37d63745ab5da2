"""Waiting that a cancellation always gets through, and ending what does not want to end."""

import asyncio
import logging
import time
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from typing import Any

log = logging.getLogger(__name__)
_CANCEL_AGAIN_SECONDS = 2.0


async def happens(event: asyncio.Event, seconds: float | None) -> bool:
    """Wait for the event, so long at most (None: for ever); whether it came.

    `asyncio.wait_for` of Python 3.11 forgets that it was cancelled where the event comes in the same moment.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()


async def ended(tasks: Iterable["asyncio.Task[Any]"], seconds: float) -> bool:
    """Cancel tasks until they have ended, so long at most; whether they have.

    Once is not enough: what a library awaits may swallow a cancellation, and the task goes on.
    """
    waiting, until = set(tasks), time.monotonic() + seconds
    while waiting and time.monotonic() < until:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=_CANCEL_AGAIN_SECONDS)
    return not waiting


async def at_most(seconds: float, work: Coroutine[Any, Any, Any]) -> None:
    """Wait for work to end, well or not, for so long; then cancel it and go on, even where it will not be cancelled."""
    task = asyncio.ensure_future(work)
    done, _ = await asyncio.wait({task}, timeout=seconds)
    if not done:
        task.cancel()
    elif not task.cancelled() and task.exception() is not None:
        log.info("while stopping: %r", task.exception())

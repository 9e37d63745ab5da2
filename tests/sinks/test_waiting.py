"""Cancellations get through, and what swallows one is cancelled again."""

import asyncio
from contextlib import suppress

from sinks.waiting import ended, happens


def test_a_cancellation_in_the_moment_of_the_event_is_not_forgotten() -> None:
    async def scene() -> bool:
        event = asyncio.Event()

        async def waits_for_ever() -> None:
            while True:
                event.clear()
                await happens(event, 60)

        task = asyncio.create_task(waits_for_ever())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        event.set()
        task.cancel()
        await asyncio.wait({task}, timeout=1)
        return task.cancelled()

    assert asyncio.run(scene())


def test_what_happens_is_told_and_what_does_not_is_waited_for_no_longer() -> None:
    async def scene() -> tuple[bool, bool]:
        event = asyncio.Event()
        before = await happens(event, 0.01)
        event.set()
        return before, await happens(event, None)

    assert asyncio.run(scene()) == (False, True)


def test_a_task_that_swallows_a_cancellation_is_cancelled_again() -> None:
    async def scene() -> tuple[bool, bool]:
        async def swallows(times: int) -> None:
            for _ in range(times):
                with suppress(asyncio.CancelledError):
                    await asyncio.sleep(60)
            await asyncio.sleep(60)

        once, for_ever = asyncio.create_task(swallows(1)), asyncio.create_task(swallows(99))
        await asyncio.sleep(0)
        first = await ended([once], 5)
        second = await ended([for_ever], 0.1)
        while not for_ever.done():
            for_ever.cancel()
            await asyncio.sleep(0)
        return first and once.cancelled(), second

    assert asyncio.run(scene()) == (True, False)

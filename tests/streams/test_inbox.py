"""What waits for a transaction: all of it, in order, and where few records came the next one waits for more."""

import asyncio
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from streams.inbox import Chunk, Inbox


class Hand:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def _chunk(records: int, first: int = 0) -> Chunk:
    return Chunk([SimpleNamespace(value=b"12345", offset=first + number) for number in range(records)], lambda: None)


@given(st.lists(st.lists(st.integers(1, 40), max_size=4), max_size=6))
def test_everything_is_taken_once_and_in_order(rounds: list[list[int]]) -> None:
    inbox, put, got = Inbox(), 0, []
    for sizes in rounds:
        for size in sizes:
            inbox.put(_chunk(size, put))
            put += size
        assert (len(inbox), inbox.bytes) == (len(sizes), 5 * sum(sizes))
        got += [record.offset for chunk in inbox.take() for record in chunk.records]
        assert (len(inbox), inbox.bytes) == (0, 0)
    assert got == list(range(put))


@given(st.integers(1, 10_000), st.floats(0, 0.2))
def test_a_small_transaction_is_followed_at_once_and_a_larger_one_after_a_while(records: int, elapsed: float) -> None:
    clock = Hand()
    inbox = Inbox(clock)
    inbox.put(_chunk(records))
    assert inbox.seconds_left == 0
    inbox.take()
    wait = min(0.03, records * 0.002)
    assert abs(inbox.seconds_left - wait) < 1e-9
    clock.at += elapsed
    assert abs(inbox.seconds_left - max(0.0, wait - elapsed)) < 1e-9


def test_what_is_forgotten_is_not_waited_for() -> None:
    inbox = Inbox()
    inbox.put(_chunk(3))
    inbox.clear()
    assert (len(inbox), inbox.bytes, inbox.take()) == (0, 0, [])
    assert inbox.seconds_left == 0


def test_an_arrival_ends_the_wait() -> None:
    async def waited() -> bool:
        inbox = Inbox()
        waiting = asyncio.create_task(inbox.arrival(60))
        await asyncio.sleep(0)
        assert not waiting.done()
        inbox.put(_chunk(1))
        await asyncio.wait_for(waiting, 10)
        await inbox.arrival(0.001)
        return len(inbox) == 1

    assert asyncio.run(waited())

"""Folds in pieces: others are heard meanwhile, few records do not wait for many, and one that is given up says so."""

import asyncio
import time

from streams.effects import Effects, Pieces
from streams.piecemeal import Piecemeal

MANY, FEW = 10_000, 3


def fold(records: int, pieces: int, seconds: float = 0.006) -> Pieces:
    for _ in range(pieces):
        time.sleep(seconds)
        yield None
    yield Effects(taken=records)


def folds(turn: asyncio.Lock | None = None, going: asyncio.Event | None = None) -> Piecemeal:
    if going is None:
        going = asyncio.Event()
        going.set()
    return Piecemeal(turn or asyncio.Lock(), going)


def test_a_fold_answers_what_its_last_piece_does() -> None:
    async def scene() -> None:
        effects = await folds().fold(MANY, lambda: fold(MANY, 3))
        assert effects is not None
        assert effects.taken == MANY

    asyncio.run(scene())


def test_others_are_heard_between_two_pieces() -> None:
    async def scene() -> None:
        heard = 0

        async def listen() -> None:
            nonlocal heard
            while True:
                await asyncio.sleep(0)
                heard += 1

        listening = asyncio.create_task(listen())
        await folds().fold(MANY, lambda: fold(MANY, 10))
        listening.cancel()
        assert heard >= 9

    asyncio.run(scene())


def test_few_records_do_not_wait_for_another_lanes_many() -> None:
    async def scene() -> None:
        turn, order = asyncio.Lock(), list[str]()

        async def one(name: str, records: int, pieces: int) -> None:
            await folds(turn).fold(records, lambda: fold(records, pieces))
            order.append(name)

        await asyncio.gather(one("many", MANY, 10), one("as many", MANY, 5), one("few", FEW, 1))
        assert order == ["few", "many", "as many"]

    asyncio.run(scene())


def test_who_waits_for_the_turn_says_so() -> None:
    async def scene() -> None:
        turn = asyncio.Lock()
        waits = folds(turn)
        async with turn:
            waiting = asyncio.create_task(waits.fold(MANY, lambda: fold(MANY, 1)))
            await asyncio.sleep(0)
            assert waits.is_queued
        assert await waiting is not None
        assert not waits.is_queued

    asyncio.run(scene())


def test_a_fold_is_given_up_where_the_lane_is_to_stand_still() -> None:
    async def scene() -> None:
        going, begun = asyncio.Event(), 0
        going.set()

        def endless() -> Pieces:
            nonlocal begun
            while True:
                begun += 1
                time.sleep(0.006)
                yield None

        folding = asyncio.create_task(folds(going=going).fold(MANY, endless))
        await asyncio.sleep(0.02)
        going.clear()
        assert await folding is None
        assert begun

    asyncio.run(scene())

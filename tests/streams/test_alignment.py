"""What was emitted first goes first, as far as it matters for journeys."""

import asyncio

from streams.alignment import EMITTED_APART_MS, Alignment

EMITTED, OCCURRED = 1_000_000_000, 500_000_000
APART_MS = 86_400_000


def test_a_lane_alone_never_waits() -> None:
    alignment = Alignment(APART_MS)
    alignment.move("a", EMITTED, 0)
    assert alignment.gate("a") is None


def test_a_lane_waits_for_one_that_has_records_emitted_earlier_and_much_older_touchpoints() -> None:
    alignment = Alignment(APART_MS)
    alignment.move("slow", EMITTED, OCCURRED)
    gate = alignment.gate("fast")
    assert gate is not None
    later, newer = EMITTED + EMITTED_APART_MS + 1, OCCURRED + APART_MS + 1
    assert not gate(later, newer)
    assert gate(later - 1, newer), "what was emitted at about the same time goes at once: live beside a backfill"
    assert gate(later, newer - 1), "what happened at about the same time goes at once: a backlog of yesterday"


def test_the_lane_with_the_earliest_record_may_always_go() -> None:
    alignment = Alignment(APART_MS)
    for name, emitted in (("a", EMITTED), ("b", EMITTED + 5000), ("c", EMITTED + 9000)):
        alignment.move(name, emitted, 0)
    gate = alignment.gate("a")
    assert gate is None or gate(EMITTED, OCCURRED * 100)


def test_a_lane_without_records_or_gone_holds_nobody_back() -> None:
    alignment = Alignment(APART_MS)
    alignment.move("idle", None, 0)
    alignment.move("gone", EMITTED, 0)
    alignment.leave("gone")
    assert alignment.gate("fast") is None


def test_a_waiting_lane_wakes_when_another_has_moved() -> None:
    async def scene() -> float:
        alignment = Alignment(APART_MS)
        loop = asyncio.get_running_loop()
        loop.call_later(0.01, alignment.move, "other", EMITTED, OCCURRED)
        started = loop.time()
        await alignment.changed()
        return loop.time() - started

    assert asyncio.run(scene()) < 0.2

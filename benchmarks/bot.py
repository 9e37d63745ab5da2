"""`python -m benchmarks.bot`: one customer with very many touchpoints among others, in order and late."""

import argparse
import json
import random
import time
from datetime import UTC, datetime
from statistics import median
from typing import NamedTuple

from benchmarks.report import TIMES, Figure, Report
from benchmarks.touchpoints import BEGINS_MS
from journey.policy.reading import read
from journey.rules import Rules
from schemas import topic
from schemas.settings import DEFAULT_POLICY
from streams.journeys import JourneyStage

_CHUNK, _OTHERS, _EVERY_MS, _LATE_MS = 8000, 400, 20_000, 5 * 86_400_000


class _Record(NamedTuple):
    value: bytes
    offset: int
    topic: str = topic.TOUCHPOINTS
    partition: int = 0
    key: bytes = b"bot"
    timestamp: int = 0
    headers: tuple[()] = ()


def _touchpoint(customer: str, number: int, at: int) -> bytes:
    moment = datetime.fromtimestamp(at / 1000, UTC).isoformat()
    return json.dumps(
        {
            "id": f"{customer}-{number}", "source": "website", "type": "page.viewed", "team": "marketing",
            "direction": "inbound", "channel": "web", "occurred_at": moment, "customer_id": customer,
            "properties": {"path": f"/page/{number % 50}"},
        }
    ).encode()  # fmt: skip


def measure(touchpoints: int, late: float) -> Report:
    """Chunks of which most is the bot's; `late` is the share of its touchpoints that are up to five days late."""
    lot, stage = random.Random(1), JourneyStage(Rules(read(DEFAULT_POLICY.read_text())), 0, 1)
    spent, sizes, offset = list[float](), list[float](), 0
    for first in range(0, touchpoints, _CHUNK):
        records = []
        for number in range(first, min(first + _CHUNK, touchpoints)):
            at = BEGINS_MS + number * _EVERY_MS
            if lot.random() < late:
                at -= int(lot.random() * _LATE_MS)
            customer = f"person-{number % 997}" if number % _CHUNK < _OTHERS else "bot"
            records.append(_Record(_touchpoint(customer, number, max(at, BEGINS_MS)), offset))
            offset += 1
        started = time.process_time()
        effects = stage.fold(records, BEGINS_MS + touchpoints * _EVERY_MS)
        stage.settle(effects)
        spent.append((time.process_time() - started) * 1000)
        sizes.append(len(effects.state.get("bot", b"")))
    tenth = max(1, len(spent) // 10)
    return Report(
        f"bot-late-{late:g}" if late else "bot",
        f"python -m benchmarks.bot --touchpoints {touchpoints} --late {late:g}",
        [
            Figure("a chunk, the first tenth of them", "ms of processor time", spent[:tenth]),
            Figure("a chunk, the last tenth of them", "ms of processor time", spent[-tenth:]),
            Figure("state of the bot", "bytes", sizes),
        ],
        [Figure("chunk, last tenth / first tenth", TIMES, [median(spent[-tenth:]) / median(spent[:tenth])])],
        [f"{touchpoints:,} touchpoints in chunks of {_CHUNK:,}, {_OTHERS} of each of other people; {late:.0%} late."],
    )


def main() -> None:
    """Print and write the report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bot", description=__doc__)
    parser.add_argument("--touchpoints", type=int, default=1_000_000)
    parser.add_argument("--late", type=float, default=0.0, help="share of the bot's touchpoints that come late")
    given = parser.parse_args()
    report = measure(given.touchpoints, given.late)
    report.write()
    print(f"{report.machine}\n\n{report.table()}")


if __name__ == "__main__":
    main()

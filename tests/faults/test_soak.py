"""The soak's counts say yes to what was sent, and no where a touchpoint is missing, twice, another, or not counted."""

from collections.abc import Iterator
from functools import partial

import httpx
import pytest

from tests.faults import oracle
from tests.faults.house import PASSWORD, House, house, neighbours
from tests.faults.oracle import Verdict
from tests.faults.soak import journeys_of, settled
from tests.faults.stream import Pump, Stream
from tests.faults.tallies import Ask, count, count_journeys, named
from tests.faults.traffic import Traffic, now

EVENTS, SEED = 3_000, 5
WALL = now()


class Whole:
    """A stream that has gone through real parts, and is right; what there is to do wrong to it."""

    def __init__(self, house: House, stream: Stream, client: httpx.Client) -> None:
        self.house, self.stream, self._client = house, stream, client
        self.ask: Ask = partial(oracle.ask, client, house.clickhouse_url)

    def do(self, sql: str) -> None:
        """A statement as the writer."""
        parameters = {"user": "throughline", "password": PASSWORD, "database": "throughline"}
        self._client.post(f"{self.house.clickhouse_url}/", params=parameters, content=sql).raise_for_status()

    def verdict(self) -> Verdict:
        """What the counts say."""
        verdict = Verdict()
        count(self.ask, self.stream.sent, verdict)
        return verdict


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    stream = Stream(SEED, EVENTS, WALL)
    folder = tmp_path_factory.mktemp("house")
    with house(folder, neighbours, workers=1, chunk_records=32_000) as built, httpx.Client(timeout=60) as client:
        pump = Pump(built, stream, 2_000, 60)
        pump.start()
        pump.wait()
        verdict = settled(built, stream, Traffic(SEED, [], []), 90)
        assert verdict.ok, verdict.told
        yield Whole(built, stream, client)


def test_the_same_seed_is_the_same_stream_with_repeats_and_bad_ones_in_it() -> None:
    first, second = Stream(SEED, EVENTS, WALL), Stream(SEED, EVENTS, WALL)
    assert list(first) == list(second)
    assert first.sent == second.sent
    sent = first.sent
    assert sent.records == EVENTS == sent.touchpoints + sent.repeats + sent.poison
    assert min(sent.repeats, sent.poison, sent.people) > 0
    assert len(set(Stream(SEED, EVENTS, WALL))) == sent.touchpoints + sent.poison


def test_what_is_missing_twice_or_another_is_told_and_named(whole: Whole) -> None:
    assert whole.verdict().ok
    # Of somebody who is there without it too.
    twice = "customer_id IN (SELECT customer_id FROM touchpoints GROUP BY ALL HAVING count() > 1)"
    (one,) = whole.ask(
        f"SELECT customer_id, source, id FROM touchpoints WHERE startsWith(id, 'soak-') AND {twice} LIMIT 1"
    )
    which = " AND ".join(f"{name} = '{one[name]}'" for name in ("customer_id", "source", "id"))
    whole.do(f"CREATE TABLE kept ENGINE = Memory AS SELECT * FROM touchpoints WHERE {which}")
    name = f"{one['source']}/{one['id']}"

    def told() -> tuple[int, int, int, list[str]]:
        verdict = whole.verdict()
        lines = named(whole.ask, whole.stream.sent, Stream(SEED, EVENTS, WALL))
        return verdict.lost, verdict.doubled, verdict.diverged, lines

    whole.do("INSERT INTO touchpoints SELECT * REPLACE (concat(customer_id, '-') AS customer_id) FROM kept")
    # Somebody else has it now as well.
    assert told() == (0, 1, 1, [f"{name} is 2 times in ClickHouse"])
    whole.do("DELETE FROM touchpoints WHERE endsWith(customer_id, '-')")
    whole.do(f"DELETE FROM touchpoints WHERE {which}")
    assert told() == (1, 0, 0, [f"{name} is not in ClickHouse"])
    whole.do("INSERT INTO touchpoints SELECT * REPLACE (concat(id, '-') AS id) FROM kept")
    lost, doubled, _, lines = told()
    assert lost + doubled > 0
    assert lines == [f"{name} is not in ClickHouse", f"{name}- was never sent"]
    whole.do("DELETE FROM touchpoints WHERE endsWith(id, '-')")
    whole.do("INSERT INTO touchpoints SELECT * FROM kept")
    assert whole.verdict().ok


def test_journeys_that_have_seen_one_less_or_more_are_told(whole: Whole) -> None:
    values, touchpoints = journeys_of(whole.house.bootstrap), whole.stream.sent.touchpoints
    for expected, lost, doubled in ((touchpoints, 0, 0), (touchpoints + 1, 1, 0), (touchpoints - 1, 0, 1)):
        verdict = Verdict()
        count_journeys(values, expected, verdict)
        assert (verdict.lost, verdict.doubled, verdict.diverged) == (lost, doubled, 0)

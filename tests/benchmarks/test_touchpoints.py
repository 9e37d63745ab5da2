"""The measured data: what the product accepts, of both teams, in proportions that the notes of the results state."""

import json
from itertools import islice

import pytest

from benchmarks.touchpoints import LATEST_MS, Record, Volume, records
from journey.fact import FACTS
from journey.identity import resolve
from journey.policy.reading import read
from journey.rules import Rules
from schemas import topic
from schemas.settings import DEFAULT_POLICY
from schemas.touchpoint import AcceptedTouchpoint
from streams.journeys import JourneyStage
from tests.streams.records import Record as Arrival

VOLUME = Volume(8000, 500)
# What no fold of touchpoints in time says.
BY_OTHERS = {"too_late", "merge", "identity_conflict", "rebuilt"}


@pytest.fixture(scope="module")
def made() -> list[Record]:
    return list(records(VOLUME))


def test_the_same_seed_makes_the_same_bytes(made: list[Record]) -> None:
    assert made == list(records(VOLUME))
    assert made != list(records(Volume(8000, 500, seed=2)))


def test_there_are_as_many_records_and_customers_as_asked_for(made: list[Record]) -> None:
    assert len(made) == VOLUME.touchpoints
    assert 0.97 * VOLUME.customers <= len({record.customer for record in made}) <= VOLUME.customers


def test_every_record_is_an_accepted_touchpoint_of_the_customer_whom_its_identifiers_name(made: list[Record]) -> None:
    for record in islice(made, 0, None, 20):
        touchpoint = AcceptedTouchpoint.model_validate_json(record.value)
        assert touchpoint.customer is not None
        assert resolve(touchpoint.customer) == (touchpoint.customer_id, touchpoint.customer)
        assert touchpoint.customer_id == record.customer_id


def test_some_records_come_twice_and_some_late_but_within_the_correction_window(made: list[Record]) -> None:
    touchpoints = [AcceptedTouchpoint.model_validate_json(record.value) for record in made]
    assert 0.01 < 1 - len({(each.source, each.id) for each in touchpoints}) / len(made) < 0.03
    behind = [(each.received_at - each.occurred_at).total_seconds() * 1000 for each in touchpoints]
    assert 0.03 < sum(ms > 0 for ms in behind) / len(made) < 0.07
    assert 0 <= min(behind) <= max(behind) < LATEST_MS


def test_the_default_policy_finds_every_kind_of_fact_in_what_both_teams_do(made: list[Record]) -> None:
    stage = JourneyStage(Rules(read(DEFAULT_POLICY.read_text())), 0, 4)
    said: set[str] = set()
    for start in range(0, len(made), 100):
        arrivals = [Arrival(record.value, topic=topic.TOUCHPOINTS) for record in made[start : start + 100]]
        effects = stage.fold(arrivals, 2**41)
        stage.settle(effects)
        said |= {json.loads(value or b"")["fact"] for _, value, _ in effects.outputs.get((topic.FACTS, 0), [])}
    assert said >= {fact.__struct_config__.tag for fact in FACTS} - BY_OTHERS
    assert {AcceptedTouchpoint.model_validate_json(each.value).team for each in made} == {"marketing", "sales"}

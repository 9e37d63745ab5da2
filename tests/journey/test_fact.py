"""The compact facts of the fold are the facts of schemas/, field by field and value by value."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from journey import fact as compact
from journey.alert import alerts
from journey.saying import instant
from schemas import alert as alert_schema
from schemas import fact as schema
from tests.journey.journeys import touches
from tests.journey.telling import DAY, START, Story

ANY_FACT: TypeAdapter[schema.Fact] = TypeAdapter(schema.Fact)


@pytest.mark.parametrize("model", schema.FACTS, ids=lambda model: model.__name__)
def test_each_model_has_a_compact_twin_with_the_same_fields(model: type) -> None:
    twin = getattr(compact, model.__name__)
    assert {field.name for field in msgspec.structs.fields(twin)} | {"fact"} == set(model.model_fields)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_every_fact_and_alert_of_any_journey_reads_back_as_its_model(data: st.DataObject) -> None:
    story = Story()
    for one in data.draw(touches(days=20)):
        outcome = story.arrive([one], one.at)
        for told in alerts(outcome, instant(one.at)):
            alert_schema.Alert.model_validate_json(msgspec.json.encode(told))
    story.arrive([], START + 60 * DAY)
    for fact in story.published.values():
        read = ANY_FACT.validate_json(msgspec.json.encode(fact))
        assert read.model_dump(mode="python", exclude={"fact"}) == ANY_FACT.validate_python(
            {**msgspec.to_builtins(fact, builtin_types=()), "fact": read.fact}
        ).model_dump(mode="python", exclude={"fact"})

"""The journey stage: chunks in, packed journeys and facts out; restored from bytes as if nothing had happened."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.touch import Touch
from schemas import topic
from streams.control import headers_of
from streams.effects import Effects
from streams.journeys import JourneyStage
from streams.stored import BODY, VERSION, BrokenStateError, UnknownVersionError, due_of, pack, unpack
from tests.journey.journeys import touches
from tests.journey.telling import DAY, RULES, START, Story, touch
from tests.streams.records import Record

LATER = START + 60 * DAY


def wired(one: Touch, customer_id: str = "c-1") -> bytes:
    fields = {name: getattr(one, name) for name in Touch.field_names() if getattr(one, name) is not None}
    at = fields.pop("at")
    moment = datetime.fromtimestamp(at / 1000, UTC)
    return json.dumps({**fields, "occurred_at": moment.isoformat(), "customer_id": customer_id}).encode()


def fold(stage: JourneyStage, told: Sequence[Touch], wall: int = LATER) -> Effects:
    effects = stage.fold([Record(wired(one), topic=topic.TOUCHPOINTS) for one in told], wall)
    stage.settle(effects)
    return effects


def facts(effects: Effects) -> list[dict[str, object]]:
    return [json.loads(value) for _, value, _ in effects.outputs.get((topic.FACTS, 0), [])]


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_a_stage_restored_from_its_own_records_goes_on_as_the_first_one_would(data: st.DataObject) -> None:
    told = data.draw(touches(days=30))
    cut = data.draw(st.integers(0, len(told)))
    whole, first = JourneyStage(RULES, 0, 4), JourneyStage(RULES, 0, 4)
    fold(whole, told[:cut])
    fold(whole, told[cut:])
    fold(first, told[:cut])
    restored = JourneyStage(RULES, 0, 4)
    restored.restore([Record(value, key.encode()) for key, value in first.packed()])
    restored.restored(first.watermark)
    fold(restored, told[cut:])
    assert dict(restored.packed()) == dict(whole.packed())
    swept = [stage.sweep(LATER, LATER) for stage in (whole, restored)]
    first_swept, second_swept = (effects.state if effects else None for effects in swept)
    assert first_swept == second_swept


def test_each_changed_customer_is_written_once_per_chunk() -> None:
    stage = JourneyStage(RULES, 0, 4)
    effects = fold(stage, [touch(f"t{n}", START + n, "page.viewed") for n in range(50)])
    assert list(effects.state) == ["c-1"]
    assert effects.counts["folded",] == 50


def test_a_sweep_finds_who_stalled_and_says_it_once() -> None:
    stage = JourneyStage(RULES, 0, 4)
    fold(stage, [touch("t1", START, "trial.started")], wall=START)
    assert stage.sweep(START + 6 * DAY, START + 6 * DAY) is None
    effects = stage.sweep(START + 8 * DAY, START + 8 * DAY)
    assert effects is not None
    stage.settle(effects)
    assert [fact["fact"] for fact in facts(effects)] == ["stalled"]
    ((_, alert, _),) = effects.outputs[topic.ALERTS, 0]
    assert alert is not None
    assert json.loads(alert)["type"] == "prospect.stalled"
    assert stage.sweep(START + 8 * DAY, START + 8 * DAY) is None


def test_a_deadline_that_was_put_off_is_kept_at_its_later_time_and_once() -> None:
    stage = JourneyStage(RULES, 0, 4)
    for day in range(4):
        fold(stage, [touch(f"t{day}", START + day * DAY, "trial.started")], wall=START + day * DAY)
    assert stage.sweep(START + 9 * DAY, START + 9 * DAY) is None
    effects = stage.sweep(START + 11 * DAY, START + 11 * DAY)
    assert effects is not None
    stage.settle(effects)
    assert [fact["at"] for fact in facts(effects)] == ["2026-01-15T10:00:00Z"]
    assert stage.sweep(START + 11 * DAY, START + 11 * DAY) is None


def test_effects_that_were_never_settled_change_nothing() -> None:
    stage = JourneyStage(RULES, 0, 4)
    before = dict(stage.packed())
    first = stage.fold([Record(wired(touch("t1", START, "form.submitted")), topic=topic.TOUCHPOINTS)], START)
    assert dict(stage.packed()) == before
    again = stage.fold([Record(wired(touch("t1", START, "form.submitted")), topic=topic.TOUCHPOINTS)], START)
    assert first.state == again.state


def test_a_record_that_is_no_touchpoint_is_rejected_and_delays_nobody() -> None:
    stage = JourneyStage(RULES, 0, 4)
    records = [Record(b"{", topic=topic.TOUCHPOINTS), Record(wired(touch("t1", START, "form.submitted")))]
    effects = stage.fold(records, START)
    assert len(effects.outputs[topic.REJECTED, 0]) == 1
    assert list(effects.state) == ["c-1"]


def test_a_control_record_of_a_later_release_is_refused_and_not_passed_over() -> None:
    record = Record(b'{"control":"annul","customer_id":"c-1"}', b"c-1", topic.TOUCHPOINTS, headers=headers_of(b"annul"))
    with pytest.raises(UnknownVersionError, match=r"'annul'.*upgrade every worker"):
        JourneyStage(RULES, 0, 1).fold([record], LATER)


def test_state_of_a_later_release_is_refused_before_anything_is_folded() -> None:
    stage = JourneyStage(RULES, 0, 1)
    effects = fold(stage, [touch("t1", START, "email.sent")])
    (value,) = effects.state.values()
    later = Record(bytes([VERSION + 1]) + value[1:], b"c-1", topic.STATE)
    stage.restore([later])
    with pytest.raises(UnknownVersionError, match="upgrade every worker"):
        stage.restored(0)


def test_touchpoints_without_a_customer_touch_no_journey() -> None:
    stage = JourneyStage(RULES, 0, 4)
    effects = stage.fold([Record(wired(touch("t1", START, "spend.recorded"), ""))], START)
    assert effects.state == {}


def test_damaged_state_names_its_customer() -> None:
    stage = JourneyStage(RULES, 0, 4)
    stage.settle(stage.fold([Record(wired(touch("t1", START, "page.viewed"), "jo"))], START))
    (value,) = [value for _, value in stage.packed()]
    stage.restore([Record(value[:BODY] + b"damaged", b"jo")])
    with pytest.raises(BrokenStateError, match=r"customer jo: .*damaged"):
        stage.fold([Record(wired(touch("t2", START, "page.viewed"), "jo"))], START)


def test_a_packed_journey_tells_its_version_and_what_is_due_without_being_unpacked() -> None:
    story = Story()
    story.arrive([touch("t1", START, "trial.started")])
    value = pack(story.journey)
    assert (value[0], due_of(value)) == (VERSION, START + 7 * DAY)
    assert pack(unpack(value)) == value
    for other, remedy in ((VERSION - 1, "delete the state topic"), (9, "upgrade every worker")):
        with pytest.raises(UnknownVersionError, match=f"version {other}.*{remedy}"):
            unpack(bytes((other,)) + value[1:])


def test_a_sweep_goes_in_slices_and_misses_nobody() -> None:
    stage = JourneyStage(RULES, 0, 1)
    values = [Record(wired(touch("t1", START, "trial.started"), f"c-{number}")) for number in range(230)]
    stage.settle(stage.fold(values, START))
    swept: list[set[str]] = []
    while effects := stage.sweep(START + 8 * DAY, START + 8 * DAY):
        stage.settle(effects)
        swept.append(set(effects.state))
    assert max(map(len, swept)) <= 50
    assert sum(map(len, swept)) == len(set().union(*swept)) == 230

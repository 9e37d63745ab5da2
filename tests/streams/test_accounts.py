"""From two people's touchpoints to an overlap of their account: intake tells the account, its partition folds it."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from journey.account import account_id_of, free_domains
from journey.identity import customer_id_of
from schemas import topic
from streams.control import ACCOUNT, kind_of
from streams.effects import Effects
from streams.intake import IntakeStage
from streams.journeys import JourneyStage
from streams.placement import partition_of
from streams.stored import unpack
from tests.journey.telling import DAY, RULES, START
from tests.streams.records import Record, raw

PARTITIONS = 4
ACME = account_id_of("acme.example")
LATER = START + 60 * DAY


def sent(number: str, day: int, team: str, who: str, **changes: Any) -> bytes:
    at = f"2026-01-{day:02}T10:00:00Z"
    given = {"id": number, "source": "ex", "type": "email.sent", "team": team, "direction": "outbound"}
    return raw(**{**given, "occurred_at": at, "subject": "pricing", "customer": {"email": who}, **changes})


def accepted(*values: bytes) -> list[Record]:
    """The records of journey.touchpoints that intake makes of these, in the order it writes them."""
    stage = IntakeStage(topic.RAW_SALES, PARTITIONS, DAY, "US", free_domains())
    effects = stage.fold([Record(value, offset=offset) for offset, value in enumerate(values)], LATER, None)
    return [
        Record(value, key, name, partition, offset, headers=headers)
        for (name, partition), outputs in effects.outputs.items()
        for offset, (key, value, headers) in enumerate(outputs)
    ]


def of_account(records: list[Record]) -> list[Record]:
    return [record for record in records if kind_of(record.headers) == ACCOUNT]


def fold(stage: JourneyStage, records: list[Record], wall: int = START + 3 * DAY) -> Effects:
    effects = stage.fold(records, wall)
    stage.settle(effects)
    return effects


def said(effects: Effects, name: str = topic.FACTS) -> list[dict[str, Any]]:
    return [json.loads(value or b"") for (at, _), told in effects.outputs.items() if at == name for _, value, _ in told]


BOTH = (sent("m1", 6, "marketing", "jo@acme.example"), sent("s1", 7, "sales", "kim@acme.example"))


def test_what_matters_to_an_account_goes_to_its_key_too_and_names_the_person() -> None:
    record, *others = of_account(accepted(BOTH[0]))
    envelope = json.loads(record.value or b"")
    assert others == []
    assert (record.key, record.partition) == (ACME.encode(), partition_of(ACME, PARTITIONS))
    assert (envelope["customer_id"], envelope["account_id"]) == (ACME, ACME)
    assert envelope["derived_id"] == customer_id_of("email", "jo@acme.example")


def test_what_does_not_matter_and_free_mail_go_to_the_customer_only() -> None:
    seen = sent("v", 6, "marketing", "jo@acme.example", type="page.viewed", direction="inbound")
    assert of_account(accepted(seen, sent("f", 6, "sales", "jo@gmail.com"))) == []


def test_two_teams_reaching_two_people_of_one_account_are_an_overlap_of_the_account() -> None:
    stage = JourneyStage(RULES, 0, PARTITIONS)
    effects = fold(stage, accepted(*BOTH))
    (overlap,) = [fact for fact in said(effects) if fact["fact"] == "overlap" and fact["kind"] == "account"]
    assert (overlap["customer_id"], overlap["subject"], overlap["severity"]) == (ACME, "pricing", "medium")
    assert [alert["type"] for alert in said(effects, topic.ALERTS) if alert["customer_id"] == ACME] == [
        "overlap.opened"
    ]
    assert {fact["fact"] for fact in said(effects) if fact["customer_id"] == ACME} == {"overlap"}


def test_it_expires_by_the_sweep_and_a_restored_stage_knows_that_it_is_an_account() -> None:
    first, stage = JourneyStage(RULES, 0, PARTITIONS), JourneyStage(RULES, 0, PARTITIONS)
    fold(first, accepted(*BOTH))
    stage.restore([Record(value, key.encode()) for key, value in first.packed()])
    stage.restored(first.watermark)
    effects = stage.sweep(START + 16 * DAY, START + 16 * DAY)
    assert effects is not None
    (overlap,) = [fact for fact in said(effects) if fact["fact"] == "overlap"]
    assert (overlap["customer_id"], overlap["resolution"]) == (ACME, "expiry")
    assert unpack(effects.state[ACME]).account


def test_an_accounts_copies_are_not_counted_as_touchpoints() -> None:
    effects = fold(JourneyStage(RULES, 0, PARTITIONS), accepted(*BOTH, *BOTH))
    assert effects.counts["folded",] == 4
    assert effects.counts["duplicates",] == 2


def test_what_comes_too_late_for_an_account_is_said_and_left_out() -> None:
    stage = JourneyStage(RULES, 0, PARTITIONS)
    fold(stage, accepted(sent("new", 28, "sales", "kim@acme.example")), LATER)
    effects = fold(stage, accepted(sent("old", 1, "marketing", "jo@acme.example")), LATER)
    assert [fact["fact"] for fact in said(effects) if fact["customer_id"] == ACME] == ["too_late"]


@given(st.permutations([*BOTH, sent("m2", 8, "marketing", "lee@acme.example"), BOTH[0]]), st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_any_order_and_grouping_ends_in_the_same_account(values: list[bytes], size: int) -> None:
    expected, stage = JourneyStage(RULES, 0, PARTITIONS), JourneyStage(RULES, 0, PARTITIONS)
    fold(expected, accepted(*BOTH, sent("m2", 8, "marketing", "lee@acme.example")))
    for start in range(0, len(values), size):
        fold(stage, accepted(*values[start : start + size]))
    heads = [unpack(dict(each.packed())[ACME]).head for each in (expected, stage)]
    assert heads[0] == heads[1]

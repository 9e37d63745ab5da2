"""The simulator: one seed, one story; touchpoints that validate; and everything that goes wrong in the field."""

from collections import Counter
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import msgspec
import pytest
from pydantic import ValidationError

from gateway.simulation import Record, Simulation
from gateway.simulation.rhythm import DAY, HOUR, weekday
from journey.identity import normalise
from schemas.touchpoint import MAX_TOUCHPOINT_BYTES, Touchpoint

UNTIL = 1_790_000_000_000 // DAY * DAY
NEEDED = {
    "ad.viewed", "ad.clicked", "page.viewed", "social.engaged", "content.downloaded",
    "event.badge_scanned",
    "form.submitted", "webinar.attended", "chat.started", "demo.requested", "trial.started", "email.sent",
    "email.opened", "email.clicked", "email.received", "call.logged", "meeting.held", "demo.held",
    "lead.qualified", "lead.routed",
    "lead.accepted", "lead.rejected", "lead.confirmed", "lead.recycled", "lead.disqualified", "lead.rated",
    "owner.assigned", "owner.claimed", "owner.released", "deal.created", "deal.won", "deal.lost", "deal.reopened",
    "deal.renewed", "subscription.expanded", "subscription.cancelled", "quote.sent", "quote.accepted", "quote.declined",
    "contract.sent", "review.posted", "referral.made", "case_study.agreed", "spend.recorded",
}  # fmt: skip


def records(seed: int = 1, customers: int = 3000, days: int = 90) -> list[Record]:
    return list(Simulation(seed, customers, days, UNTIL).history())


@pytest.fixture(scope="module")
def told() -> list[Record]:
    return records()


@pytest.fixture(scope="module")
def good(told: list[Record]) -> list[Any]:
    """Every touchpoint once, as JSON gives it."""
    first: dict[tuple[str, str], Any] = {}
    for record in told:
        if not record.bad:
            touchpoint = msgspec.json.decode(record.value or b"")
            first.setdefault((touchpoint["source"], touchpoint["id"]), touchpoint)
    return list(first.values())


def test_the_same_seed_tells_the_same_story_byte_by_byte() -> None:
    assert records(4, 80, 30) == records(4, 80, 30)


def test_another_seed_tells_another_story_of_other_touchpoints() -> None:
    def ids(seed: int) -> set[str]:
        return {msgspec.json.decode(r.value or b"")["id"] for r in records(seed, 80, 30) if not r.bad}

    assert not ids(4) & ids(5)


def test_records_come_in_order_of_arrival_and_end_in_time(told: list[Record]) -> None:
    arrivals = [record.at for record in told]
    assert arrivals == sorted(arrivals)
    assert arrivals[-1] <= UNTIL


def test_every_good_record_is_a_touchpoint_on_the_topic_of_its_team(told: list[Record]) -> None:
    for record in told:
        if not record.bad:
            touchpoint = Touchpoint.model_validate_json(record.value or b"")
            assert record.topic == f"touchpoints.{touchpoint.team}"


def test_everything_the_policy_reacts_to_occurs(good: list[Any]) -> None:
    assert {touchpoint["type"] for touchpoint in good} >= NEEDED


def test_one_in_two_hundred_records_is_bad_in_many_ways(told: list[Record]) -> None:
    bad = [record.value for record in told if record.bad]
    assert 0.003 < len(bad) / len(told) < 0.008
    assert None in bad
    assert all(record.key for record in told if record.value is None)
    assert any(value is not None and len(value) > MAX_TOUCHPOINT_BYTES for value in bad)
    faults = Counter(_fault(value, told[-1].at) for value in bad)
    assert set(faults) >= {"null", "broken", "missing", "extra_forbidden", "future", "other"}


def _fault(value: bytes | None, now: int) -> str:
    if value is None:
        return "null"
    try:
        touchpoint = Touchpoint.model_validate_json(value)
    except ValidationError as error:
        kind = error.errors()[0]["type"]
        return {"json_invalid": "broken"}.get(kind, kind if kind in {"missing", "extra_forbidden"} else "other")
    if touchpoint.occurred_at > datetime.fromtimestamp(now / 1000, UTC):
        return "future"
    return "no usable identifier, or too large"


def test_one_in_fifty_touchpoints_is_emitted_again(told: list[Record], good: list[Any]) -> None:
    emitted = sum(not record.bad for record in told)
    assert 0.015 < 1 - len(good) / emitted < 0.027


def test_a_few_touchpoints_arrive_beyond_the_correction_window_and_more_within_days(told: list[Record]) -> None:
    late = [record.at - _occurred(record) for record in told if not record.bad]
    assert min(late) >= -1
    assert 0.0003 < sum(ms > 7 * DAY for ms in late) / len(late) < 0.003
    assert 0.01 < sum(HOUR < ms <= 7 * DAY for ms in late) / len(late) < 0.10


def _occurred(record: Record) -> float:
    return datetime.fromisoformat(msgspec.json.decode(record.value or b"")["occurred_at"]).timestamp() * 1000


def test_a_person_has_several_identifiers_in_several_spellings_and_no_crm_id(good: list[Any]) -> None:
    customers = [touchpoint["customer"] for touchpoint in good if "customer" in touchpoint]
    assert {kind for named in customers for kind in named} == {"anonymous_id", "email", "phone", "account"}
    for kind in ("email", "phone"):
        spellings = {named[kind] for named in customers if kind in named}
        people = {normalise(kind, spelled) for spelled in spellings}
        assert None not in people
        assert len(spellings) > 1.1 * len(people)
    assert any(set(named) == {"anonymous_id"} for named in customers)


def test_people_of_one_company_share_its_account(good: list[Any]) -> None:
    people: dict[str, set[str]] = {}
    for touchpoint in good:
        named = touchpoint.get("customer", {})
        if "email" in named:
            people.setdefault(named["account"], set()).add(normalise("email", named["email"]) or "")
    assert sum(len(emails) > 1 for emails in people.values()) > len(people) / 4


def test_sales_works_in_office_hours_and_weekends_are_quiet(good: list[Any]) -> None:
    at = [(t["team"], int(datetime.fromisoformat(t["occurred_at"]).timestamp() * 1000)) for t in good]
    weekends = {"sales": 0, "marketing": 0}
    for team, moment in at:
        weekends[team] += weekday(moment) >= 5
    teams = Counter(team for team, _ in at)
    assert weekends["sales"] / teams["sales"] < 0.05
    assert 0.01 < weekends["marketing"] / teams["marketing"] < 0.2


def test_each_stage_is_reached_by_fewer_than_the_one_before(good: list[Any]) -> None:
    kinds = Counter(touchpoint["type"] for touchpoint in good)
    asked = kinds["lead.routed"]
    assert 0.55 < kinds["lead.accepted"] / asked < 0.95
    assert 0.2 < kinds["lead.confirmed"] / kinds["lead.accepted"] < 0.7
    assert 0.4 < kinds["deal.created"] / kinds["lead.confirmed"] < 0.95
    assert 0.1 < kinds["quote.accepted"] / kinds["deal.created"] < 0.5


def test_live_gives_one_record_per_moment_stamped_with_it_and_never_repeats_the_history() -> None:
    simulation = Simulation(2, 300, 30, UNTIL)
    history = {msgspec.json.decode(record.value or b"")["id"] for record in simulation.history() if not record.bad}
    moments = [UNTIL + 60_000 + 200 * number for number in range(2000)]
    live = list(simulation.live(moments))
    assert [record.at for record in live] == moments
    fresh = [msgspec.json.decode(record.value or b"") for record in live if not record.bad]
    assert len({touchpoint["id"] for touchpoint in fresh} - history) > 1800
    occurred = [datetime.fromisoformat(touchpoint["occurred_at"]).timestamp() * 1000 for touchpoint in fresh]
    assert max(occurred) <= moments[-1]
    assert sum(moment > UNTIL for moment in occurred) > 1800


def test_two_evenings_of_live_traffic_share_no_touchpoint() -> None:
    def evening(started: int) -> set[str]:
        simulation = Simulation(2, 100, 10, UNTIL)
        list(simulation.history())
        moments = range(started, started + 10**9, 500)
        live = islice((record for record in simulation.live(moments) if not record.bad), 300)
        return {msgspec.json.decode(r.value or b"")["id"] for r in live if _occurred(r) > UNTIL}

    assert not evening(UNTIL + DAY) & evening(UNTIL + 2 * DAY)

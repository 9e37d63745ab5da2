"""From journey.touchpoints to the fold: only what a rule may read comes along."""

from datetime import UTC, datetime

import msgspec
import pytest

from sinks.clickhouse.value import milliseconds
from streams.touches import touch_of
from streams.wire import WireTouchpoint, decode

WIRE = WireTouchpoint(
    "t1", "mailer", "email.sent", "marketing", datetime(2026, 1, 5, 10, tzinfo=UTC), "outbound", "email", "c-1",
    subject="product", actor="rep-1", campaign="spring", content="ebook",
    properties={"path": "/pricing", "referrer": "search"},
)  # fmt: skip


def test_what_no_rule_reads_is_not_kept() -> None:
    touch = touch_of(WIRE, frozenset())
    assert (touch.campaign, touch.content, touch.properties) == (None, None, None)
    assert (touch.id, touch.subject, touch.actor) == ("t1", "product", "rep-1")


def test_what_the_policy_names_is_kept() -> None:
    touch = touch_of(WIRE, frozenset({"campaign", "path"}))
    assert (touch.campaign, touch.content, touch.properties) == ("spring", None, {"path": "/pricing"})


def test_moments_are_epoch_milliseconds() -> None:
    assert touch_of(WIRE, frozenset()).at == 1_767_607_200_000


def test_less_than_a_millisecond_is_dropped_as_in_the_tables() -> None:
    moment = datetime(2026, 1, 5, 10, 0, 0, 999_999, tzinfo=UTC)
    late = msgspec.structs.replace(WIRE, occurred_at=moment)
    assert touch_of(late, frozenset()).at == milliseconds(moment) == 1_767_607_200_999


def test_a_moment_without_a_zone_is_no_touchpoint() -> None:
    with pytest.raises(msgspec.ValidationError):
        decode(msgspec.json.encode(msgspec.structs.replace(WIRE, occurred_at=datetime(2026, 1, 5))))

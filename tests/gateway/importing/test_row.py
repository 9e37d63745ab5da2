"""One row becomes touchpoints, or a rejection that a person can act on."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.importing.mapping import Mapping
from gateway.importing.row import RowRejection, touchpoints_of
from schemas.touchpoint import Touchpoint

TOUCHPOINT: dict[str, Any] = {
    "type": "deal.won",
    "team": "sales",
    "direction": "internal",
    "id": {"template": "deal-{id}"},
    "customer": {"crm_id": {"column": "person"}},
    "occurred_at": {"column": "at", "format": "%Y-%m-%d %H:%M", "zone": "Europe/Berlin"},
}
ROW = {"id": "7", "person": "p-1", "at": "2026-03-01 09:00"}


def mapping_of(*touchpoints: dict[str, Any]) -> Mapping:
    return Mapping.model_validate({"mapping": 1, "name": "crm", "source": "crm", "touchpoints": list(touchpoints)})


def mapped(row: dict[str, Any], **changes: Any) -> list[Touchpoint] | RowRejection:
    return touchpoints_of(mapping_of({**TOUCHPOINT, **changes}), {**ROW, **row})


def only(row: dict[str, Any], **changes: Any) -> Touchpoint:
    found = mapped(row, **changes)
    assert isinstance(found, list), str(found)
    (touchpoint,) = found
    return touchpoint


def refusal(row: dict[str, Any], **changes: Any) -> str:
    found = mapped(row, **changes)
    assert isinstance(found, RowRejection)
    return str(found)


def test_a_row_gives_a_touchpoint_with_the_files_source_and_the_rows_id() -> None:
    touchpoint = only({})
    assert (touchpoint.source, touchpoint.id, touchpoint.team) == ("crm", "deal-7", "sales")
    assert touchpoint.occurred_at == datetime(2026, 3, 1, 8, tzinfo=UTC)


def test_one_row_gives_several_touchpoints_each_only_where_it_applies() -> None:
    created = {
        **TOUCHPOINT,
        "type": "deal.created",
        "id": {"template": "new-{id}"},
        "skip_if_empty": ["amount"],
    }
    lost = {**TOUCHPOINT, "type": "deal.lost", "id": {"template": "lost-{id}"}, "only_if": {"state": ["lost", "gone"]}}
    mapping = mapping_of(created, lost)

    def types(**row: str) -> list[str]:
        found = touchpoints_of(mapping, {**ROW, **row})
        assert isinstance(found, list)
        return [touchpoint.type for touchpoint in found]

    assert types(amount="5", state="lost") == ["deal.created", "deal.lost"]
    assert types(amount=" ", state="gone") == ["deal.lost"]
    assert types(amount="", state="open") == []


def test_an_empty_cell_leaves_the_field_out_unless_a_value_is_given_for_it() -> None:
    cells = {"actor": {"column": "rep"}, "campaign": {"column": "rep", "if_empty": "none"}}
    touchpoint = only({"rep": "  "}, **cells)
    assert (touchpoint.actor, touchpoint.campaign) == (None, "none")


def test_values_are_mapped_and_an_unknown_one_rejects_the_row_unless_there_is_an_otherwise() -> None:
    channel = {"column": "origin", "map": {"paid": "ads"}}
    assert only({"origin": "paid"}, channel=channel).channel == "ads"
    assert only({"origin": "tv"}, channel={**channel, "otherwise": "web"}).channel == "web"
    assert refusal({"origin": "tv"}, channel=channel) == (
        'channel: not among the values of map for origin; add it, or give otherwise (got "tv")'
    )


def test_properties_keep_or_take_their_type() -> None:
    properties = {
        "seats": {"column": "seats", "as": "integer"},
        "rate": {"column": "rate", "as": "number"},
        "renewed": {"column": "renewed", "as": "boolean"},
        "tags": {"column": "tags", "as": "json"},
        "note": {"column": "note"},
    }
    row = {"seats": "12", "rate": "0.5", "renewed": "Yes", "tags": '["a"]', "note": "007"}
    assert only(row, properties=properties).properties == {
        "seats": 12,
        "rate": 0.5,
        "renewed": True,
        "tags": ["a"],
        "note": "007",
    }
    assert "column seats is no integer; mend it, or drop `as`" in refusal({"seats": "many"}, properties=properties)


def test_money_needs_both_and_is_left_out_where_the_amount_is_empty() -> None:
    value = {"amount": {"column": "amount"}, "currency": {"column": "currency"}}
    money = only({"amount": "1200.50", "currency": "BRL"}, value=value).value
    assert money is not None and (money.amount, money.currency) == (Decimal("1200.50"), "BRL")
    assert only({"amount": "", "currency": "BRL"}, value=value).value is None
    assert refusal({"amount": "5", "currency": ""}, value=value) == "value: the currency is empty; give it by if_empty"


def test_nested_json_is_reached_by_a_dotted_path() -> None:
    touchpoint = only({"who": {"mail": "A@B.example"}}, customer={"email": {"column": "who.mail"}})
    assert touchpoint.customer is not None and touchpoint.customer.email == "A@B.example"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"at": "1 March"}, 'occurred_at: not a time of the form %Y-%m-%d %H:%M (got "1 March")'),
        ({"at": ""}, "occurred_at: column at is empty; fill it, or add it to skip_if_empty"),
        ({"id": ""}, "id: Field required; add it"),
        ({"person": ""}, "customer: name at least one of customer_id, crm_id"),
    ],
)
def test_a_row_that_gives_no_touchpoint_says_which_field_and_what_to_do(row: dict[str, str], said: str) -> None:
    assert refusal(row).startswith(said)


@pytest.mark.parametrize(
    ("written", "moment", "expected"),
    [
        # Brazil's clocks skipped the first hour of this day: it began at 01:00, which is 03:00 UTC.
        ("2017-10-15", {"format": "%Y-%m-%d", "zone": "America/Sao_Paulo"}, "2017-10-15T03:00:00Z"),
        ("2026-03-29 02:30", {"format": "%Y-%m-%d %H:%M", "zone": "Europe/Berlin"}, "2026-03-29T01:30:00Z"),
        ("2026-10-25 02:30", {"format": "%Y-%m-%d %H:%M", "zone": "Europe/Berlin"}, "2026-10-25T00:30:00Z"),
        (
            "2026-10-25 02:30",
            {"format": "%Y-%m-%d %H:%M", "zone": "Europe/Berlin", "ambiguous": "later"},
            "2026-10-25T01:30:00Z",
        ),
        ("2026-01-01T00:00:00+05:30", {"format": "iso"}, "2025-12-31T18:30:00Z"),
        ("2026-01-01", {"format": "iso", "zone": "UTC"}, "2026-01-01T00:00:00Z"),
        ("1767225600", {"format": "unix"}, "2026-01-01T00:00:00Z"),
        ("1767225600123", {"format": "unix_ms"}, "2026-01-01T00:00:00.123Z"),
    ],
)
def test_times_are_read_in_their_zone_through_every_change_of_the_clocks(
    written: str, moment: dict[str, str], expected: str
) -> None:
    touchpoint = only({"at": written}, occurred_at={"column": "at", **moment})
    assert touchpoint.occurred_at == datetime.fromisoformat(expected)


def test_a_time_that_occurs_twice_can_be_rejected() -> None:
    moment = {"column": "at", "format": "%Y-%m-%d %H:%M", "zone": "Europe/Berlin", "ambiguous": "reject"}
    assert "occurs twice in Europe/Berlin" in refusal({"at": "2026-10-25 02:30"}, occurred_at=moment)


@given(st.dictionaries(st.sampled_from(["id", "person", "at", "rep"]), st.text() | st.none() | st.integers()))
def test_any_row_gives_touchpoints_or_a_rejection_and_the_same_ones_again(row: dict[str, Any]) -> None:
    assert mapped(row, actor={"column": "rep"}) == mapped(row, actor={"column": "rep"})

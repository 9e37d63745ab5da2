"""A policy tried on touchpoints is the product on the same ones: customers, accounts, and what could not be used."""

from typing import Any
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from journey import linking
from journey.trial import Trial, attempt
from journey.trial_result import as_json
from schemas.touchpoint import Touchpoint
from tests.journey.given_then import golden_journeys
from tests.journey.telling import DAY, RULES, START, ms


def emitted(touchpoint_id: str, at: Any, kind: str, team: str, direction: str, more: dict[str, Any]) -> Touchpoint:
    told = {"id": touchpoint_id, "source": "ex", "type": kind, "team": team, "direction": direction, "occurred_at": at}
    if kind != "spend.recorded":
        told["customer"] = {"email": "a@b.example"}
    return Touchpoint.model_validate({**told, **more})


def tried(*rows: Any, now: int = START) -> Trial:
    return attempt([emitted(*row) for row in rows], RULES, now)


def test_every_golden_journey_can_be_tried_and_ends_where_it_does() -> None:
    for journey in golden_journeys():
        if "policy" in journey:
            continue
        rows = [row for row in journey["given"] if row[0] != "until"]
        rows = [[*row[:5], {name: value for name, value in row[5].items() if name != "decides"}] for row in rows]
        then = journey["then"]
        told = as_json(tried(*rows, now=ms(journey["now"])))
        assert len(told["customers"]) == then.get("customers", 1)
        assert told["identity_conflicts"] == then.get("identity_conflicts", 0)
        for track in ("funnel", "lead"):
            for name in {"stage", "furthest"} & then.get(track, {}).keys():
                assert told["customers"][0]["tracks"].get(track, {}).get(name) == then[track][name], journey["name"]


def test_what_has_no_customer_or_no_usable_one_is_counted_and_left_out() -> None:
    trial = tried(
        ["c", "2026-03-02T09:00:00Z", "spend.recorded", "marketing", "internal", {"campaign": "spring"}],
        ["u", "2026-03-02T09:00:00Z", "page.viewed", "marketing", "inbound", {"customer": {"email": "nobody"}}],
        ["a", "2026-03-02T09:00:00Z", "page.viewed", "marketing", "inbound", {}],
    )
    assert (trial.without_customer, trial.unusable, trial.ahead, len(trial.customers)) == (1, [1], 1, 1)


def test_an_identifier_too_many_is_a_customer_of_its_own_and_a_conflict() -> None:
    rows = [
        [f"v{at}", f"2026-03-02T09:0{at}:00Z", "page.viewed", "marketing", "inbound",
         {"customer": {"email": "bot@x.example", "anonymous_id": f"b-{at}"}}]
        for at in range(4)
    ]  # fmt: skip
    rows += [
        ["w", "2026-03-02T10:00:00Z", "page.viewed", "marketing", "inbound", {"customer": {"anonymous_id": "b-2"}}]
    ]
    with patch.object(linking, "MOST_IDENTIFIERS", 3):
        told = as_json(tried(*rows, now=ms("2026-03-03T00:00:00Z")))
    assert sorted(customer["touchpoints"] for customer in told["customers"]) == [1, 4]
    (conflict,) = told["conflicts"]
    assert (conflict["shared"]["value"], conflict["touchpoint"], conflict["reason"]) == ("b-2", "v2", "too_many")


def test_what_is_too_late_has_the_journey_folded_anew() -> None:
    rows = [
        ["b", "2026-03-20T09:00:00Z", "webinar.attended", "marketing", "inbound", {}],
        ["a", "2026-03-02T09:00:00Z", "email.clicked", "marketing", "inbound", {}],
        ["b", "2026-03-20T09:00:00Z", "webinar.attended", "marketing", "inbound", {}],
    ]
    (customer,) = as_json(tried(*rows, now=ms("2026-03-21T00:00:00Z")))["customers"]
    steps = [(move["from"], move["to"]) for move in customer["transitions"] if move["track"] == "funnel"]
    assert steps == [(None, "interest"), ("interest", "consideration")]
    assert (customer["corrected"], customer["too_late"], customer["duplicates"]) == (True, 1, 1)


def test_an_overlap_across_people_of_one_account_is_told_at_each_of_them() -> None:
    out = {"subject": "contract"}
    told = as_json(
        tried(
            [
                "m",
                "2026-03-02T09:00:00Z",
                "email.sent",
                "marketing",
                "outbound",
                {**out, "customer": {"email": "a@acme.example"}},
            ],
            [
                "s",
                "2026-03-03T09:00:00Z",
                "email.sent",
                "sales",
                "outbound",
                {**out, "customer": {"email": "b@acme.example"}},
            ],
            now=ms("2026-03-04T00:00:00Z"),
        )
    )
    (account,) = told["accounts"]
    assert account["account"] == "acme.example"
    assert [overlap["kind"] for overlap in account["overlaps"]] == ["account"]
    assert all("account" in [overlap["kind"] for overlap in customer["overlaps"]] for customer in told["customers"])


def test_deals_feedback_and_hand_offs_are_told() -> None:
    (customer,) = as_json(
        tried(
            ["m", "2026-03-02T09:00:00Z", "lead.qualified", "marketing", "internal", {}],
            [
                "r",
                "2026-03-02T10:00:00Z",
                "lead.rejected",
                "sales",
                "internal",
                {"properties": {"reason": "no_budget"}},
            ],
            [
                "d",
                "2026-03-03T10:00:00Z",
                "deal.won",
                "sales",
                "internal",
                {"value": {"amount": "10.50", "currency": "EUR"}},
            ],
            now=ms("2026-03-04T00:00:00Z"),
        )
    )["customers"]
    assert [(deal["status"], deal["amount"], deal["currency"]) for deal in customer["deals"]] == [
        ("won", "10.5", "EUR")
    ]
    assert [(said["disposition"], said["reason"]) for said in customer["feedback"]] == [("rejected", "no_budget")]
    assert [handoff["kind"] for handoff in customer["handoffs"]] == ["offered", "rejected"]


@given(st.permutations(range(5)))
@settings(max_examples=20, deadline=None)
def test_the_order_of_a_file_does_not_matter(order: list[int]) -> None:
    kinds = ["page.viewed", "form.submitted", "demo.requested", "email.opened", "email.clicked"]
    rows = [[f"t{n}", f"2026-03-0{n + 1}T09:00:00Z", kind, "marketing", "inbound", {}] for n, kind in enumerate(kinds)]
    now = ms("2026-03-08T00:00:00Z") + DAY
    (straight,) = as_json(tried(*rows, now=now))["customers"]
    (mixed,) = as_json(tried(*[rows[n] for n in order], now=now))["customers"]
    assert {**mixed, "corrected": None} == {**straight, "corrected": None}

"""What people see fits their terminal, however long names are."""

import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from rich.console import Console

from console import customer_page, findings_page, identity_page, output, trial_page
from console.questions.findings import Findings

LONG = "maximiliana.longname-hyphenated@some-very-long-company-name-international.example"
NOW = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)


def page(width: int) -> tuple[Console, io.StringIO]:
    file = io.StringIO()
    return Console(file=file, width=width, theme=output.THEME, highlight=False), file


def widest(file: io.StringIO) -> int:
    return max(map(len, file.getvalue().splitlines()))


FINDINGS = Findings(
    touchpoints=36479,
    customers=2831,
    stages={"funnel": {"interest": 823, "awareness": 224, "lost": 9}, "lead": {"inquiry": 563, "mql": 101}},
    stalled={"interest": 456, "intent": 413, "consideration": 265, "evaluation": 91, "awareness": 65},
    stalled_top=[{"who": LONG, "stage": "consideration", "team": "marketing", "since": NOW}],
    overlaps=[{"kind": "double_owner", "severity": "high", "open": 3, "seen": 21, "customers": 20}],
    overlaps_top=[
        {"who": LONG, "kind": "double_owner", "subject": "promotion", "precedence": "marketing", "last_at": NOW}
    ],
    handoffs={
        "offered": 474, "accepted": 327, "rejected": 60, "handed_back": 46, "median_ms": 64_920_000,
        "p90_ms": 468_000_000, "median_business_ms": 4_680_000, "p90_business_ms": 115_200_000,
    },
    clocks=[{"name": "first_attempt", "team": "marketing", "met": 350, "breached": 122, "running": 2}],
    rejected={"not_a_touchpoint": 90, "not_json": 61},
)  # fmt: skip


@pytest.mark.parametrize("width", [80, 120])
def test_findings_fit_the_terminal(width: int) -> None:
    console, file = page(width)
    findings_page.render(FINDINGS, {"funnel": ["awareness", "interest", "lost"], "lead": ["inquiry", "mql"]}, console)
    assert widest(file) <= width
    for expected in ("36,479", "18h 02m", "double_owner", "90 not a touchpoint"):
        assert expected in file.getvalue()


def test_stages_come_in_the_order_of_the_policy() -> None:
    console, file = page(120)
    findings_page.render(FINDINGS, {"funnel": ["awareness", "interest", "lost"]}, console)
    text = file.getvalue()
    assert text.index("awareness") < text.index("interest") < text.index("lost")


def test_an_empty_instance_has_a_page_too() -> None:
    console, file = page(80)
    none = {"offered": 0, "accepted": 0, "rejected": 0, "handed_back": 0}
    findings_page.render(Findings(0, 0, {}, {}, [], [], [], none, [], {}), {}, console)
    assert "0 touchpoints" in file.getvalue()
    assert "nothing" in file.getvalue()


@pytest.mark.parametrize("width", [80, 120])
def test_a_customer_fits_the_terminal(width: int) -> None:
    entry = {
        "at": NOW, "type": "subscription.cancelled", "team": "marketing", "direction": "inbound", "moves": [],
        "content": "white paper: a title that is much longer than any column of a table may be",
    }  # fmt: skip
    told = {
        "customer_id": "77b85940-bf83-584b-9090-ec3cbc5922cb",
        "identifiers": {"phone": ["+496990009656"]},
        "account": None,
        "tracks": {
            "funnel": {"stage": "disqualified", "entered_at": NOW, "furthest": "consideration", "visits": {"intent": 2}}
        },
        "owner": {"team": "marketing", "actor": None, "since": NOW},
        "persona": "economic_buyer",
        "score": {"fit": 60.0, "engagement": 41.5, "as_of": NOW},
        "last_touch": {},
        "deals": [
            {
                "deal": "d-2026-0001",
                "status": "open",
                "amount": Decimal("1234567.50"),
                "currency": "EUR",
                "expected_close_at": NOW,
                "closed_at": None,
                "reopened": 2,
            }
        ],
        "feedback": [
            {
                "disposition": "rated",
                "rating": 4.5,
                "reason": None,
                "at": NOW,
                "campaign": "spring",
                "content": "white paper",
            }
        ],
        "overlaps": [],
        "account_overlaps": [],
        "clocks": [],
        "stalled": [],
        "timeline": [entry] * 40,
    }
    console, file = page(width)
    customer_page.render(told, console, 30)
    assert widest(file) <= width
    assert "10 earlier ones are not shown" in file.getvalue()
    for expected in ("nothing is open", "fit 60, engagement 41.5", "d-2026-0001 is open", "rated 4.5", "white paper"):
        assert expected in file.getvalue()


def conflict(reason: str) -> dict[str, object]:
    return {
        "kind": "anonymous_id", "value": "b-201", "kept_by": "the-browser", "refused": "the-bot", "reason": reason,
        "source": "web", "touchpoint_id": "w-201", "at": NOW,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("customer_id", "reason", "expected", "absent"),
    [
        ("the-bot", "too_many", ["was seen here, and stays with the-browser", "more than 200", "`identity link`"], []),
        ("the-browser", "too_many", ["stays here, though it was seen on the-bot", "more than 200"], ["Tools join"]),
        ("the-bot", "two_known", ["was seen here, and stays with the-browser"], ["200", "Tools join"]),
    ],
)
def test_a_conflict_says_what_happened_and_to_a_full_customer_what_can_be_done(
    customer_id: str, reason: str, expected: list[str], absent: list[str]
) -> None:
    console, file = page(80)
    told = {"customer_id": customer_id, "identifiers": [], "links": [], "conflicts": [conflict(reason)], "merges": []}
    identity_page.render(told, console)
    assert [words for words in expected if words not in file.getvalue()] == []
    assert [words for words in absent if words in file.getvalue()] == []


@pytest.mark.parametrize(
    ("reason", "expected"), [("too_many", "more than 200 identifiers"), ("two_known", "the-bot is somebody else")]
)
def test_a_policy_that_is_tried_says_why_an_identifier_joins_nobody(reason: str, expected: str) -> None:
    console, file = page(200)
    shared = {"kind": "anonymous_id", "value": "b-201"}
    trial_page.render(
        {
            "policy": "p@1",
            "now": NOW,
            "customers": [],
            "rejected": [],
            "conflicts": [{**conflict(reason), "shared": shared}],
        },
        console,
        5,
    )
    assert expected in file.getvalue()


@pytest.mark.parametrize(
    ("milliseconds", "told"),
    [(None, "-"), (0, "0s"), (59_000, "59s"), (3_600_000, "1h 00m"), (90_000_000, "1d 1h"), (40 * 86_400_000, "40d")],
)
def test_lengths_of_time_are_told_in_two_units(milliseconds: int | None, told: str) -> None:
    assert output.span(milliseconds) == told


def test_json_has_times_in_utc_and_decimals_as_numbers() -> None:
    rows = [{"at": NOW, "amount": Decimal("1200.5000"), "pairs": [("a", 1)], "none": None}]
    assert (
        output.encode(rows) == b'[{"at":"2026-03-31T12:00:00.000Z","amount":1200.5000,"pairs":[["a",1]],"none":null}]'
    )

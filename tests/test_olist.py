"""Real leads: both files of the Olist marketing funnel, imported as its README says, and what is known afterwards."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.instance import ROOT, ask, running

FILES = ROOT.parent / "shared" / "data" / "olist"
EXAMPLE = ROOT / "examples" / "olist"

pytestmark = [
    pytest.mark.skipif(
        not FILES.exists(),
        reason=f"the Olist files are not at {FILES}; see examples/olist/README.md for where to get them",
    ),
    pytest.mark.timeout(400),
]


@pytest.fixture(scope="module")
def olist(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An instance under the example's policy, with both files imported and queryable."""
    from tests.conftest import _free_run

    data = tmp_path_factory.mktemp("olist") / "data"
    policy = {"THROUGHLINE_POLICY": str(EXAMPLE / "policy.yaml")}
    with running(data, _free_run(10)[0], policy):
        for file, mapping, rows in (("marketing_qualified_leads", "leads", 8000), ("closed_deals", "deals", 842)):
            told = ask(
                data, "import", str(FILES / f"{file}.csv"), "--mapping", str(EXAMPLE / f"{mapping}.yaml"), "--wait"
            )
            assert (told["read"], told["accepted"], told["rejected"]) == (rows, rows, 0)
        ask(data, "verify")
        yield data


def question(data: Path, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = ask(data, "sql", (EXAMPLE / "questions" / f"{name}.sql").read_text())
    return rows


def test_there_are_8000_customers_and_842_of_them_bought_and_belong_to_sales(olist: Path) -> None:
    found = {
        (row["track"], row["stage"], row["owner_team"]): row["customers"]
        for row in question(olist, "stages_and_owners")
    }
    assert found["funnel", "intent", "marketing"] == 7158
    assert found["funnel", "purchase", "sales"] == 842


def test_all_others_are_stalled_as_of_the_end_of_june_2018(olist: Path) -> None:
    stalled = ask(olist, "stalled", "--as-of", "2018-06-30T00:00:00Z")
    won = ask(olist, "sql", "SELECT customer_id FROM v_positions WHERE track = 'funnel' AND stage = 'purchase'")
    bought = {row["customer_id"] for row in won}
    assert len({row["customer_id"] for row in stalled} - bought) == 7158
    assert {(row["kind"], row["stage"]) for row in stalled} == {("no_progress", "intent")}


def test_conversion_by_origin_is_that_of_the_files(olist: Path) -> None:
    found = {row["origin"]: (row["leads"], row["won"]) for row in question(olist, "conversion_by_origin")}
    assert found["organic_search"] == (2296, 271)
    assert found["paid_search"] == (1586, 195)
    assert found["unknown"] == (1099, 179)
    assert sum(leads for leads, _ in found.values()) == 8000
    assert sum(won for _, won in found.values()) == 842


def test_median_days_from_first_contact_to_won(olist: Path) -> None:
    (found,) = question(olist, "days_to_won")
    assert (found["won"], found["median_days"], found["before_contact"]) == (842, 14.67, 1)


def test_the_deal_won_before_its_first_contact_is_a_purchase_that_begins_with_the_deal(olist: Path) -> None:
    (found,) = question(olist, "won_before_first_contact")
    customer = ask(olist, "customer", found["customer_id"])
    assert customer["tracks"]["funnel"]["stage"] == "purchase"
    assert customer["tracks"]["funnel"]["visits"] == {"purchase": 1}
    assert [step["type"] for step in sorted(customer["timeline"], key=lambda step: step["occurred_at"])] == [
        "deal.won",
        "lead.qualified",
    ]
    assert customer["owner"]["team"] == "sales"


def test_importing_a_file_again_changes_nothing(olist: Path) -> None:
    before = ask(olist, "sql", "SELECT count() AS touchpoints FROM v_touchpoints")
    file, mapping = FILES / "closed_deals.csv", EXAMPLE / "deals.yaml"
    again = ask(olist, "import", str(file), "--mapping", str(mapping), "--wait")
    assert again["rejected"] == 0
    assert ask(olist, "sql", "SELECT count() AS touchpoints FROM v_touchpoints") == before
    assert ask(olist, "verify")["ok"]

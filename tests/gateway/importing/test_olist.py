"""The real leads of Olist through the example's mappings. Its licence keeps the data out of the repository."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.importing.importer import outcomes
from gateway.importing.mapping import Mapping
from gateway.importing.mapping_file import load_mapping
from gateway.importing.row import touchpoints_of
from schemas.touchpoint import Touchpoint

ROOT = Path(__file__).parent.parent.parent.parent
EXAMPLE = ROOT / "examples" / "olist"
DATA = ROOT.parent / "shared" / "data" / "olist"


def mapping_named(name: str) -> Mapping:
    mapping = load_mapping(EXAMPLE / name)
    assert isinstance(mapping, Mapping)
    return mapping


@pytest.fixture(scope="module")
def touchpoints() -> dict[str, list[Touchpoint]]:
    """Every touchpoint of both files by type; none may be refused."""
    if not DATA.is_dir():
        pytest.skip(f"the Olist data is not at {DATA}: examples/olist/README.md says where to get it")
    found: dict[str, list[Touchpoint]] = {}
    for mapping, file in (("leads.yaml", "marketing_qualified_leads.csv"), ("deals.yaml", "closed_deals.csv")):
        for outcome in outcomes(mapping_named(mapping), DATA / file, "US"):
            assert not outcome.reason, outcome.report()
            for touchpoint in outcome.touchpoints:
                found.setdefault(touchpoint.type, []).append(touchpoint)
    return found


def crm_id(touchpoint: Touchpoint) -> str:
    assert touchpoint.customer is not None and touchpoint.customer.crm_id is not None
    return touchpoint.customer.crm_id


def test_both_files_give_8000_customers_842_of_them_with_a_deal(touchpoints: dict[str, list[Touchpoint]]) -> None:
    leads, deals = ({crm_id(each) for each in touchpoints[kind]} for kind in ("lead.qualified", "deal.won"))
    assert (len(leads), len(deals), len(leads | deals)) == (8000, 842, 8000)


def test_the_origin_is_kept_and_gives_the_channel(touchpoints: dict[str, list[Touchpoint]]) -> None:
    leads = touchpoints["lead.qualified"]
    assert Counter(each.channel for each in leads) == {
        "web": 2296 + 499 + 1099 + 150 + 60,
        "ads": 1586 + 118 + 65,
        "social": 1350,
        "email": 493,
        "referral": 284,
    }
    assert sum("origin" not in each.properties for each in leads) == 60


def test_one_deal_was_won_before_its_first_contact(touchpoints: dict[str, list[Touchpoint]]) -> None:
    contacted = {crm_id(each): each.occurred_at for each in touchpoints["lead.qualified"]}
    early = [each for each in touchpoints["deal.won"] if each.occurred_at < contacted[crm_id(each)]]
    assert [(crm_id(each), each.occurred_at) for each in early] == [
        ("b91cf8812365f50ff4bda4bcd6206b05", datetime(2018, 3, 6, 22, 38, 55, tzinfo=UTC))
    ]


def test_a_lead_and_its_deal_are_one_customers_touchpoints_of_two_teams() -> None:
    lead_row = {"mql_id": "a1", "first_contact_date": "2017-10-15", "origin": "paid_search"}
    deal_row = dict.fromkeys(("seller_id", "business_segment", "lead_type", "lead_behaviour_profile", "has_gtin"), "")
    deal_row |= {
        "mql_id": "a1",
        "sdr_id": "d1",
        "sr_id": "r1",
        "won_date": "2018-02-06 02:00:00",
        "has_company": "True",
    }
    rows = (
        touchpoints_of(mapping_named(name), row) for name, row in (("leads.yaml", lead_row), ("deals.yaml", deal_row))
    )
    (lead,), (deal,) = (row for row in rows if isinstance(row, list))
    assert (lead.team, lead.channel, lead.properties) == ("marketing", "ads", {"origin": "paid_search"})
    assert lead.occurred_at == datetime(2017, 10, 15, 3, tzinfo=UTC), "the clocks skipped that day's first hour"
    assert (deal.team, deal.actor, deal.occurred_at) == ("sales", "r1", datetime(2018, 2, 6, 4, tzinfo=UTC))
    assert deal.properties == {"owner": "r1", "sdr_id": "d1", "has_company": True}
    assert crm_id(lead) == crm_id(deal) == "a1"

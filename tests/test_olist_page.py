"""docs/olist.md is what the example's command makes of the files, and its figures are those of the files themselves."""

import csv
import importlib.util
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import numpy
import pytest

from schemas.settings import Settings
from tests.conftest import ClickHouse
from tests.instance import ROOT

FILES = ROOT.parent / "shared" / "data" / "olist"
BRAZIL = ZoneInfo("America/Sao_Paulo")

pytestmark = pytest.mark.skipif(
    not FILES.exists(),
    reason=f"the Olist files are not at {FILES}; see examples/olist/README.md for where to get them",
)


@pytest.fixture(scope="module")
def command() -> Any:
    spec = importlib.util.spec_from_file_location("olist_page", ROOT / "examples" / "olist" / "page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def found(command: Any, clickhouse: ClickHouse) -> Iterator[dict[str, list[dict[str, Any]]]]:
    settings = Settings(
        clickhouse_url=clickhouse.url, clickhouse_database="olist", clickhouse_password=clickhouse.password
    )
    command.load(settings, FILES)
    yield command.ask(settings)


def file(name: str) -> list[dict[str, str]]:
    with (FILES / name).open(newline="") as rows:
        return list(csv.DictReader(rows))


LEADS = {row["mql_id"]: row for row in file("marketing_qualified_leads.csv")} if FILES.exists() else {}
DEALS = {row["mql_id"]: row for row in file("closed_deals.csv")} if FILES.exists() else {}


def days(mql_id: str, until: datetime) -> float:
    first = datetime.fromisoformat(LEADS[mql_id]["first_contact_date"]).replace(tzinfo=BRAZIL)
    return (until.timestamp() - first.timestamp()) / 86400


def test_the_page_is_what_the_command_makes(command: Any, found: Any) -> None:
    assert command.page(found) == (ROOT / "docs" / "olist.md").read_text()
    named = {f"olist-{name}.svg" for name, _ in command.pictures(found)}
    assert named == {path.name for path in (ROOT / "docs" / "images").glob("olist-*.svg")}


def test_conversion_and_deals_per_representative_are_those_of_the_files(found: Any) -> None:
    leads = Counter(row["origin"] or "(not recorded)" for row in LEADS.values())
    won = Counter(LEADS[mql_id]["origin"] or "(not recorded)" for mql_id in DEALS)
    assert {row["origin"]: (row["leads"], row["won"]) for row in found["conversion_by_origin"]} == {
        origin: (count, won[origin]) for origin, count in leads.items()
    }
    for question, name, column in (
        ("representatives", "sales_representative", "sr_id"),
        ("development_representatives", "development_representative", "sdr_id"),
    ):
        assert {row[name]: row["won"] for row in found[question]} == Counter(row[column] for row in DEALS.values())


def test_days_to_won_are_those_of_the_files(found: Any) -> None:
    taken = [
        days(mql_id, datetime.fromisoformat(row["won_date"]).replace(tzinfo=BRAZIL)) for mql_id, row in DEALS.items()
    ]
    (told,) = found["days_to_won"]
    assert told["median_days"] == pytest.approx(median(taken), abs=0.01)
    assert told["p90_days"] == pytest.approx(numpy.quantile(taken, 0.9), abs=0.01)
    assert sum(row["won"] for row in found["days_of_each_deal"]) == len(taken)


def test_the_open_age_of_leads_never_won_is_that_of_the_files(command: Any, found: Any) -> None:
    ages = [days(mql_id, command.AS_OF) for mql_id in LEADS if mql_id not in DEALS]
    (stage,) = [row for row in found["stages"] if row["stage"] == "intent"]
    assert stage["open"] == len(ages) == sum(row["open"] for row in found["open_age"])
    assert stage["open_p50_ms"] / 86_400_000 == pytest.approx(median(ages), abs=0.001)
    assert stage["open_p90_ms"] / 86_400_000 == pytest.approx(numpy.quantile(ages, 0.9), abs=0.001)
